"""Bringing an empty database to the present schema, alone and together with others."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from muster.domain.errors import Unavailable
from muster.stores import migrations
from muster.stores.database import open_store
from muster.stores.migrations import head, migrate
from muster.stores.tables import metadata
from muster.stores.vault import Vault

_MIGRATE = "import asyncio, sys; from muster.stores.migrations import migrate; asyncio.run(migrate(sys.argv[1]))"

_FIRST_ROWS = """
INSERT INTO tenants VALUES (7, '00000000000000000000000000000007', 'acme', 0);
INSERT INTO batches (number, id, tenant, kind, state, title, total, n_sent, template_title, idempotency_key, created_at,
  updated_at)
  VALUES (1, '00000000000000000000000000000001', 7, 'workflow_batches', 'completed', '', 2, 2, '', '', 0, 0);
INSERT INTO endpoints (id, tenant, url, description, types, sealed_secrets, state, created_at, disabled_reason)
  VALUES ('00000000000000000000000000000002', 7, 'https://acme.example', '', '', '', 'active', 0, '')
"""

_SECOND_ROWS = """
INSERT INTO tenants VALUES (7, '00000000000000000000000000000007', 'acme', 0);
INSERT INTO batches (number, id, tenant, kind, state, title, total, cut_to, n_sent, n_unknown, w_declined, channel,
  template_title, idempotency_key, created_at, updated_at, started_at)
  VALUES (41, '00000000000000000000000000000001', 7, 'workflow_batches', 'completed', 'March', 3, 1, 2, 1, 2, 5,
  'Refund', 'order-1', 11, 12, 13);
INSERT INTO entries (batch, position, state, address, payload, updated_at) VALUES (41, 0, 'sent', '+491', '{}', 14);
INSERT INTO suppressions (tenant, address, source, created_at) VALUES (7, '+492', 'reply', 15)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """A database with nothing in it."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(url, poolclass=NullPool)


async def _tables(url: str) -> set[str]:
    async with _engine(url).connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def _migrate_to(url: str, revision: str) -> None:
    """Bring the database to a revision of the past."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with _engine(url).begin() as connection:
        await connection.run_sync(upgrade)


async def _given(url: str, rows: str) -> None:
    """Run the statements in `rows`."""
    async with _engine(url).begin() as connection:
        for statement in rows.split(";"):
            await connection.execute(text(statement))


async def _asked(url: str, question: str) -> list[tuple[object, ...]]:
    async with _engine(url).connect() as connection:
        return [tuple(row) for row in await connection.execute(text(question))]


