"""Whatever customers, clients, the provider and crashes do, in whatever order: the laws of workflows hold.

Hypothesis submits, dispatches, answers, declines, opts out, resends, extends, cancels, crashes, reports and lets time
pass against a real store, and after every step the laws are checked.
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
from tests.flows.customers_machine import CustomersMachine


def run(machine: "type[CustomersMachine]", *, examples: int) -> None:
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
def test_the_laws_of_workflows_hold_on_sqlite(sqlite_databases: SqliteDatabases, tmp_path: Path, vault: Vault) -> None:
    @contextmanager
    def a_database() -> Iterator[str]:
        file = tmp_path / f"{uuid4().hex}.db"
        yield sqlite_databases.fresh(file)
        file.unlink()

    run(CustomersMachine.on(a_database, vault), examples=40)


@pytest.mark.slow
def test_the_laws_of_workflows_hold_on_postgresql(postgres_databases: PostgresDatabases, vault: Vault) -> None:
    run(CustomersMachine.on(postgres_databases.fresh, vault), examples=6)
