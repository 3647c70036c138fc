"""What every test may ask for: an empty database of each dialect, the store on it, a clock that stands still."""

import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings

from muster.stores.database import SqlStore, open_store
from muster.stores.vault import Vault
from tests.fakes.clock import FakeClock
from tests.fakes.databases import PostgresDatabases, SqliteDatabases
from tests.fakes.loopback import refuse_other_machines

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

ON_EITHER = {"database_url", "empty_url"}
"""Fixtures that are PostgreSQL in some tests and SQLite in others: the parameter tells."""
NEED_POSTGRES = {"postgres_server", "queue_dsn"}
NAMES_OF_POSTGRES = {"postgres", "postgresql", "on_postgres"}
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "local")

refuse_other_machines()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until the test moves it."""
    return FakeClock()


@pytest.fixture(scope="session")
def vault() -> Vault:
    """Seals and opens secrets with a key of this run."""
    return Vault([Fernet.generate_key().decode()])


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The PostgreSQL server to make databases in, as `postgresql://user@host:port/postgres`."""
    server = os.environ.get("MUSTER_TEST_POSTGRES", "")
    if not server:
        reason = "MUSTER_TEST_POSTGRES names no PostgreSQL server (`make test` starts one)"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    return server


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """Makes SQLite databases."""
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[PostgresDatabases]:
    """Makes PostgreSQL databases."""
    databases = PostgresDatabases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture
def sqlite_url(sqlite_databases: SqliteDatabases, tmp_path: Path) -> str:
    """A migrated, empty SQLite database of this test's own."""
    return sqlite_databases.fresh(tmp_path / "muster.db")


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of this test's own."""
    with postgres_databases.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: the test runs once on each dialect."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def store(database_url: str, vault: Vault) -> AsyncIterator[SqlStore]:
    """The store on an empty database of each dialect."""
    opened = open_store(database_url, vault=vault)
    yield opened
    await opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, so that `make quick` can leave it out."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        parameters = set[str](callspec.id.split("-")) if callspec else set[str]()
        fixtures = set[str](getattr(item, "fixturenames", ()))
        either = fixtures & ON_EITHER
        if parameters & NAMES_OF_POSTGRES or (not either and fixtures & NEED_POSTGRES):
            item.add_marker(pytest.mark.postgres)
    _put_the_long_ones_first(items)


def _put_the_long_ones_first(items: list[pytest.Item]) -> None:
    """Two workers get one half of the list each: long tests begin both, so neither is left with them at the end."""
    long = [item for item in items if item.get_closest_marker("slow")]
    short = [item for item in items if not item.get_closest_marker("slow")]
    half = len(short) // 2
    items[:] = [*long[::2], *short[:half], *long[1::2], *short[half:]]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a random value by its parameter: every worker of a run must call a test by the same name."""
    return argname if isinstance(val, str) and UUID_TEXT.fullmatch(val) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as figures."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {value}")
