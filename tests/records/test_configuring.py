"""Blueprints as documents: everything can be said, and every mistake is told with its place."""

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.document import MOST_BYTES, form_of
from muster.domain.errors import BadInput, MalformedBody, TooLarge
from muster.domain.records.amortization import Method
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.process import Chained
from muster.domain.records.template import DataType, Pairing, Trigger
from muster.domain.tenant import Role
from muster.records.configuring.blueprint import Changes, compare, read_blueprint, write_blueprint
from muster.records.configuring.samples import SAMPLES, sample, title_of


def toml(text: str) -> Blueprint:
    return read_blueprint(text.encode(), form="toml")


def faults(text: str) -> Mapping[str, str]:
    with pytest.raises(BadInput) as refused:
        toml(text)
    return {fault.path: fault.message for fault in refused.value.faults}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_sound_has_a_title_and_can_be_written_and_read_again(name: str) -> None:
    blueprint = read_blueprint(sample(name), form="toml")
    assert title_of(name)
    assert read_blueprint(write_blueprint(blueprint).encode(), form="toml") == blueprint


def test_the_conformance_sample_is_the_fixture_of_the_specification() -> None:
    blueprint = read_blueprint(sample("conformance"), form="toml")
    feature = blueprint.template_by_id[1, 1]
    process = blueprint.process_of(feature)
    assert (feature.name, list(feature.by_label)) == ("Feature", ["release_year", "notes", "genre"])
    assert (process.id, process.initial_status.name) == (4, "Development")
    assert {one.id: one.status for one in process.actions if one.id < 19} == {1: 1, 2: 2, 16: 16}
    assert [one.id for one in process.statuses if 16 in one.actions] == [1]
    locked = process.status_by_id[19]
    assert (locked.name, locked.locked, locked.deletable) == ("Inactive, Not Deletable, Locked", True, False)
    allocation = blueprint.template_by_id[5, 30]
    assert [allocation.indicated(n) is not None for n in (9, 5, 6)] == [True, True, True]
    assert [one.split for one in blueprint.model_by_id[77].periods] == [60, 20, 15, 5]


def test_the_film_sample_has_what_a_distributor_needs() -> None:
    blueprint = read_blueprint(sample("film-and-tv"), form="toml")
    names = {one.name for one in blueprint.templates}
    assert names >= {
        "Feature",
        "Series",
        "Episode",
        "Talent",
        "Company",
        "Acquisition",
        "License",
        "Rights In",
        "Rights Out",
    }
    assert len({one.method for one in blueprint.models}) >= 5
    assert blueprint.amortization.template == blueprint.template_by_id[10, 1].id


def test_fields_are_written_in_few_words() -> None:
    blueprint = toml("""
        [[lists]]
        id = 3
        name = "Colors"
        values = ["Red", { id = 9, label = "Blue", xref = "B", active = false }, "Green"]
        [field_sets.dates]
        term_start = { type = "date", indicator = "term_start", group = "Term" }
        [[templates]]
        type = "contact"
        id = 1
        name = "Person"
        use = ["dates"]
        children = ["contact/1", { type = "contact", template = "Person", relevance = 2 }]
        [templates.fields]
        first_name = "text"
        color = { list = "Colors", required = true, when = { field = "first_name", is = "x" } }
    """)
    (person,), (colors,) = blueprint.templates, blueprint.lists
    assert [(one.id, one.label) for one in colors.options] == [(1, "Red"), (9, "Blue"), (10, "Green")]
    start, name, color = person.fields
    assert (start.label, start.data_type, start.indicator, start.group, start.group_name) == (
        "term_start",
        DataType.DATE,
        5,
        1,
        "Term",
    )
    assert (name.name, name.data_type, name.sequence) == ("First name", DataType.TEXT, 2)
    assert (color.pick_list, color.trigger) == (3, Trigger(label="first_name", value="x"))
    assert person.children == (Pairing(char_type=2, template=1), Pairing(char_type=2, template=1, relevance=2))