async def _revision(url: str) -> str:
    async with _engine(url).connect() as connection:
        return str((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one())


async def test_an_empty_database_gets_every_table(empty_url: str) -> None:
    await migrate(empty_url)
    assert await _tables(empty_url) == {*metadata.tables, "alembic_version"}
    assert await _revision(empty_url) == head()


async def test_migrating_again_changes_nothing(empty_url: str) -> None:
    await migrate(empty_url)
    async with _engine(empty_url).begin() as connection:
        await connection.execute(text("INSERT INTO tenants VALUES (7, '00000000000000000000000000000007', 'acme', 0)"))
    await migrate(empty_url)
    async with _engine(empty_url).connect() as connection:
        assert (await connection.execute(text("SELECT number FROM tenants"))).scalars().all() == [7]


async def test_two_that_migrate_together_both_end_well(empty_url: str) -> None:
    await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert await _revision(empty_url) == head()


async def test_processes_that_start_together_all_end_well(empty_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-W", "error", "-c", _MIGRATE, empty_url) for _ in range(3)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert await _revision(empty_url) == head()


async def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_url: str) -> None:
    async with _engine(empty_url).begin() as connection:
        await connection.execute(text("CREATE TABLE audit (mine INTEGER)"))
    with pytest.raises(Exception, match="audit"):
        await migrate(empty_url)
    assert await _tables(empty_url) == {"audit"}


async def test_the_store_is_unavailable_until_it_is_migrated(empty_url: str) -> None:
    store = open_store(empty_url, vault=Vault([Fernet.generate_key().decode()]))
    with pytest.raises(Unavailable, match="muster migrate"):
        await store.check()
    await migrate(empty_url)
    await store.check()
    await store.close()


async def test_batches_from_before_workflows_count_none_and_endpoints_keep_our_words(empty_url: str) -> None:
    await _migrate_to(empty_url, "0001")
    await _given(empty_url, _FIRST_ROWS)
    await migrate(empty_url)
    async with _engine(empty_url).connect() as connection:
        ended = await connection.execute(text("SELECT w_completed + w_declined + w_cancelled + w_expired FROM batches"))
        styles = await connection.execute(text("SELECT style FROM endpoints"))
        assert (ended.scalars().all(), styles.scalars().all()) == ([0], ["standard"])


async def test_batches_and_entries_from_before_notifications_are_as_they_were(empty_url: str) -> None:
    await _migrate_to(empty_url, "0002")
    await _given(empty_url, _SECOND_ROWS)
    kept = (
        "SELECT number, tenant, kind, state, title, total, cut_to, n_sent, n_unknown, w_declined, channel,"
        " template_title, idempotency_key, created_at, updated_at, started_at, finished_at FROM batches"
    )
    before = await _asked(empty_url, kept)
    await migrate(empty_url)
    assert await _asked(empty_url, kept) == before
    assert await _asked(empty_url, "SELECT n_complained FROM batches") == [(0,)]
    assert await _asked(empty_url, "SELECT state, address, updated_at, left_at FROM entries") == [
        ("sent", "+491", 14, None)
    ]
    assert await _asked(empty_url, "SELECT address, source, origin FROM suppressions") == [("+492", "reply", "")]


async def test_complaints_are_conserved_in_batches_from_before_them_too(empty_url: str) -> None:
    await _migrate_to(empty_url, "0002")
    await _given(empty_url, _SECOND_ROWS)
    await migrate(empty_url)
    await _given(empty_url, "UPDATE batches SET n_sent = n_sent - 1, n_complained = n_complained + 1")
    with pytest.raises(IntegrityError, match="conserved"):
        await _given(empty_url, "UPDATE batches SET n_complained = n_complained + 1")
    with pytest.raises(IntegrityError, match="n_complained"):
        await _given(empty_url, "UPDATE batches SET n_sent = n_sent + 2, n_complained = n_complained - 2")


async def test_a_path_with_a_percent_sign_is_only_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "100%(here)s"
    folder.mkdir()
    url = f"sqlite+aiosqlite:///{folder}/muster.db"
    await migrate(url)
    assert await _revision(url) == head()


async def test_the_migrated_schema_is_what_the_tables_say(database_url: str) -> None:
    async with _engine(database_url).connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_where_sqlite_is_told_what_is_typical_it_is_told_of_every_index(sqlite_url: str) -> None:
    told = set(await _asked(sqlite_url, "SELECT tbl, idx FROM sqlite_stat1"))
    tables = {str(table) for table, _ in told}
    indexes = await _asked(
        sqlite_url,
        # The key of a table without row ids goes by the table's own name there.
        "SELECT m.name, CASE WHEN l.origin = 'pk' AND m.sql LIKE '%WITHOUT ROWID%' THEN m.name ELSE l.name END"
        " FROM sqlite_master AS m, pragma_index_list(m.name) AS l WHERE m.type = 'table'",
    )
    assert told == {index for index in indexes if index[0] in tables}
    assert {"records", "record_values", "record_links"} <= tables


async def test_sqlite_looks_records_up_by_the_index_made_for_it(sqlite_url: str) -> None:
    links = "SELECT number FROM record_links WHERE tenant = 1 AND child_type = 1 AND child = 1 AND kind = 0"
    plan = await _asked(sqlite_url, f"EXPLAIN QUERY PLAN {links}")
    assert [step[3] for step in plan] == [
        "SEARCH record_links USING INDEX ix_record_links_child (tenant=? AND child_type=? AND child=?)"
    ]


@pytest.fixture(params=["sqlite", "postgres"])
def two_urls(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A migrated and an empty database of one dialect."""
    return request.getfixturevalue(f"{request.param}_url"), request.getfixturevalue(f"empty_{request.param}_url")


async def test_constraints_and_indexes_are_what_the_tables_say_too(two_urls: tuple[str, str]) -> None:
    migrated, described = two_urls
    async with _engine(described).begin() as connection:
        await connection.run_sync(metadata.create_all)
    assert await _definitions(migrated) == await _definitions(described)


def _differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def _definitions(url: str) -> set[str]:
    """Every table, index and constraint in the database's own words, each line on its own, in no order."""
    if url.startswith("sqlite"):
        asked = (
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"
            # What the planner is told; no part of the schema.
            " AND tbl_name NOT LIKE 'sqlite_%'"
        )
    else:
        asked = (
            "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid <> 0 AND conrelid::regclass::text <> 'alembic_version'"
            " UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            " UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length,"
            " is_nullable, column_default) FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name <> 'alembic_version'"
        )
    async with _engine(url).connect() as connection:
        found = (await connection.execute(text(asked))).scalars().all()
    return {part for definition in found for part in _parts(definition)}


def _parts(definition: str) -> list[str]:
    """A definition cut at the commas between its outermost brackets, each part with what stands before them.

    By lines would not do: SQLite writes a column that was added behind the last one's comma.
    """
    named, opened, listed = definition.partition("(")
    parts, depth = [""], 0
    for character in listed:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0 or (character == "," and not depth):
            parts.append("")
        else:
            parts[-1] += character
    return [f"{named.strip()}{opened}: {' '.join(part.split())}" for part in parts]
