"""What tests of the record store may ask for."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.records.house import House, open_house


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> House:
    """A record store with a small blueprint."""
    return await open_house(store, clock)


@pytest.fixture
def statements(store: SqlStore) -> Iterator[list[str]]:
    """Every statement that the store sends from now on."""
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    event.listen(store.writer.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(store.writer.sync_engine, "before_cursor_execute", note)
