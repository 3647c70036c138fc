"""From a mailing's entries to parcels."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from muster.domain.batch import BatchState
from muster.domain.contact import Audience
from muster.domain.entry import EntryState, QueuedEntry
from muster.domain.ids import (
    AttachmentNumber,
    BatchId,
    BatchNumber,
    CategoryNumber,
    ContactNumber,
    MailingNumber,
    PartyNumber,
    TenantId,
    entry_id,
)
from muster.domain.letter import Enclosure
from muster.domain.mailing import Attachment, Mailing
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.kinds.kind import BatchFacts, Terms
from muster.kinds.notifications.entries import Stored, read, write
from muster.kinds.notifications.kind import NAME, Notifications
from muster.kinds.notifications.opt_out import Tokens, Wish
from tests.fakes.clock import START

KEY = b"a key for links"
BATCH = BatchId(UUID(int=7))
LOGO = Enclosure(file_name="logo.png", content_type="image/png", size=3, key="a/b")


def a_mailing(**fields: object) -> Mailing:
    given: dict[str, object] = {
        "number": MailingNumber(1),
        "batch": BatchNumber(2),
        "batch_id": BATCH,
        "state": BatchState.RUNNING,
        "category": CategoryNumber(6),
        "party": PartyNumber(3),
        "subject": "Hello",
        "body": "<p>Hello <script>x()</script>you</p>",
        "made_by": None,
        "made_for": None,
        "created_at": START,
        "updated_at": START,
        "attachments": (Attachment(number=AttachmentNumber(1), mailing=MailingNumber(1), name="Logo", enclosure=LOGO),),
        "category_name": "Orders",
        "party_name": "Acme",
        "opt_out_allowed": True,
        **fields,
    }
    return Mailing(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def facts(mailing: Mailing | None, *, opt_out_base: str = "https://m.example/u") -> BatchFacts:
    return BatchFacts(
        number=BatchNumber(2),
        id=BATCH,
        template=None,
        link_base="",
        link_key=KEY,
        terms=Terms(),
        mailing=mailing,
        opt_out_base=opt_out_base,
        tenant=TenantId(9),
    )


def an_entry(position: int = 0, *, contact: int = 5, name: str = "Ann", attempts: int = 0) -> QueuedEntry:
    payload = write(Stored(ContactNumber(contact), name))
    return QueuedEntry(position, EntryState.ACCEPTED, "Ann@Example.com", payload, attempts, 0)


def packed(mailing: Mailing, *entries: QueuedEntry) -> list[Parcel]:
    parcels = Notifications().pack(facts(mailing), entries)
    return [parcel for parcel in parcels if isinstance(parcel, Parcel)]


def test_an_entry_becomes_a_letter_to_its_contact() -> None:
    (parcel,) = packed(a_mailing(), an_entry(3, attempts=1))
    token = Tokens(KEY).of(Wish(TenantId(9), ContactNumber(5), CategoryNumber(6)))
    assert parcel.key == str(entry_id(BATCH, 3))
    assert (parcel.address, parcel.name, parcel.text) == ("Ann@Example.com", "Ann", "")
    assert (parcel.attempt, parcel.repeat) == (2, False)
    assert parcel.opt_out == f"https://m.example/u/{token}"
    letter = parcel.letter
    assert letter is not None
    assert (letter.subject, letter.html, letter.text) == ("Hello", "<p>Hello you</p>", "Hello you\n")
    assert (letter.enclosures, letter.sender_name) == ((LOGO,), "Acme")
    assert letter.footer == "You receive this e-mail because you are on the list for “Orders” from Acme."


def test_all_of_a_mailing_carry_the_same_letter_window_after_window() -> None:
    kind, mailing = Notifications(), a_mailing()
    later = msgspec.structs.replace(mailing, updated_at=START + timedelta(hours=1), state=BatchState.CANCELLING)
    parcels = [*kind.pack(facts(mailing), [an_entry(0), an_entry(1)]), *kind.pack(facts(later), [an_entry(2)])]
    letters = {id(parcel.letter) for parcel in parcels if isinstance(parcel, Parcel)}
    assert len(letters) == 1


def test_a_letter_that_says_something_else_has_another_key() -> None:
    changes: list[dict[str, object]] = [{}, {"subject": "Bye"}, {"body": "x"}, {"party_name": "B"}, {"attachments": ()}]
    letters = [packed(a_mailing(**change), an_entry())[0].letter for change in changes]
    assert len({letter.key for letter in letters if letter}) == len(changes)


@pytest.mark.parametrize("mailing", [a_mailing(opt_out_allowed=False)])
def test_a_mandatory_category_offers_no_way_out(mailing: Mailing) -> None:
    assert packed(mailing, an_entry())[0].opt_out == ""


def test_without_a_page_there_is_no_way_out() -> None:
    (parcel,) = Notifications().pack(facts(a_mailing(), opt_out_base=""), [an_entry()])
    assert isinstance(parcel, Parcel)
    assert parcel.opt_out == ""


def test_the_wishes_of_everybody_are_asked() -> None:
    unreadable = QueuedEntry(1, EntryState.ACCEPTED, "x", "{", 0, 0)
    audience = Notifications().audience(facts(a_mailing()), [an_entry(contact=5), unreadable, an_entry(contact=8)])
    contacts = (ContactNumber(5), ContactNumber(0), ContactNumber(8))
    assert audience == Audience(category=CategoryNumber(6), party=PartyNumber(3), contacts=contacts)


def test_what_cannot_be_read_or_made_is_refused() -> None:
    kind, unreadable = Notifications(), QueuedEntry(1, EntryState.ACCEPTED, "x", "{}", 0, 0)
    first, second = kind.pack(facts(a_mailing()), [an_entry(), unreadable])
    assert isinstance(first, Parcel)
    assert isinstance(second, Refused)
    assert second.code == "unreadable_entry"
    grows = "<p>" + "".join(f"<b id=x{number}>" for number in range(16)) + "<p>x" * 9999
    tangled = [a_mailing(body=body) for body in ("<div>" * 999, grows)]
    for mailing, code in ((None, "mailing_missing"), *((one, "body_tangled") for one in tangled)):
        refused = kind.pack(facts(mailing), [an_entry(), an_entry(1)])
        assert [one.code for one in refused if isinstance(one, Refused)] == [code, code]
    assert kind.audience(facts(None), [an_entry()]) is None


def test_it_carries_letters_and_opens_nothing() -> None:
    kind = Notifications()
    assert (kind.name, kind.medium) == (NAME, Medium.LETTER)
    assert not kind.opens_workflows
    assert not kind.stands_alone
    assert kind.openings(facts(a_mailing()), [an_entry()], at=START) == ()
    assert kind.speaks_of(facts(a_mailing()), an_entry()) is None
    assert kind.comparable(" Ann@Example.com") == "ann@example.com"


def test_a_payload_is_read_as_it_was_written() -> None:
    assert write(Stored(ContactNumber(5), "Zoë")) == '{"contact":5,"name":"Zoë"}'
    assert write(Stored(ContactNumber(5))) == '{"contact":5}'
    assert read('{"contact":5,"name":"Zoë"}') == Stored(ContactNumber(5), "Zoë")
