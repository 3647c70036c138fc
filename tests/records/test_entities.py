"""Making, reading and changing records."""

from datetime import timedelta
from decimal import Decimal

from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RELATIONSHIP, RIGHT, TABLE, RecordRef
from muster.domain.records.operation import (
    Act,
    Amortize,
    Change,
    Copy,
    Create,
    Denial,
    Done,
    Draft,
    Fetch,
    FetchLink,
    FlawKind,
    ParentAsk,
    Relate,
    Remove,
    Spare,
    Unrelate,
    Unusable,
)
from muster.domain.records.record import Flags
from muster.domain.records.trace import Deed
from muster.domain.tenant import Role
from tests.records.house import LOCKED, OPEN, House, create


def change(ref: RecordRef, draft: Draft) -> Change:
    return Change(group=ref.char_type, number=ref.number, draft=draft)


async def test_a_record_is_made_with_its_values_in_their_canonical_form(house: House) -> None:
    (made,) = await house.do(create(CATALOG_ITEM, "Film", release_year="2026", genre=["Drama"], notes="n"))
    assert made.done is Done.CREATED
    assert made.record is not None
    assert made.record.status_name == "Open"
    stored = await house.get(RecordRef(CATALOG_ITEM, made.number))
    assert stored is not None
    assert stored == made.record.record
    assert stored.values == {"release_year": 2026, "notes": ["n"], "genre": [{"id": 1, "value": "Drama"}]}


async def test_every_flaw_of_a_draft_is_told_at_once(house: House) -> None:
    draft = Draft(
        title=" ",
        template=1,
        values={"fake": 1, "code": "x" * 9, "genre": "Nope"},
        parents=(ParentAsk(parent=RecordRef(DEAL, 99)),),
    )
    (made,) = await house.do(Create(group=CATALOG_ITEM, draft=draft, reference="r1"))
    assert (made.denial, made.number, made.reference) == (Denial.FAULTY, 0, "r1")
    assert {flaw.kind for flaw in made.flaws} == {
        FlawKind.NO_TITLE,
        FlawKind.UNKNOWN_FIELD,
        FlawKind.TOO_LONG,
        FlawKind.BAD_VALUE,
        FlawKind.PARENT_MISSING,
    }


async def test_a_draft_needs_a_template_that_there_is(house: House) -> None:
    none, other = await house.do(
        Create(group=CONTACT, draft=Draft(title="x")), Create(group=CONTACT, draft=Draft(title="x", template=77))
    )
    assert [flaw.kind for flaw in none.flaws] == [FlawKind.NO_TEMPLATE]
    assert [(flaw.kind, flaw.label) for flaw in other.flaws] == [(FlawKind.BAD_TEMPLATE, "77")]


async def test_a_component_without_a_title_is_called_by_its_template_and_number(house: House) -> None:
    (made,) = await house.do(create(RIGHT, None))
    assert made.record is not None
    assert made.record.record.title == f"Rights In Record {made.number}"


async def test_an_entry_that_fails_leaves_no_gap_and_no_trace(house: House) -> None:
    results = await house.do(create(CONTACT, "a"), create(CONTACT, "b", last_name="Doe"), create(CONTACT, "c", x=1))
    assert [result.denial for result in results] == [Denial.FAULTY, None, Denial.FAULTY]
    assert results[1].number == 1
    assert [kind for kind, _ in await house.told()] == ["record:created"]


async def test_unless_all_succeed_nothing_of_a_whole_batch_is_done(house: House) -> None:
    performed = await house.perform([create(CATALOG_ITEM, "a"), create(CATALOG_ITEM, "b", fake=1)], whole=True)
    assert not performed.kept
    assert [result.denial for result in performed.results] == [None, Denial.FAULTY]
    assert await house.get(RecordRef(CATALOG_ITEM, 1)) is None
    assert await house.told() == []


async def test_a_record_is_found_again_and_another_is_not(house: House) -> None:
    film = await house.have(CATALOG_ITEM, "Film")
    found, missing, unusable = await house.do(
        Fetch(group=CATALOG_ITEM, number=film.number),
        Fetch(group=CATALOG_ITEM, number=999_999),
        Unusable(group=CATALOG_ITEM),
    )
    assert found.record is not None
    assert found.record.record.title == "Film"
    assert missing.denial is Denial.NOT_FOUND
    assert missing.number == 999_999
    assert unusable.denial is Denial.UNUSABLE