def test_actions_are_chained_by_name_within_a_process_and_across() -> None:
    blueprint = toml("""
        [[roles]]
        id = 1
        name = "Finance"
        members = ["finance"]
        [[processes]]
        id = 1
        name = "A"
        statuses = [{ id = 1, name = "On", actions = ["go"] }]
        actions = [{ id = 1, name = "go", roles = ["Finance"], chained = ["go", { process = "B", action = "run" }] }]
        [[processes]]
        id = 2
        name = "B"
        statuses = [{ id = 1, name = "On", actions = [5] }]
        actions = [{ id = 5, name = "run" }]
    """)
    (step,) = blueprint.processes[0].actions
    assert step.chained == (Chained(process=1, action=1), Chained(process=2, action=5))
    assert blueprint.role_by_id[step.roles[0]].roles == (Role.FINANCE,)


def test_the_same_can_be_said_in_json() -> None:
    said = {"models": [{"id": 1, "name": "M", "splits": [33.333333, 66.666667]}, {"id": 2, "name": "S"}]}
    curve, straight = read_blueprint(json.dumps(said).encode(), form="json").models
    assert (curve.method, curve.periods[0].split) == (Method.CURVE, Decimal("33.333333"))
    assert straight.method is Method.STRAIGHT_LINE


MISTAKES = """
company_curency = "USD"
[[lists]]
id = 1
name = "Empty"
values = []
[[lists]]
id = 1
name = "Twice"
values = ["A", "A", { id = 1, label = "B" }]
[[processes]]
id = 4
name = "Titles"
statuses = [
  { id = 1, name = "Start", actions = ["Go", "Stpo"] },
  { id = 2, name = "Island", lokced = true },
]
actions = [
  { id = 1, name = "Go", to = "Nowhere" },
  { id = 2, name = "Stop", roles = ["Nobody"] },
]
[[templates]]
type = "catalog-itm"
id = 2
name = "Wrong type"
[[templates]]
type = "deal"
id = 12
name = "Deal"
process = "Tilte"
children = ["right/7", "deal", { type = "deal", template = 99 }]
use = ["windwo"]
[templates.fields]
title = "text"
"bad label" = "text"
year = "yaer"
genre = { list = "Genre" }
size = { type = "number", list = 1 }
days = { type = "date", multiple = true }
why = { when = { field = "yeer", is = "1" } }
long = { max_lenght = 3 }
number = 5
[[models]]
id = 77
name = "Uneven"
splits = [60, 20, 15]
[[models]]
id = 78
name = "Runs"
method = "per-run"
[[bans]]
type = "deal"
template = "Del"
roles = ["king"]
[field_sets.window]
start = "date"
"""
TOLD = {
    "company_curency": "did you mean 'company_currency'?",
    "lists[1].values": "at least one value",
    "lists[1].id": "1 is taken already",
    "lists[1].values[#2].label": "'A' is taken already",
    "lists[1].values[1].id": "1 is taken already",
    "processes[4].statuses[1].actions[2]": "did you mean 'Stop'?",
    "processes[4].statuses[2].lokced": "did you mean 'locked'?",
    "processes[4].statuses[2]": "no action leads from 'Start' to status 'Island'",
    "processes[4].actions[1].to": "there is no status 'Nowhere'",
    "processes[4].actions[2].roles[1]": "there is no role 'Nobody'",
    "processes[4].actions[2]": "no status offers the action 'Stop'",
    "templates[catalog-itm/2].type": "did you mean 'catalog-item'?",
    "templates[deal/12].process": "did you mean 'Titles'?",
    "templates[deal/12].children[1]": "there is no right template 7",
    "templates[deal/12].children[2]": 'such as "right/1"',
    "templates[deal/12].children[3].template": "there is no deal template 99",
    "templates[deal/12].use": "did you mean 'window'?",
    "templates[deal/12].fields.title": "searches give this name another meaning",
    "templates[deal/12].fields.bad label": "a label has letters",
    "templates[deal/12].fields.year.type": "did you mean 'year'?",
    "templates[deal/12].fields.genre.list": "there is no list 'Genre'",
    "templates[deal/12].fields.size.list": "only a text or a checkbox",
    "templates[deal/12].fields.days.multiple": "one value",
    "templates[deal/12].fields.why.when.field": "did you mean 'year'?",
    "templates[deal/12].fields.long.max_lenght": "did you mean 'max_length'?",
    "templates[deal/12].fields.number": "must be a table, not 5",
    "models[77].splits": "must sum to 100, not 95",
    "models[78].runs": "must have them",
    "bans[#1].template": "did you mean 'Deal'?",
    "bans[#1].roles[1]": "there is no 'king'",
    "field_sets.window": "no template uses this set",
}


