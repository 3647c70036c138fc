"""Whatever happens, in whatever order: nothing is lost, nothing leaves twice unmarked, every batch ends.

Hypothesis submits, dispatches, crashes, stalls, restarts, pauses, resumes, cancels, reports and lets time pass against
a real store, and after every step the laws of the house are checked. At the end everything is let go on, and each
batch has to come to its end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from muster.stores.vault import Vault
from tests.fakes.databases import PostgresDatabases, SqliteDatabases
from tests.flows.machine import Machine


def run(machine: "type[Machine]", *, examples: int) -> None:
    """Run `examples` stories of at most 30 steps."""
    rules = settings(
        settings.default,
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=rules)


@pytest.mark.slow
def test_the_laws_hold_on_sqlite(sqlite_databases: SqliteDatabases, tmp_path: Path, vault: Vault) -> None:
    @contextmanager
    def a_database() -> Iterator[str]:
        file = tmp_path / f"{uuid4().hex}.db"
        yield sqlite_databases.fresh(file)
        file.unlink()

    run(Machine.on(a_database, vault), examples=40)


@pytest.mark.slow
def test_the_laws_hold_on_postgresql(postgres_databases: PostgresDatabases, vault: Vault) -> None:
    run(Machine.on(postgres_databases.fresh, vault), examples=6)