async def test_what_a_change_does_not_mention_stays(house: House) -> None:
    film = await house.have(CATALOG_ITEM, "Film", release_year=1999, code="A")
    house.clock.advance(timedelta(minutes=1))
    (changed,) = await house.do(change(film, Draft(values={"code": "B"})))
    assert changed.record is not None
    record = changed.record.record
    assert (record.title, record.values) == ("Film", {"release_year": 1999, "code": "B"})
    assert record.updated.at == house.clock.now()
    assert record.created.at < record.updated.at
    assert record.moved == record.created


async def test_a_change_that_changes_nothing_keeps_the_stamps_and_tells_nothing(house: House) -> None:
    film = await house.have(CATALOG_ITEM, "Film", code="A")
    before, told = await house.get(film), len(await house.told())
    house.clock.advance(timedelta(minutes=1))
    (same,) = await house.do(change(film, Draft(title="Film", template=1, values={"code": "A", "notes": None})))
    assert same.done is Done.UPDATED
    assert await house.get(film) == before
    assert len(await house.told()) == told
    assert len(await house.traces(film)) == 1


async def test_each_changed_field_has_its_row_in_the_audit_history(house: House) -> None:
    film = await house.have(CATALOG_ITEM, "Film", budget={"locAmt": Decimal("10.5"), "locSym": "USD"}, pin="1234")
    draft = Draft(title="New", values={"budget": None, "genre": ["War", "Drama"], "pin": "999"})
    await house.do(change(film, draft))
    added, *rows = await house.traces(film)
    assert (added.deed, added.field) == (Deed.ADDED, "")
    assert {row.deed for row in rows} == {Deed.CHANGED}
    assert {row.operation for row in rows} == {rows[0].number}
    told = {row.field: (row.old, row.new) for row in rows}
    assert told["Title"] == ("Film", "New")
    assert told["Genre"] == ("", "War, Drama")
    assert told["Budget"][0].startswith("10.5")
    assert told["PIN"] == ("********", "********")