def test_every_mistake_is_told_with_its_place() -> None:
    told = faults(MISTAKES)
    assert {path: text for path, text in TOLD.items() if text not in told.get(path, "")} == {}
    assert set(told) == set(TOLD)


@pytest.mark.parametrize(
    ("total", "sound"), [("100.000001", True), ("99.999999", True), ("100.000002", False), ("99.99999", False)]
)
def test_a_curve_sums_to_a_hundred_within_a_millionth(total: str, *, sound: bool) -> None:
    text = f'[[models]]\nid = 1\nname = "M"\nsplits = [50, {Decimal(total) - 50}]'
    if sound:
        toml(text)
    else:
        assert "models[1].splits" in faults(text)


@pytest.mark.parametrize(
    ("raw", "form", "error"),
    [
        (b"a = ", "toml", MalformedBody),
        (b"a = nan", "toml", MalformedBody),
        (b"\xff", "toml", MalformedBody),
        (b"[]", "json", MalformedBody),
        (b'{"a": 1, "a": 2}', "json", MalformedBody),
        (b'{"a": NaN}', "json", MalformedBody),
        (b"[" * 100_000, "json", MalformedBody),
        (b"a = " + b"[" * 5_000, "toml", MalformedBody),
        (b'{"a": ' + b"9" * 5_000 + b"}", "json", MalformedBody),
        (b" " * (MOST_BYTES + 1), "toml", TooLarge),
        (b'{"company_currency": "usd"}', "json", BadInput),
        (b'{"models": [{"id": 1e400, "name": "x"}]}', "json", BadInput),
        (b'{"parties": [{"id": 1, "name": "a\\u0000"}]}', "json", BadInput),
        (b'{"parties": [{"id": 1, "name": "\\ud800"}], "\\ud800": 1}', "json", BadInput),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes, form: str, error: type[BadInput]) -> None:
    with pytest.raises(error) as refused:
        read_blueprint(raw, form=form)
    assert "".join(f"{one.path}{one.message}" for one in refused.value.faults).encode() is not None


KEYS = st.sampled_from(
    [
        "lists",
        "parties",
        "roles",
        "processes",
        "templates",
        "models",
        "bans",
        "amortization",
        "period_actions",
        "field_sets",
        "id",
        "name",
        "type",
        "values",
        "statuses",
        "actions",
        "to",
        "chained",
        "fields",
        "use",
        "parents",
        "children",
        "list",
        "when",
        "group",
        "splits",
        "periods",
        "process",
        "template",
    ]
)
ATOMS = st.none() | st.booleans() | st.integers(-2, 20) | st.text(max_size=4) | st.sampled_from(["deal", "deal/1", "A"])
ANYTHING = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)


@given(st.dictionaries(KEYS, ANYTHING, max_size=8))
def test_no_document_does_more_than_be_refused(content: dict[str, object]) -> None:
    blueprint, refused = read_or_refused(json.dumps(content).encode())
    if refused is None:
        assert read_blueprint(write_blueprint(blueprint).encode(), form="toml") == blueprint
    else:
        assert refused.faults


def read_or_refused(document: bytes) -> tuple[Blueprint, BadInput | None]:
    try:
        return read_blueprint(document, form="json"), None
    except BadInput as refused:
        return Blueprint(), refused


def test_the_form_is_told_by_the_name_or_by_how_a_document_begins() -> None:
    assert [
        form_of("a.JSON", b""),
        form_of("a.toml", b"{"),
        form_of("-", b"\xef\xbb\xbf {"),
        form_of("", b"a = 1"),
    ] == [
        "json",
        "toml",
        "json",
        "toml",
    ]


def test_what_a_new_blueprint_changes_is_told_by_name() -> None:
    old = toml('[[parties]]\nid = 1\nname = "A"\n[[parties]]\nid = 2\nname = "B"\n[[models]]\nid = 1\nname = "M"')
    new = toml("""
        [[parties]]
        id = 1
        name = "A"
        [[models]]
        id = 1
        name = "M"
        method = "sum-of-years"
        [[roles]]
        id = 1
        name = "R"
        members = ["admin"]
    """)
    assert compare(old, old) == Changes()
    assert compare(old, new) == Changes(added=("role 1 R",), changed=("model 1 M",), removed=("party 2 B",))
