"""A tenant's webhook endpoints."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.catalog.endpoints import OVERLAP, EndpointCatalog, EndpointChange, EndpointWish
from muster.channels.webhook.guard import Guard
from muster.channels.webhook.push import HttpPush
from muster.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from muster.domain.event import EventType
from muster.domain.ids import PrincipalId
from muster.domain.tenant import Principal, Role
from muster.events.relay import Relay, Round
from muster.events.signing import holding
from muster.ports.store.endpoints import EndpointState
from muster.stores.database import SqlStore
from tests.channels.webhook.receiver import Receiver, receiving
from tests.events.builders import Clockwork, Tally, an_event, happen, total_in
from tests.fakes.clock import FakeClock

MINUTE = timedelta(minutes=1)
STYLES = {"clockwork": Clockwork()}
ELSEWHERE = EndpointWish(url="https://8.8.8.8/hook")


@pytest.fixture
async def push(clock: FakeClock) -> AsyncIterator[HttpPush]:
    async with HttpPush(Guard(networks=["127.0.0.0/8"]), clock) as one:
        yield one


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
def catalog(store: SqlStore, push: HttpPush, clock: FakeClock) -> EndpointCatalog:
    return EndpointCatalog(store, push, clock, new_uuid=uuid4, random_bytes=secrets.token_bytes, styles=STYLES, most=2)


@pytest.fixture
def relay(store: SqlStore, push: HttpPush, clock: FakeClock) -> Relay:
    return Relay(store, push, clock, meter=Tally(), jitter=lambda: 0.5)


async def a_principal(store: SqlStore, clock: FakeClock, role: Role = Role.ADMIN) -> Principal:
    async with store.begin() as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=clock.now())
    return Principal(id=PrincipalId(uuid4()), tenant=tenant, role=role)


@pytest.fixture
async def owner(store: SqlStore, clock: FakeClock) -> Principal:
    return await a_principal(store, clock)


@pytest.fixture
async def stranger(store: SqlStore, clock: FakeClock) -> Principal:
    return await a_principal(store, clock)


async def test_an_endpoint_is_found_as_it_was_added(catalog: EndpointCatalog, owner: Principal) -> None:
    wish = EndpointWish(url="https://8.8.8.8/hook", description="ours", types=(EventType.BATCH_COMPLETED,))

    added = await catalog.add(owner, wish)

    assert await catalog.all(owner) == [added]
    assert added.secrets[0].value.startswith("whsec_")
    assert (added.url, added.types, added.state) == (wish.url, wish.types, EndpointState.ACTIVE)
    assert added.style == "standard"


@pytest.mark.parametrize("url", ["http://8.8.8.8/", "https://10.0.0.1/", "https://u:p@8.8.8.8/", "nonsense"])
async def test_a_url_that_must_not_be_called_is_not_kept(catalog: EndpointCatalog, owner: Principal, url: str) -> None:
    with pytest.raises(BadInput) as refused:
        await catalog.add(owner, EndpointWish(url=url, description="x" * 300))

    assert [fault.path for fault in refused.value.faults] == ["url", "description"]
    assert await catalog.all(owner) == []


async def test_a_tenant_has_a_bounded_number_of_endpoints(catalog: EndpointCatalog, owner: Principal) -> None:
    for _ in range(2):
        await catalog.add(owner, ELSEWHERE)

    with pytest.raises(Conflict):
        await catalog.add(owner, ELSEWHERE)


async def test_another_tenants_endpoint_is_not_there(
    *, catalog: EndpointCatalog, owner: Principal, stranger: Principal, clock: FakeClock
) -> None:
    endpoint = (await catalog.add(owner, ELSEWHERE)).id

    assert await catalog.all(stranger) == []
    for call in (
        catalog.get(stranger, endpoint),
        catalog.update(stranger, endpoint, EndpointChange(url=ELSEWHERE.url)),
        catalog.secret(stranger, endpoint),
        catalog.test(stranger, endpoint),
        catalog.enable(stranger, endpoint),
        catalog.disable(stranger, endpoint),
        catalog.rotate_secret(stranger, endpoint),
        catalog.replay(stranger, endpoint, since=clock.now() - MINUTE, until=clock.now()),
        catalog.remove(stranger, endpoint),
    ):
        with pytest.raises(NotFound):
            await call
    assert len(await catalog.all(owner)) == 1


async def test_who_may_only_read_changes_nothing_and_sees_no_secret(
    catalog: EndpointCatalog, store: SqlStore, clock: FakeClock
) -> None:
    viewer = await a_principal(store, clock, Role.VIEWER)

    for call in (catalog.add(viewer, ELSEWHERE), catalog.test(viewer, uuid4()), catalog.secret(viewer, uuid4())):
        with pytest.raises(NotAllowed):
            await call


async def test_events_are_asked_for_by_our_names_or_those_of_the_style(
    catalog: EndpointCatalog, owner: Principal
) -> None:
    for name in ("tick", "batch.paused", "batch:paused"):
        added = await catalog.add(owner, EndpointWish(url=ELSEWHERE.url, types=(name, name), style="clockwork"))
        await catalog.remove(owner, added.id)

        assert added.types == (EventType.BATCH_PAUSED,)


async def test_an_endpoint_that_names_no_event_is_told_what_its_style_tells_then(
    catalog: EndpointCatalog, owner: Principal
) -> None:
    added = await catalog.add(owner, EndpointWish(url=ELSEWHERE.url, style="clockwork"))

    assert added.types == (EventType.BATCH_PAUSED,)


async def test_an_event_that_the_style_does_not_have_is_refused_by_its_place(
    catalog: EndpointCatalog, owner: Principal
) -> None:
    with pytest.raises(BadInput) as refused:
        await catalog.add(owner, EndpointWish(url=ELSEWHERE.url, types=("tick", "tock"), style="clockwork"))
    assert [(fault.path, fault.code) for fault in refused.value.faults] == [("types[1]", "unknown_type")]

    with pytest.raises(BadInput) as refused:
        await catalog.add(owner, EndpointWish(url=ELSEWHERE.url, style="sundial"))
    assert [(fault.path, fault.code) for fault in refused.value.faults] == [("style", "unknown_style")]


async def test_a_change_leaves_the_rest_as_it_is_and_must_fit_it(catalog: EndpointCatalog, owner: Principal) -> None:
    wish = EndpointWish(url=ELSEWHERE.url, description="ours", types=("batch.completed",))
    endpoint = await catalog.add(owner, wish)

    changed = await catalog.update(owner, endpoint.id, EndpointChange(url="https://1.1.1.1/"))
    assert (changed.url, changed.description, changed.types) == ("https://1.1.1.1/", "ours", endpoint.types)

    with pytest.raises(BadInput) as refused:
        await catalog.update(owner, endpoint.id, EndpointChange(style="clockwork"))
    assert [fault.path for fault in refused.value.faults] == ["types[0]"]
    changed = await catalog.update(owner, endpoint.id, EndpointChange(style="clockwork", types=()))
    assert (changed.style, changed.types) == ("clockwork", (EventType.BATCH_PAUSED,))


async def test_a_test_reaches_only_the_endpoint_it_is_for_whatever_that_asks_for(
    *, catalog: EndpointCatalog, relay: Relay, owner: Principal, receiver: Receiver
) -> None:
    tried = await catalog.add(owner, EndpointWish(url=receiver.url, types=("batch.paused",)))
    await catalog.add(owner, EndpointWish(url=f"{receiver.url}/other"))

    await catalog.test(owner, tried.id)

    assert await relay.run_once() == Round(told=1, taken=1)
    assert [(one.path, one.type) for one in receiver.arrivals] == [("/hook", "endpoint.tested")]


async def test_an_endpoint_that_is_off_is_not_tried_out(catalog: EndpointCatalog, owner: Principal) -> None:
    endpoint = await catalog.add(owner, ELSEWHERE)
    await catalog.disable(owner, endpoint.id)

    with pytest.raises(Conflict):
        await catalog.test(owner, endpoint.id)


async def test_a_replay_does_not_tell_the_tests_of_other_endpoints(
    *, catalog: EndpointCatalog, relay: Relay, owner: Principal, receiver: Receiver, clock: FakeClock
) -> None:
    tried = await catalog.add(owner, EndpointWish(url=receiver.url))
    other = await catalog.add(owner, EndpointWish(url=f"{receiver.url}/other"))
    start = clock.now()
    await catalog.test(owner, tried.id)
    await relay.run_once()

    await catalog.replay(owner, other.id, since=start, until=start + MINUTE)
    await relay.run_once()

    assert [one.path for one in receiver.arrivals] == ["/hook"]


async def test_the_old_secret_signs_for_a_day_after_rotation(
    catalog: EndpointCatalog, owner: Principal, clock: FakeClock
) -> None:
    first = await catalog.add(owner, ELSEWHERE)

    rotated = await catalog.rotate_secret(owner, first.id)

    assert rotated.secrets[0].value != first.secrets[0].value
    assert holding(rotated.secrets, at=clock.now() + OVERLAP - MINUTE)[1].value == first.secrets[0].value
    assert len(holding(rotated.secrets, at=clock.now() + OVERLAP)) == 1


async def test_secrets_are_sealed_in_the_database(catalog: EndpointCatalog, owner: Principal, store: SqlStore) -> None:
    secret = (await catalog.add(owner, ELSEWHERE)).secrets[0].value

    async with store.writer.connect() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM endpoints")).all()

    assert len(rows) == 1
    assert secret.removeprefix("whsec_") not in str(rows)


async def test_a_replay_sends_what_was_made_in_the_range_again_under_the_same_ids(
    *, catalog: EndpointCatalog, relay: Relay, store: SqlStore, owner: Principal, clock: FakeClock, receiver: Receiver
) -> None:
    endpoint = await catalog.add(owner, EndpointWish(url=receiver.url, types=(EventType.BATCH_COMPLETED,)))
    start = clock.now()
    for n in (1, 2, 3):
        await happen(store, owner.tenant, [an_event(counts=n), an_event(EventType.BATCH_STARTED)], at=clock.now())
        clock.advance(MINUTE)
    await relay.run_once()

    queued = await catalog.replay(owner, endpoint.id, since=start + MINUTE, until=start + 3 * MINUTE)
    again = await catalog.replay(owner, endpoint.id, since=start + MINUTE, until=start + 3 * MINUTE)
    await relay.run_once()

    assert (queued, again) == (2, 0)
    assert [total_in(one.body) for one in receiver.arrivals] == [1, 2, 3, 2, 3]
    assert [one.id for one in receiver.arrivals[1:3]] == [one.id for one in receiver.arrivals[3:]]


async def test_an_empty_range_is_refused(catalog: EndpointCatalog, owner: Principal, clock: FakeClock) -> None:
    endpoint = await catalog.add(owner, ELSEWHERE)

    with pytest.raises(BadInput):
        await catalog.replay(owner, endpoint.id, since=clock.now(), until=clock.now())


async def test_what_an_endpoint_missed_while_it_was_off_comes_by_replay(
    *, catalog: EndpointCatalog, relay: Relay, store: SqlStore, owner: Principal, clock: FakeClock, receiver: Receiver
) -> None:
    endpoint = await catalog.add(owner, EndpointWish(url=receiver.url))
    off = await catalog.disable(owner, endpoint.id)
    await happen(store, owner.tenant, [an_event()], at=clock.now())
    assert await relay.run_once() == Round(told=1)
    with pytest.raises(Conflict):
        await catalog.replay(owner, endpoint.id, since=clock.now(), until=clock.now() + MINUTE)

    on = await catalog.enable(owner, endpoint.id)
    await catalog.replay(owner, endpoint.id, since=clock.now(), until=clock.now() + MINUTE)

    assert (off.disabled_reason, on.disabled_reason) == ("switched off by its owner", "")
    assert await relay.run_once() == Round(taken=1)


async def test_a_removed_endpoint_is_told_nothing_more(
    *, catalog: EndpointCatalog, relay: Relay, store: SqlStore, owner: Principal, clock: FakeClock, receiver: Receiver
) -> None:
    endpoint = await catalog.add(owner, EndpointWish(url=receiver.url))
    await happen(store, owner.tenant, [an_event()], at=clock.now())
    await relay.fan_out()

    await catalog.remove(owner, endpoint.id)

    assert await relay.run_once() == Round()


async def test_every_change_is_in_the_audit_log(
    *, catalog: EndpointCatalog, store: SqlStore, owner: Principal, clock: FakeClock
) -> None:
    endpoint = (await catalog.add(owner, ELSEWHERE)).id
    await catalog.update(owner, endpoint, EndpointChange(url="https://1.1.1.1/"))
    await catalog.secret(owner, endpoint)
    await catalog.test(owner, endpoint)
    await catalog.rotate_secret(owner, endpoint)
    await catalog.replay(owner, endpoint, since=clock.now() - MINUTE, until=clock.now())
    await catalog.disable(owner, endpoint)
    await catalog.enable(owner, endpoint)
    await catalog.remove(owner, endpoint)

    async with store.writer.connect() as connection:
        noted = (await connection.exec_driver_sql("SELECT action FROM audit ORDER BY id")).scalars().all()

    verbs = ("add", "update", "show_secret", "test", "rotate_secret", "replay", "disable", "enable", "remove")
    assert noted == [f"endpoint:{verb}" for verb in verbs]
