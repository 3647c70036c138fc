"""Relating records to each other, and parting them."""

from itertools import pairwise

import pytest

from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RIGHT, RecordRef
from muster.domain.records.operation import Create, Denial, Done, Draft, FetchLink, ParentAsk, Relate, Remove, Unrelate
from muster.domain.tenant import Role
from tests.records.house import House, create

PARTY = 2


def relate(parent: RecordRef, child: RecordRef, kind: int = 0) -> Relate:
    return Relate(group=0, parent=parent, child=child, kind=kind)


async def test_a_relationship_is_made_found_and_deleted(house: House) -> None:
    deal, right = await house.have(DEAL), await house.have(RIGHT)
    (made,) = await house.do(relate(deal, right))
    assert made.link is not None
    assert (made.done, made.link.kind_name, made.link.link.parent) == (Done.CREATED, "Default", deal)
    (found,) = await house.do(FetchLink(group=0, number=made.number))
    assert found.link == made.link
    first, again = await house.do(Unrelate(group=0, number=made.number), Unrelate(group=0, number=made.number))
    assert (first.done, again.denial) == (Done.DELETED, Denial.NOT_FOUND)
    (gone,) = await house.do(FetchLink(group=0, number=made.number))
    assert gone.denial is Denial.NOT_FOUND


async def test_every_end_that_is_missing_is_named(house: House) -> None:
    deal = await house.have(DEAL)
    nowhere, neither = RecordRef(CATALOG_ITEM, 999), RecordRef(RIGHT, 998)
    one, both = await house.do(relate(deal, nowhere), relate(nowhere, neither))
    assert (one.denial, one.missing) == (Denial.END_MISSING, (nowhere,))
    assert both.missing == (nowhere, neither)


async def test_templates_say_what_may_be_related(house: House) -> None:
    deal, right, film = await house.have(DEAL), await house.have(RIGHT), await house.have(CATALOG_ITEM)
    good, bad, free = await house.do(relate(deal, right), relate(deal, film), relate(film, right))
    assert [good.denial, bad.denial, free.denial] == [None, Denial.BAD_LINK, None]


async def test_the_same_relationship_is_made_once(house: House) -> None:
    deal, person = await house.have(DEAL), await house.have(CONTACT)
    first, again = await house.do(relate(deal, person, PARTY), relate(deal, person, PARTY))
    (later,) = await house.do(relate(deal, person, PARTY))
    assert [first.denial, again.denial, later.denial] == [None, Denial.LINK_EXISTS, Denial.LINK_EXISTS]


async def test_the_child_of_a_party_is_a_contact(house: House) -> None:
    deal, person, right = await house.have(DEAL), await house.have(CONTACT), await house.have(RIGHT)
    party, other, unknown, implicit = await house.do(
        relate(deal, person, PARTY), relate(deal, right, PARTY), relate(deal, person, 99), relate(deal, person, 1)
    )
    assert party.link is not None
    assert party.link.kind_name == "Contracting Party"
    assert [other.denial, unknown.denial, implicit.denial] == [Denial.BAD_LINK, Denial.NOT_A_PARTY, Denial.NOT_A_PARTY]


async def test_no_record_stands_above_itself(house: House) -> None:
    a, b, c = [await house.have(CATALOG_ITEM, title) for title in "abc"]
    await house.link(a, b)
    self_made, second, circle = await house.do(relate(a, a), relate(b, c), relate(c, a))
    assert [self_made.denial, second.denial, circle.denial] == [Denial.BAD_LINK, None, Denial.BAD_LINK]
    later, sideways = await house.do(relate(c, b), relate(a, c))
    assert [later.denial, sideways.denial] == [Denial.BAD_LINK, None]


async def test_a_long_chain_of_records_is_followed_up_to_a_bound(house: House) -> None:
    chain = [RecordRef(CATALOG_ITEM, made.number) for made in await house.do(*[create(CATALOG_ITEM)] * 103)]
    made = await house.do(*[relate(parent, child) for parent, child in pairwise(chain[:100])])
    assert {result.denial for result in made} == {None}
    (circle,) = await house.do(relate(chain[99], chain[0]))
    assert circle.denial is Denial.BAD_LINK


async def test_records_that_failed_earlier_are_missing_later(house: House) -> None:
    deal = await house.have(DEAL)
    removed, related = await house.do(Remove(group=DEAL, number=deal.number), relate(deal, RecordRef(RIGHT, 5)))
    assert (removed.done, related.missing) == (Done.DELETED, (deal, RecordRef(RIGHT, 5)))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CLERK])
async def test_who_may_not_write_an_end_may_not_relate_it(house: House, role: Role) -> None:
    film, right = await house.have(CATALOG_ITEM), await house.have(RIGHT)
    number = await house.link(film, right)
    made, parted = await house.do(relate(film, right), Unrelate(group=0, number=number), acting=house.as_(role))
    assert [made.denial, parted.denial] == [Denial.LINKS_NOT_ALLOWED, Denial.LINKS_NOT_ALLOWED]


async def test_a_new_record_takes_its_place_among_others_of_its_sort(house: House) -> None:
    season = await house.have(CATALOG_ITEM, "Season")
    draft = Draft(title="Episode", template=1, parents=(ParentAsk(parent=season),))
    (episode,) = await house.do(Create(group=CATALOG_ITEM, draft=draft))
    (circle,) = await house.do(relate(RecordRef(CATALOG_ITEM, episode.number), season))
    assert circle.denial is Denial.BAD_LINK


async def test_numbers_of_relationships_that_failed_are_given_again(house: House) -> None:
    first, second = await house.have(CATALOG_ITEM, "a"), await house.have(CATALOG_ITEM, "b")
    missing = ParentAsk(parent=RecordRef(DEAL, 9))
    failing = Create(group=RIGHT, draft=Draft(template=1, parents=(ParentAsk(parent=first), missing)))
    good = Create(group=RIGHT, draft=Draft(template=1, parents=(ParentAsk(parent=second),)))
    failed, made = await house.do(failing, good)
    assert (failed.denial, made.number) == (Denial.FAULTY, 1)
    async with house.store.read() as tx:
        links = await tx.records.links_below(house.tenant, [first, second])
    assert [(link.number, link.parent) for link in links] == [(1, second)]
