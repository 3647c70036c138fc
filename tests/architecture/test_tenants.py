"""A tenant sees only its own: the store's signatures say so, and few may ask for everybody's."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import SRC, Function, classes, line_of, modules, name_of

CARRIES_THE_TENANT = {"TenantId", "ChunkRef", "Lease", "Workflow"}
EVERYBODY = "across_tenants_"
MAY_ASK_FOR_EVERYBODY = ("stores/", "ports/store/", "engine/", "upkeep/", "app/", "cli/")
"""The command line and the application act for the operator, who is above tenants."""
MAY_LOOK_UP_WHO_CALLS = {"catalog/keys.py", "catalog/accounts.py", "catalog/sessions.py", "journey/finding.py"}
"""A credential, or the token in a link, tells the tenant, so it cannot be looked up by it; an account is the tenant."""
MAY_TELL_EVERYBODY = {"events/relay.py"}
"""It runs unasked in a worker, though its room stands below the engine."""


def _tables() -> Iterator[tuple[Path, ast.ClassDef]]:
    """The store's Protocols, and the classes that fulfil them."""
    for module in modules(SRC / "ports" / "store"):
        if module.name != "unit.py":
            yield from ((module, found) for found in classes(module) if _is_protocol(found))
    for module in modules(SRC / "stores"):
        yield from ((module, found) for found in classes(module) if found.name.endswith("Table"))


def _is_protocol(found: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in found.bases)


def _first_parameter(method: Function) -> str:
    arguments = method.args.args[1:]
    return ast.unparse(arguments[0].annotation) if arguments and arguments[0].annotation else ""


def test_every_store_method_begins_with_the_tenant_or_says_that_it_spans_them() -> None:
    offenders = [
        f"{line_of(module, method)} {table.name}.{method.name}"
        for module, table in _tables()
        for method in table.body
        if isinstance(method, Function)
        if not method.name.startswith(("_", EVERYBODY)) and _first_parameter(method) not in CARRIES_THE_TENANT
    ]
    assert offenders == []


def test_there_are_tables_to_judge() -> None:
    assert len(list(_tables())) > 10


def test_only_what_acts_for_the_operator_or_unasked_spans_tenants() -> None:
    allowed = MAY_LOOK_UP_WHO_CALLS | MAY_TELL_EVERYBODY
    offenders = [
        f"{line_of(module, node)} {node.attr}"
        for module in modules()
        if not name_of(module).startswith(MAY_ASK_FOR_EVERYBODY) and name_of(module) not in allowed
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr.startswith(EVERYBODY)
    ]
    assert offenders == []