async def test_a_locked_record_is_not_changed(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    await house.do(Act(group=CATALOG_ITEM, number=film.number, action=2))
    (refused,) = await house.do(change(film, Draft(title="x")))
    assert (refused.denial, refused.locked, refused.deletable) == (Denial.LOCKED, True, True)
    record = await house.get(film)
    assert record is not None
    assert (record.title, record.status) == ("T", LOCKED)


async def test_the_template_stays_what_it_is(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    (refused,) = await house.do(change(film, Draft(template=9, values={"fake": 1})))
    assert [flaw.kind for flaw in refused.flaws] == [FlawKind.BAD_TEMPLATE, FlawKind.UNKNOWN_FIELD]


async def test_who_may_only_read_writes_nothing(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    found, made, changed = await house.do(
        Fetch(group=CATALOG_ITEM, number=film.number),
        create(CONTACT, "x", last_name="y"),
        change(film, Draft(title="x")),
        acting=house.as_(Role.VIEWER),
    )
    assert [found.denial, made.denial, changed.denial] == [None, Denial.NOT_ALLOWED, Denial.NOT_ALLOWED]


async def test_who_may_only_read_is_not_told_what_there_is_to_write(house: House) -> None:
    nobody, other = RecordRef(CATALOG_ITEM, 999), RecordRef(RIGHT, 999)
    refused = await house.do(
        change(nobody, Draft(title="x")),
        Remove(group=CATALOG_ITEM, number=nobody.number),
        Copy(group=CATALOG_ITEM, number=nobody.number),
        Act(group=CATALOG_ITEM, number=nobody.number, action=1),
        Amortize(group=TABLE, number=nobody.number, model=77),
        Unusable(group=CATALOG_ITEM),
        acting=house.as_(Role.VIEWER),
    )
    assert {one.denial for one in refused} == {Denial.NOT_ALLOWED}
    links = await house.do(
        Relate(group=RELATIONSHIP, parent=nobody, child=other),
        Unrelate(group=RELATIONSHIP, number=999),
        Unusable(group=RELATIONSHIP),
        acting=house.as_(Role.VIEWER),
    )
    assert {one.denial for one in links} == {Denial.LINKS_NOT_ALLOWED}


async def test_what_was_only_to_be_read_is_unusable_to_everybody(house: House) -> None:
    (refused,) = await house.do(Unusable(group=CATALOG_ITEM, writes=False), acting=house.as_(Role.VIEWER))
    assert refused.denial is Denial.UNUSABLE


async def test_a_ban_counts_for_the_roles_it_names(house: House) -> None:
    clerk = house.as_(Role.CLERK)
    film, person = await house.do(create(CATALOG_ITEM), create(CONTACT, "x", last_name="y"), acting=clerk)
    assert (film.denial, person.denial) == (Denial.NOT_ALLOWED, None)


async def test_flags_of_a_date_are_kept_beside_it(house: House) -> None:
    film = await house.have(CATALOG_ITEM, premiere="2026-01-01")
    flagged = Draft(flags={"premiere": {"estimated": True}})
    wrong = Draft(flags={"premiere": {"estimated": 1}, "code": {"blocked": True}, "nope": {}})
    good, bad = await house.do(change(film, flagged), change(film, wrong))
    assert good.record is not None
    assert good.record.record.flags == {"premiere": Flags(estimated=True)}
    assert [flaw.kind for flaw in bad.flaws] == [FlawKind.BAD_VALUE, FlawKind.BAD_VALUE, FlawKind.UNKNOWN_FIELD]


async def test_a_record_is_made_below_its_parents(house: House) -> None:
    deal = await house.have(DEAL)
    asks = (ParentAsk(parent=deal), ParentAsk(parent=deal))
    (made,) = await house.do(Create(group=RIGHT, draft=Draft(template=1, parents=asks)))
    assert made.record is not None
    assert (made.record.parents, made.record.record.status) == (1, OPEN)
    wrong = Draft(title="x", template=1, parents=(ParentAsk(parent=deal),))
    (refused,) = await house.do(Create(group=CATALOG_ITEM, draft=wrong))
    assert [(flaw.kind, flaw.label, flaw.name) for flaw in refused.flaws] == [
        (FlawKind.BAD_PARENT, "deal", str(deal.number))
    ]


async def test_parents_are_added_unless_they_replace_the_others(house: House) -> None:
    first, second, third = [await house.have(CATALOG_ITEM, title) for title in "abc"]
    child = await house.have(CATALOG_ITEM)
    await house.link(first, child)
    (added,) = await house.do(change(child, Draft(parents=(ParentAsk(parent=second),))))
    assert added.record is not None
    assert added.record.parents == 2
    draft = Draft(parents=(ParentAsk(parent=third), ParentAsk(parent=second)), replace_parents=True)
    (replaced,) = await house.do(change(child, draft))
    assert replaced.record is not None
    assert replaced.record.parents == 2
    async with house.store.read() as tx:
        links = await tx.records.links_above(house.tenant, [child])
    assert {link.parent for link in links} == {second, third}


async def test_replacing_spares_what_it_is_told_to(house: House) -> None:
    deal, film = await house.have(DEAL), await house.have(CATALOG_ITEM)
    right = await house.have(RIGHT)
    await house.link(deal, right)
    await house.link(film, right)
    draft = Draft(parents=(), replace_parents=True, spared=(Spare(parent_type=DEAL, parent_templates=(12,)),))
    (changed,) = await house.do(change(right, draft))
    assert changed.record is not None
    assert changed.record.parents == 1


async def test_a_hundred_records_take_as_many_statements_as_one(house: House, statements: list[str]) -> None:
    await house.do(create(CONTACT, "x", last_name="y"))
    statements.clear()
    await house.do(create(CONTACT, "x", last_name="y"))
    one = _about_records(statements)
    statements.clear()
    await house.do(*[create(CONTACT, f"n{n}", last_name="y") for n in range(100)])
    assert _about_records(statements) == one


def _about_records(statements: list[str]) -> int:
    """How many statements there were beside those that put events into the outbox."""
    return sum(" outbox " not in sql for sql in statements)


async def test_numbers_and_titles_that_no_store_can_hold_are_refused_one_by_one(house: House) -> None:
    huge, deal = 2**70, await house.have(DEAL)
    asks = tuple(ParentAsk(parent=RecordRef(kind, number)) for kind, number in ((DEAL, huge), (huge, 1), (DEAL, -1)))
    draft = Draft(title="x", template=1, values={"last_name": "y"}, parents=asks)
    results = await house.do(
        Fetch(group=CONTACT, number=huge),
        change(RecordRef(CONTACT, -huge), Draft()),
        Remove(group=CONTACT, number=huge),
        FetchLink(group=0, number=huge),
        Unrelate(group=0, number=-huge),
        Relate(group=0, parent=deal, child=RecordRef(CONTACT, huge)),
        Act(group=CONTACT, number=huge, action=huge),
        Create(group=CONTACT, draft=draft),
        Create(group=CONTACT, draft=Draft(title="x", template=huge)),
        create(CONTACT, "a\0b", last_name="y"),
        create(CONTACT, "a\ud800b", last_name="y"),
    )
    assert [one.denial for one in results] == [
        *[Denial.NOT_FOUND] * 5,
        Denial.END_MISSING,
        Denial.NOT_FOUND,
        *[Denial.FAULTY] * 4,
    ]
    assert [flaw.kind for flaw in results[7].flaws] == [FlawKind.PARENT_MISSING] * 3
