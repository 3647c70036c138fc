"""What one object says of another."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.category import Category, Statistics, Tally
from muster.domain.contact import Contact
from muster.domain.directory import Party, PartyKind, Person, Token, TokenState
from muster.domain.ids import (
    CategoryNumber,
    ContactNumber,
    PartyNumber,
    PersonNumber,
    PrincipalId,
    TokenNumber,
)
from muster.domain.mark import Mark
from muster.lookup.shelves import Related
from muster.surfaces.notifications.translate.categories import category_full, render_category
from muster.surfaces.notifications.translate.contacts import render_contact
from muster.surfaces.notifications.translate.references import account_full, account_ref, audit, category_ref, moment

AT = datetime(2026, 1, 8, 6, 31, 30, 827_499, tzinfo=UTC)
MARKS = {"created": Mark(AT)}
NOBODY = Related(categories={}, parties={}, contacts={}, people={}, groups={}, tokens={}, mailings={}, statistics={})
PARTY = Party(
    number=PartyNumber(1),
    kind=PartyKind.CLIENT,
    name="Acme",
    details='{"serviceLevel":"Elite","name":"an older name"}',
    marks=MARKS,
)
TOKEN = Token(
    number=TokenNumber(2),
    party=PARTY.number,
    principal=PrincipalId(UUID(int=1)),
    name="robot",
    state=TokenState.DELETED,
    created_at=AT,
)
ORDERS = Category(number=CategoryNumber(6), name="Orders", marks=MARKS, last_used=AT)


def knowing(**known: object) -> Related:
    return msgspec.structs.replace(NOBODY, **known)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_have_three_digits_of_a_second_and_z(at: datetime) -> None:
    told = moment(at) or ""

    assert told[19] == "."
    assert (len(told), told[-1]) == (24, "Z")
    assert abs(datetime.fromisoformat(told) - at).total_seconds() < 0.001


def test_an_event_names_the_token_and_its_account() -> None:
    related = knowing(tokens={2: TOKEN}, parties={1: PARTY})

    assert audit({"created": Mark(AT, TOKEN.number, PARTY.number), "blocked": Mark(AT)}, related) == {
        "created": {
            "at": "2026-01-08T06:31:30.827Z",
            "by": {"id": "TKN-0000-0002", "name": "robot"},
            "of": {"id": "ACC-0000-0001", "name": "Acme"},
        },
        "blocked": {"at": "2026-01-08T06:31:30.827Z"},
    }


def test_what_is_gone_is_told_by_its_id_alone() -> None:
    number = CategoryNumber(6)

    assert category_ref(number, NOBODY) == category_full(number, NOBODY) == {"id": "NTC-0000-0006"}
    assert account_ref(PartyNumber(1), NOBODY) == account_full(PartyNumber(1), NOBODY) == {"id": "ACC-0000-0001"}


def test_an_account_is_told_with_what_else_is_known_of_it() -> None:
    whole = account_full(PARTY.number, knowing(parties={1: PARTY}))

    assert (whole["serviceLevel"], whole["name"], whole["type"], whole["status"]) == (
        "Elite",
        "Acme",
        "Client",
        "Active",
    )
    assert "icon" not in whole


def test_statistics_are_told_where_they_were_read() -> None:
    counted = Statistics(
        today=Tally(sent=2, bounced=1), month=Tally(sent=5, bounced=1, complained=1, discarded=2, failed=3)
    )

    assert "statistics" not in render_category(ORDERS, NOBODY)
    told = render_category(ORDERS, knowing(statistics={6: counted}))["statistics"]
    assert isinstance(told, dict)
    assert told["today"] == {"sent": 2, "bounced": 1, "complained": 0, "discarded": 0, "failed": 0, "total": 3}
    assert (told["week"]["total"], told["month"]["total"]) == (0, 12)


def test_a_contact_leaves_out_opt_outs_from_categories_that_are_gone() -> None:
    person = Person(number=PersonNumber(3), party=None, name="Ann", email="ann@example.com")
    contact = Contact(
        number=ContactNumber(1),
        email="Ann@example.com",
        person=person.number,
        opt_outs=(CategoryNumber(5), ORDERS.number),
        marks=MARKS,
    )

    told = render_contact(contact, knowing(categories={6: ORDERS}, people={3: person}))

    assert told["optOuts"] == [category_full(ORDERS.number, knowing(categories={6: ORDERS}))]
    assert told["user"] == {"id": "USR-0000-0003", "name": "Ann", "email": "ann@example.com"}
    assert {"name", "blockedReason"}.isdisjoint(told)
