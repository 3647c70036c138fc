"""The database itself notes each step that an entry makes, so that no step can be made unseen."""

import sqlite3
from contextlib import closing

import asyncpg

from muster.domain.entry import TRANSITIONS, EntryState

_SQLITE = """
CREATE TABLE seen_steps (before TEXT, after TEXT, PRIMARY KEY (before, after));
CREATE TRIGGER note_step AFTER UPDATE OF state ON entries WHEN OLD.state <> NEW.state
BEGIN INSERT OR IGNORE INTO seen_steps VALUES (OLD.state, NEW.state); END;
"""
_POSTGRES = """
CREATE TABLE seen_steps (before TEXT, after TEXT, PRIMARY KEY (before, after));
CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO seen_steps VALUES (OLD.state, NEW.state) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
CREATE TRIGGER note_step AFTER UPDATE OF state ON entries FOR EACH ROW
WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_step();
"""
LEGAL = frozenset((before, after) for before, exits in TRANSITIONS.items() for after in exits.values())
Step = tuple[EntryState, EntryState]


class StepLog:
    """The steps that entries made in the database at `url`; `watch` first."""

    def __init__(self, url: str) -> None:
        self._file = url.removeprefix("sqlite+aiosqlite:///") if url.startswith("sqlite") else ""
        self._dsn = url.replace("+asyncpg", "")

    async def watch(self) -> None:
        """From now on the database notes every step."""
        if self._file:
            with closing(sqlite3.connect(self._file)) as file:
                file.executescript(_SQLITE)
        else:
            await self._ask(_POSTGRES)

    async def seen(self) -> frozenset[Step]:
        """Each (before, after) that occurred."""
        question = "SELECT before, after FROM seen_steps"
        if self._file:
            with closing(sqlite3.connect(self._file)) as file:
                rows = file.execute(question).fetchall()
        else:
            rows = await self._ask(question)
        return frozenset((EntryState(before), EntryState(after)) for before, after in rows)

    async def _ask(self, statements: str) -> list[tuple[str, str]]:
        server = await asyncpg.connect(self._dsn)
        try:
            if statements is _POSTGRES:
                await server.execute(statements)
                return []
            return [(row[0], row[1]) for row in await server.fetch(statements)]
        finally:
            await server.close()
