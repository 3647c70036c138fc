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
            with closing(sqlite3.connect(self._file)) as connection:
                connection.executescript(_SQLITE)
            return
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(_POSTGRES)
        finally:
            await connection.close()

    async def seen(self) -> frozenset[Step]:
        """Each (before, after) that occurred."""
        question = "SELECT before, after FROM seen_steps"
        if self._file:
            with closing(sqlite3.connect(self._file)) as connection:
                rows = connection.execute(question).fetchall()
        else:
            connection = await asyncpg.connect(self._dsn)
            try:
                rows = await connection.fetch(question)
            finally:
                await connection.close()
        return frozenset((EntryState(row[0]), EntryState(row[1])) for row in rows)
