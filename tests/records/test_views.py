"""Records and relationships as they are shown."""

from datetime import UTC, datetime

import msgspec

from muster.domain.records.blueprint import Blueprint, Party
from muster.domain.records.char_types import CATALOG_ITEM, RecordRef
from muster.domain.records.record import Link, Record, Stamp
from muster.records.work.views import kind_name, link_view_of, view_of
from tests.records.house import BLUEPRINT

STAMP = Stamp(datetime(2026, 1, 1, tzinfo=UTC), 1)
FILM = Record(
    ref=RecordRef(CATALOG_ITEM, 1),
    template=1,
    status=2,
    title="T",
    values={},
    created=STAMP,
    updated=STAMP,
    moved=STAMP,
)


def test_a_record_is_shown_with_the_names_of_its_template_process_and_status() -> None:
    shown = view_of(BLUEPRINT, FILM, parents=3)
    assert (shown.template_name, shown.process, shown.process_name, shown.status_name) == (
        "Feature",
        4,
        "Titles",
        "Locked",
    )
    assert (shown.parents, shown.links) == (3, None)


def test_what_the_blueprint_knows_no_more_has_no_name() -> None:
    shown = view_of(Blueprint(), msgspec.structs.replace(FILM, template=9), parents=0)
    assert (shown.template_name, shown.process, shown.status_name) == ("", 0, "")


def test_a_party_goes_before_the_implicit_relationship_of_its_number() -> None:
    assert [kind_name(BLUEPRINT, kind) for kind in (0, 1, 2, 99)] == ["Default", "Implicit", "Contracting Party", ""]
    assert kind_name(Blueprint(parties=(Party(id=1, name="Counterparty"),)), 1) == "Counterparty"


def test_a_relationship_is_shown_with_the_ends_that_are_given() -> None:
    link = Link(number=1, kind=0, parent=FILM.ref, child=FILM.ref, sequence=1, created=STAMP, updated=STAMP)
    shown = link_view_of(BLUEPRINT, link, parent=FILM)
    assert shown.parent is not None
    assert (shown.parent.status_name, shown.child) == ("Locked", None)
