"""What is shown of an object, and what is left out."""

import pytest

from muster.lookup.shelves import ShelfName, Wants
from muster.surfaces.notifications.translate.query import read_selection
from muster.surfaces.notifications.translate.select import Selection, changed, everything

CATEGORY: dict[str, object] = {
    "id": "NTC-0000-0006",
    "revision": 1,
    "name": "Orders",
    "status": "Published",
    "optOutAllowed": True,
    "statistics": {"today": {"sent": 1}, "week": {"sent": 2}},
    "audit": {"created": {"at": "2026-01-01T00:00:00.000Z"}},
}
BATCH: dict[str, object] = {
    "id": "MST-0000-0000-0001",
    "revision": 1,
    "status": "Queued",
    "category": CATEGORY,
    "account": {"id": "ACC-0000-0001", "name": "Us", "type": "Operations", "website": "w", "audit": {}},
    "subject": "Hello",
    "body": "<b>Hello</b>",
    "attachments": [{"id": "ATT-0000-0000-0001", "name": "a"}, {"id": "ATT-0000-0000-0002", "name": "b"}],
    "audit": {"created": {"at": "…", "by": {"id": "TKN-0000-0001", "name": "t"}}, "updated": {"at": "…"}},
}


def shown(select: str) -> dict[str, object]:
    return read_selection(ShelfName.MAILINGS, f"select={select}".encode()).prune_root(BATCH)


def under(select: str, name: str) -> object:
    return shown(select)[name]


def test_by_default_references_are_short_and_what_costs_is_left_out() -> None:
    whole = shown("")

    assert whole.keys() == {*BATCH, "$meta"} - {"attachments", "audit"}
    assert whole["$meta"] == {"omitted": ["attachments", "audit"]}
    assert whole["category"] == {"id": "NTC-0000-0006", "name": "Orders", "status": "Published"}
    assert whole["account"] == {"id": "ACC-0000-0001", "name": "Us", "type": "Operations"}


def test_what_is_selected_is_added() -> None:
    whole = shown("attachments%2C%2Bcategory.statistics")

    assert whole["attachments"] == BATCH["attachments"]
    assert whole["$meta"] == {"omitted": ["audit"]}
    assert whole["category"] == {
        "id": "NTC-0000-0006",
        "name": "Orders",
        "status": "Published",
        "statistics": CATEGORY["statistics"],
    }


def test_what_is_excluded_goes_and_is_told() -> None:
    whole = shown("+audit,-body,-account")

    assert whole.keys() == {"id", "revision", "status", "category", "subject", "audit", "$meta"}
    assert whole["$meta"] == {"omitted": ["account", "body", "attachments"]}


@pytest.mark.parametrize("select", ["-*,+id,+subject", "+id,subject,-*", "-*,%20id,%20subject"])
def test_a_star_comes_first_wherever_it_stands(select: str) -> None:
    whole = shown(select)

    assert whole.keys() == {"id", "subject", "$meta"}
    assert whole["$meta"] == {
        "omitted": ["revision", "status", "category", "account", "body", "attachments", "audit"],
    }


def test_a_star_is_all_fields_of_its_level() -> None:
    assert shown("*")["$meta"] == {"omitted": []}
    assert under("*", "category") == {"id": "NTC-0000-0006", "name": "Orders", "status": "Published"}
    assert under("category.*", "category") == CATEGORY


def test_a_reference_that_is_selected_is_shown_as_if_it_stood_alone() -> None:
    assert under("category", "category") == {n: v for n, v in CATEGORY.items() if n not in {"statistics", "audit"}}


@pytest.mark.parametrize(
    ("select", "name", "value"),
    [
        ("audit.updated", "audit", {"updated": {"at": "…"}}),
        ("audit,-audit.created", "audit", {"updated": {"at": "…"}}),
        ("audit.created.by.id", "audit", {"created": {"by": {"id": "TKN-0000-0001"}}}),
        ("attachments.name", "attachments", [{"name": "a"}, {"name": "b"}]),
        ("-*,category.id", "category", {"id": "NTC-0000-0006"}),
        ("category.statistics.today,-category.name,-category.status", "category", None),
    ],
)
def test_parts_of_parts_can_be_selected(select: str, name: str, value: object) -> None:
    wanted = value or {"id": "NTC-0000-0006", "statistics": {"today": {"sent": 1}}}

    assert under(select, name) == wanted


@pytest.mark.parametrize(
    "select", ["-config", "+nope", "nope.nope", "-", ",,", "...", "a.b.c.d.e.f.g.h", "-audit.created"]
)
def test_names_that_there_are_not_are_ignored(select: str) -> None:
    assert shown(select) == shown("")


def test_items_of_a_list_carry_no_meta() -> None:
    assert "$meta" not in Selection(ShelfName.MAILINGS).prune(BATCH)


def test_everything_is_everything() -> None:
    assert everything(ShelfName.MAILINGS).prune_root(BATCH) == {**BATCH, "$meta": {"omitted": []}}


def test_after_a_change_it_is_told_who_made_it() -> None:
    whole = changed(ShelfName.CATEGORIES).prune_root(CATEGORY)

    assert "audit" in whole
    assert whole["$meta"] == {"omitted": ["statistics"]}


@pytest.mark.parametrize(
    ("shelf", "items", "wants"),
    [
        (ShelfName.CATEGORIES, [], Wants(statistics=False, bodies=False)),
        (ShelfName.CATEGORIES, ["statistics.today"], Wants(statistics=True, bodies=False)),
        (ShelfName.MAILINGS, ["category.statistics"], Wants(statistics=True, bodies=True)),
        (ShelfName.MAILINGS, ["category.*"], Wants(statistics=True, bodies=True)),
        (ShelfName.MAILINGS, ["category"], Wants(statistics=False, bodies=True)),
        (ShelfName.MESSAGES, ["-body"], Wants(statistics=False, bodies=False)),
        (ShelfName.MESSAGES, ["-body", "attachments"], Wants(statistics=False, bodies=True)),
        (ShelfName.MESSAGES, ["-*", "id"], Wants(statistics=False, bodies=False)),
    ],
)
def test_what_costs_something_is_wanted_only_where_it_is_shown(
    shelf: ShelfName, items: list[str], wants: Wants
) -> None:
    assert Selection(shelf, items).wants == wants
