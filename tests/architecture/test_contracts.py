"""The contracts on imports name every surface and every kind there is."""

import tomllib

from tests.architecture.source import ROOT, SRC

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}


def test_every_door_is_under_the_contracts_for_surfaces() -> None:
    doors = {
        f"muster.surfaces.{wire.parent.name}"
        for pattern in ("*/wire.py", "*/wire")
        for wire in (SRC / "surfaces").glob(pattern)
    }
    assert set(CONTRACTS["Surfaces do not know each other"]["modules"]) >= doors
    assert set(CONTRACTS["Inside a surface: routes over translate over wire"]["containers"]) >= doors


def test_every_kind_is_under_the_contract_for_kinds() -> None:
    kinds = {f"muster.kinds.{found.name}" for found in (SRC / "kinds").glob("[a-z]*") if found.is_dir()}
    assert set(CONTRACTS["Kinds do not know each other"]["modules"]) >= kinds
