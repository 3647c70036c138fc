"""Channels are opened when first needed, kept, and opened anew when their options change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import pytest

from muster.app.channels import ChannelKind, OpenChannels, checked, retry_policy
from muster.domain.errors import ChannelDown, NotFound
from muster.domain.fault import Fault
from muster.domain.ids import ChannelId, TenantId
from muster.domain.outcome import Carried, Outcome
from muster.domain.parcel import Medium, Parcel
from muster.domain.receipt import Receipt
from muster.domain.reply import Reply
from muster.ports.channel import Channel, ReceiptSink
from muster.ports.replies import ReplySink
from muster.ports.store.channels import ChannelAccount
from muster.stores.database import SqlStore
from tests.fakes.clock import START

ACME = "7b0e2f7a-0000-4000-8000-000000000001"


class FakeChannel:
    """Carries everything, and remembers whether it was closed."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options
        self.closed = False

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        del deadline
        return [Carried(("ref",)) for _ in parcels]

    async def close(self) -> None:
        self.closed = True

    @property
    def healthy(self) -> bool:
        return not self.closed


class Workshop:
    """Opens fakes; `down` lets it fail."""

    def __init__(self, store: SqlStore) -> None:
        self.made: list[FakeChannel] = []
        self.down = False
        kind = ChannelKind(check=self._check, open=self._open, receives=True, media=frozenset(Medium))
        self.channels = OpenChannels(
            store,
            {"fake": kind},
            sink_for=lambda _tenant, _channel: _take,
            replies_for=lambda _tenant, _channel: _hear,
            retry=retry_policy([1]),
        )
        self.check = checked(kind)

    async def _open(self, account: ChannelAccount, _receipts: ReceiptSink, _replies: ReplySink) -> Channel:
        if self.down:
            raise ChannelDown("no answer")
        self.made.append(FakeChannel(account.options))
        return self.made[-1]

    def _check(self, options: Mapping[str, str]) -> Sequence[Fault]:
        return [Fault(name, "unknown_option", "") for name in options if name not in {"rate", "user"}]


async def _take(_receipts: Sequence[Receipt]) -> None:
    raise AssertionError


async def _hear(_replies: Sequence[Reply]) -> None:
    raise AssertionError


@pytest.fixture
def workshop(store: SqlStore) -> Workshop:
    return Workshop(store)


async def a_channel(store: SqlStore, options: dict[str, str]) -> tuple[TenantId, ChannelId]:
    async with store.begin() as tx:
        known = await tx.accounts.across_tenants_all()
        tenant = (
            known[0].number
            if known
            else await tx.accounts.across_tenants_add(account_id=UUID(ACME), name="acme", at=START)
        )
        return tenant, await tx.channels.add(tenant, "fake", options, at=START)


async def test_a_channel_is_opened_once_and_kept(store: SqlStore, workshop: Workshop) -> None:
    tenant, number = await a_channel(store, {"rate": "5", "unknown": "prefer_arrival", "user": "me"})
    for _ in range(2):
        async with workshop.channels.borrow(tenant, number) as handle:
            assert (handle.rate, handle.unknown.prefer_arrival) == (5.0, True)
    assert [channel.options for channel in workshop.made] == [{"rate": "5", "user": "me"}]
    await workshop.channels.close()
    assert workshop.made[0].closed


async def test_another_tenants_channel_is_not_to_be_had(store: SqlStore, workshop: Workshop) -> None:
    _, number = await a_channel(store, {})
    with pytest.raises(NotFound):
        async with workshop.channels.borrow(TenantId(999), number):
            pass


async def test_tending_opens_what_receives_and_closes_what_is_out_of_use(store: SqlStore, workshop: Workshop) -> None:
    tenant, number = await a_channel(store, {})
    await workshop.channels.tend()
    assert workshop.channels.health() == {"fake": (1, 1)}
    async with store.begin() as tx:
        await tx.channels.remove(tenant, number, at=START)
    await workshop.channels.tend()
    assert workshop.made[0].closed
    assert workshop.channels.health() == {}


async def test_a_provider_that_is_away_stops_nobody_from_tending(store: SqlStore, workshop: Workshop) -> None:
    await a_channel(store, {})
    workshop.down = True
    await workshop.channels.tend()
    workshop.down = False
    await workshop.channels.tend()
    assert len(workshop.made) == 1


async def test_a_channel_in_use_is_not_closed_under_its_user(store: SqlStore, workshop: Workshop) -> None:
    tenant, number = await a_channel(store, {})
    async with workshop.channels.borrow(tenant, number):
        async with store.begin() as tx:
            await tx.channels.remove(tenant, number, at=START)
        await workshop.channels.tend()
        assert not workshop.made[0].closed
    await workshop.channels.tend()
    assert workshop.made[0].closed


def test_options_are_checked_with_ours(workshop: Workshop) -> None:
    faults = workshop.check({"unknown": "maybe", "colour": "red", "rate": "5"})
    assert [fault.path for fault in faults] == ["options.unknown", "colour"]
