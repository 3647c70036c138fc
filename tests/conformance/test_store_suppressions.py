"""Keeping who must not be reached."""

import asyncio

import msgspec
import pytest

from muster.domain.errors import NotFound
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store
from tests.conformance.store_world import a_tenant, after

ALL = Page(0, 100)


def _on_list(address: str, *, source: str = "import", minutes: int = 0) -> Suppression:
    return Suppression(address=address, source=source, created_at=after(minutes=minutes))


async def test_ten_thousand_addresses_are_kept_and_looked_up_at_once(store: Store) -> None:
    tenant = await a_tenant(store)
    listed = [f"+4915{n:08}" for n in range(10_000)]
    async with store.begin() as tx:
        assert await tx.suppressions.add(tenant, [_on_list(address) for address in listed]) == 10_000
    asked = [f"+4915{n:08}" for n in range(5_000, 15_000)]
    async with store.read() as tx:
        assert await tx.suppressions.among(tenant, asked) == dict.fromkeys(listed[5_000:], "import")


async def test_what_is_on_the_list_already_is_not_new_and_stays_as_it_is(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        assert await tx.suppressions.add(tenant, [_on_list("a@b.example", source="person")]) == 1
        again = [_on_list("a@b.example", source="import", minutes=9), _on_list("c@d.example"), _on_list("c@d.example")]
        assert await tx.suppressions.add(tenant, again) == 1
    async with store.read() as tx:
        total, page = await tx.suppressions.find(tenant, text="a@b", page=ALL)
        assert (total, list(page)) == (1, [_on_list("a@b.example", source="person")])


async def test_each_address_is_told_with_where_it_came_from(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.suppressions.add(tenant, [_on_list("+491", source="reply"), _on_list("+492", source="page")])
        assert await tx.suppressions.among(tenant, ["+492", "+491"]) == {"+491": "reply", "+492": "page"}


async def test_the_message_that_put_an_address_on_the_list_is_told(store: Store) -> None:
    tenant = await a_tenant(store)
    origin = "018f3e9a-7c1b-7d2e-8f00-0123456789ab/9999"
    returned = msgspec.structs.replace(_on_list("a@b.example", source="returned"), origin=origin)
    async with store.begin() as tx:
        assert await tx.suppressions.add(tenant, [returned, _on_list("c@d.example")]) == 2
        again = msgspec.structs.replace(returned, origin="elsewhere/1")
        assert await tx.suppressions.add(tenant, [again]) == 0
        assert await tx.suppressions.find(tenant, text="a@b", page=ALL) == (1, [returned])
        assert await tx.suppressions.find(tenant, text="c@d", page=ALL) == (1, [_on_list("c@d.example")])


async def test_what_is_removed_may_be_reached_again(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.suppressions.add(tenant, [_on_list("+491"), _on_list("+492")])
        assert await tx.suppressions.remove(tenant, ["+491", "+493"]) == 1
        assert await tx.suppressions.among(tenant, ["+491", "+492", "+493"]) == {"+492": "import"}


async def test_nothing_is_answered_with_nothing(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        assert await tx.suppressions.add(tenant, []) == 0
        assert await tx.suppressions.remove(tenant, []) == 0
        assert await tx.suppressions.among(tenant, []) == {}
        assert await tx.suppressions.find(tenant, text="", page=ALL) == (0, [])


async def test_odd_addresses_are_compared_letter_by_letter(store: Store) -> None:
    tenant = await a_tenant(store)
    odd = ['o"brien@x.example', "a\\b@x.example", "名前@x.example", "%", "💌@x.example", "[1]", "null", "7"]
    async with store.begin() as tx:
        assert await tx.suppressions.add(tenant, [_on_list(address) for address in odd]) == len(odd)
        found = await tx.suppressions.among(tenant, [*odd, 'O"BRIEN@x.example', "_", " 7"])
        assert found == dict.fromkeys(odd, "import")


async def test_a_list_is_newest_first_paged_and_narrowed_by_a_part(store: Store) -> None:
    tenant = await a_tenant(store)
    async with store.begin() as tx:
        await tx.suppressions.add(tenant, [_on_list(f"n{n}@x.example", minutes=n) for n in range(5)])
        await tx.suppressions.add(tenant, [_on_list("n_%@y.example", minutes=9)])
    async with store.read() as tx:
        total, page = await tx.suppressions.find(tenant, text="", page=Page(1, 2))
        assert (total, [s.address for s in page]) == (6, ["n4@x.example", "n3@x.example"])
        total, page = await tx.suppressions.find(tenant, text="X.Exam", page=ALL)
        assert (total, len(page)) == (5, 5)
        assert (await tx.suppressions.find(tenant, text="_%", page=ALL))[0] == 1


async def test_lists_that_overlap_added_at_once_do_not_lock_each_other_out(store: Store) -> None:
    tenant = await a_tenant(store)
    forward = [_on_list(f"+49{n:05}") for n in range(2_000)]

    async def add(suppressions: list[Suppression]) -> int:
        async with store.begin() as tx:
            return await tx.suppressions.add(tenant, suppressions)

    assert sum(await asyncio.gather(add(forward), add(forward[::-1]))) == 2_000


async def test_a_tenants_list_is_its_own(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    async with store.begin() as tx:
        await tx.suppressions.add(ours, [_on_list("+491")])
        assert await tx.suppressions.among(theirs, ["+491"]) == {}
        assert await tx.suppressions.remove(theirs, ["+491"]) == 0
        assert await tx.suppressions.add(theirs, [_on_list("+491")]) == 1
        assert (await tx.suppressions.find(theirs, text="", page=ALL))[0] == 1


async def test_the_whole_list_is_walked_in_pieces(store: Store) -> None:
    ours, theirs = await a_tenant(store), await a_tenant(store, "theirs")
    listed = ["+491", "+492", "a@b.example", "z@b.example"]
    async with store.begin() as tx:
        await tx.suppressions.add(ours, [_on_list(address) for address in listed])
        await tx.suppressions.add(theirs, [_on_list("+493")])
    async with store.read() as tx:
        first = await tx.suppressions.after(ours, "", limit=3)
        rest = await tx.suppressions.after(ours, first[-1].address, limit=3)
        end = await tx.suppressions.after(ours, rest[-1].address, limit=3)
    assert sorted(one.address for one in [*first, *rest]) == listed
    assert (len(first), len(rest), len(end)) == (3, 1, 0)


async def test_one_is_found_by_its_address_with_all_that_is_known_of_it(store: Store) -> None:
    ours, theirs = await a_tenant(store), await a_tenant(store, "theirs")
    origin = "0195a0c8-0000-7000-8000-000000000001/4"
    bounced = Suppression(address="a@b.example", source="bounced", origin=origin, created_at=after(minutes=1))
    async with store.begin() as tx:
        await tx.suppressions.add(ours, [bounced])
        assert await tx.suppressions.get(ours, "a@b.example") == bounced
        for tenant, address in ((theirs, "a@b.example"), (ours, "b@b.example")):
            with pytest.raises(NotFound):
                await tx.suppressions.get(tenant, address)
