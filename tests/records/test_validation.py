"""Whether values fit a template: what is taken of each data type, in what form it is kept, what is refused."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import RecordRef
from muster.domain.records.money import Rate
from muster.domain.records.operation import Denial, Denied, Flaw, FlawKind
from muster.domain.records.record import Record, Stamp, Values
from muster.domain.records.template import DataType, Field, Option, PickList, Template, Trigger
from muster.records.values.validation import Exchange, blocking, checked, converted, flaws_of

GENRES = PickList(
    id=7,
    guid="",
    name="Genre",
    options=(
        Option(id=1, label="Drama"),
        Option(id=2, label="Comedy", xref="COM"),
        Option(id=3, label="Western", active=False),
        Option(id=4, label="2020"),
    ),
)
ANSWERS = PickList(id=8, guid="", name="Answers", options=(Option(id=11, label="Yes"), Option(id=12, label="No")))
FIELDS = (
    Field(label="text", name="Text", max_length=10),
    Field(label="texts", name="Texts", multiple=True),
    Field(label="genre", name="Genre", pick_list=7),
    Field(label="genres", name="Genres", pick_list=7, multiple=True),
    Field(label="box", name="Box", data_type=DataType.CHECKBOX),
    Field(label="answer", name="Answer", data_type=DataType.CHECKBOX, pick_list=8),
    Field(label="date", name="Date", data_type=DataType.DATE),
    Field(label="year", name="Year", data_type=DataType.YEAR),
    Field(label="number", name="Number", data_type=DataType.NUMBER),
    Field(label="short", name="Short number", data_type=DataType.NUMBER, max_length=3),
    Field(label="share", name="Share", data_type=DataType.PERCENTAGE),
    Field(label="money", name="Money", data_type=DataType.MONEY),
    Field(label="monies", name="Monies", data_type=DataType.MONEY, multiple=True),
    Field(label="mail", name="Mail", data_type=DataType.EMAIL),
    Field(label="site", name="Site", data_type=DataType.ADDRESS),
    Field(label="code", name="Code", data_type=DataType.TIMECODE),
    Field(label="secret", name="Secret", data_type=DataType.PASSWORD, max_length=4),
    Field(label="fixed", name="Fixed", editable=False),
)
TEMPLATE = Template(char_type=1, id=1, name="Everything", fields=FIELDS)
LISTS = {7: GENRES, 8: ANSWERS}
RATES = (
    Rate(id=UUID(int=1), company="USD", transaction="EUR", rate=Decimal("1.1"), since=date(2024, 1, 1)),
    Rate(id=UUID(int=2), company="USD", transaction="EUR", rate=Decimal("1.2"), since=date(2024, 6, 1)),
)
TODAY = Exchange(rates=RATES, company="USD", day=date(2024, 3, 1))


def check(  # noqa: PLR0913 - as many circumstances as there are
    raw: Values,
    before: Values | None = None,
    *,
    template: Template = TEMPLATE,
    exchange: Exchange = TODAY,
    creating: bool = False,
    by_hand: bool = True,
    calculated: frozenset[str] = frozenset(),
) -> tuple[Values, list[Flaw]]:
    return checked(
        template,
        LISTS,
        raw,
        before=before or {},
        exchange=exchange,
        creating=creating,
        by_hand=by_hand,
        calculated=calculated,
    )


def kept(label: str, raw: object, before: Values | None = None) -> object:
    values, flaws = check({label: raw}, before)
    assert flaws == []
    return values.get(label)


def kinds(raw: Values, before: Values | None = None) -> list[tuple[FlawKind, str]]:
    return [(flaw.kind, flaw.label) for flaw in check(raw, before)[1]]


DRAMA = {"id": 1, "value": "Drama"}
COMEDY = {"id": 2, "value": "Comedy", "xref": "COM"}
MONEY = {
    "locAmt": Decimal(10),
    "locCur": 978,
    "locSym": "EUR",
    "divAmt": Decimal("11.00"),
    "divCur": 840,
    "divSym": "USD",
}

TAKEN: Mapping[str, list[tuple[object, object]]] = {
    "text": [
        ("a", "a"),
        (" ", " "),
        (5, "5"),
        (True, "true"),
        (Decimal("1.50"), "1.5"),
        (["one"], "one"),
        ("é🎬", "é🎬"),
    ],
    "texts": [("a", ["a"]), (["a", "b", "a"], ["a", "b", "a"]), ([1], ["1"])],
    "genre": [
        ("Drama", DRAMA),
        ("drama ", DRAMA),
        ({"id": 1}, DRAMA),
        ({"ID": "1"}, DRAMA),
        ({"value": "Comedy"}, COMEDY),
        ({"xref": "COM"}, COMEDY),
        ("COM", COMEDY),
        (COMEDY, COMEDY),
        ([DRAMA], DRAMA),
        ({"id": 1, "value": "Its former name"}, DRAMA),
        (2, COMEDY),
        (2020, {"id": 4, "value": "2020"}),
    ],
    "genres": [("Drama", [DRAMA]), (["Drama", {"id": 2}, 1], [DRAMA, COMEDY])],
    "box": [
        (True, {"id": 1, "value": "Yes"}),
        ("no", {"id": 2, "value": "No"}),
        ({"value": "Yes"}, {"id": 1, "value": "Yes"}),
    ],
    "answer": [
        (True, {"id": 11, "value": "Yes"}),
        ("false", {"id": 12, "value": "No"}),
        (12, {"id": 12, "value": "No"}),
    ],
    "date": [
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T23:30:00.000Z", "2024-02-29"),
        ("2024-02-29T23:30:00-05:00", "2024-02-29"),
        ("02/29/2024", "2024-02-29"),
        ("2/9/2024", "2024-02-09"),
        (date(2024, 2, 29), "2024-02-29"),
    ],
    "year": [(2024, 2024), ("1999", 1999), (Decimal("2024.0"), 2024)],
    "number": [
        (1, 1),
        ("1.50", Decimal("1.5")),
        ("-1e3", -1000),
        (Decimal("0.000000000001"), Decimal("0.000000000001")),
        (10**24 - 1, 10**24 - 1),
        ("-0", 0),
        (Decimal("0E+999999"), 0),
        ("999999999999999999999999.999999999999", Decimal("999999999999999999999999.999999999999")),
    ],
    "share": [(Decimal("12.5"), Decimal("12.5"))],
    "mail": [(" ada@example.org ", "ada@example.org")],
    "site": [("https://example.org/a?b=c", "https://example.org/a?b=c"), ("www.example.org", "www.example.org")],
    "code": [("01:02:03:24", "01:02:03:24"), ("01:02:03;24", "01:02:03;24")],
    "money": [
        ({"locAmt": 10, "locSym": "EUR"}, MONEY),
        ({"LocAmt": "10", "LocCur": "eur"}, MONEY),
        (MONEY, MONEY),
        ({"locAmt": 10, "locCur": 978}, MONEY),
        ({"locAmt": 10, "locCur": " 978 ", "locSym": "eur "}, MONEY),
        ({**MONEY, "locCur": "EUR", "divCur": "840"}, MONEY),
    ],
}

REFUSED: Mapping[str, list[object]] = {
    "text": [{}, {"a": 1}, "a\0", "\ud800", Decimal("1e400"), 10**5000, [["a"]], [None], [""]],
    "genre": ["Nope", {}, {"id": 99}, {"id": True}, {"id": None}, 99, True, "Western", {"id": 3}, {"value": 5}, 1.5],
    "box": ["perhaps", 3, {"id": 9}, Decimal(1)],
    "date": ["2023-02-29", "2024-13-01", "31/12/2024", "0000-01-01", "today", 20240101, "2024-1-1",
        "2024-01-01T99:00", True, {}],
    "year": ["20x6", 999, 10000, "02024", Decimal("2024.5"), True, {}],
    "number": [
        "1,000", "abc", 10**24, "1e400", Decimal("1E+999999999"), Decimal("1E-999999999"), Decimal("NaN"),
        float("inf"), "0.0000000000001", True, {}, "\u0663", 10**5000, "1" * 500, Decimal("sNaN"),
    ],
    "mail": ["ada", "ada@", "ada@example", 5, "a" * 400 + "@example.org"],
    "site": ["javascript:alert(1)", "not a site", "http://", 5, "http://[::1"],
    "code": ["1:2:3:4", "24:00:00:00", "00:60:00:00", "\u0660\u0660:00:00:00"],
    "money": [
        10, "10 EUR", {}, {"locAmt": 10}, {"locSym": "EUR"}, {"locAmt": 10, "locSym": "EURO"},
        {"locAmt": 10, "locSym": "€"}, {"locAmt": 10, "locSym": "ABC"}, {"locAmt": 10, "locSym": 978},
        {"locAmt": 10, "locCur": 1}, {"locAmt": 10, "locCur": -978}, {"locAmt": 10, "locCur": Decimal("978.5")},
        {"locAmt": 10, "locCur": True}, {"locAmt": 10, "locCur": "\u0669"}, {"locAmt": 10, "locCur": 10**5000},
        {"locAmt": 10, "locSym": "EUR", "locCur": 840}, {"locAmt": 10, "locSym": "EUR", "divCur": 978},
        {"locAmt": 10, "locSym": "EUR", "locCur": "USD"}, {"locAmt": 10, "locSym": "EUR", "divAmt": 5},
        {"locAmt": 10, "locSym": "EUR", "other": 1}, {"locAmt": 10, "locSym": "EUR", "divCur": "EUR"},
        {"locAmt": "x", "locSym": "EUR"}, {"locAmt": 10, "locSym": "EUR", "LOCSYM": "EUR"},
        {"locAmt": None, "locSym": "EUR"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("label", "raw", "form"),
    [pytest.param(k, raw, form, id=f"{k}-{n}") for k, pairs in TAKEN.items() for n, (raw, form) in enumerate(pairs)],
)
def test_what_is_taken_is_kept_in_one_form(label: str, raw: object, form: object) -> None:
    assert kept(label, raw) == form
    assert kept(label, form, {label: form}) == form


@pytest.mark.parametrize(
    ("label", "raw"),
    [pytest.param(label, raw, id=f"{label}-{n}") for label, raws in REFUSED.items() for n, raw in enumerate(raws)],
)
def test_what_does_not_fit_is_named_once(label: str, raw: object) -> None:
    assert kinds({label: raw}) == [(FlawKind.BAD_VALUE, label)]


def test_every_flaw_is_told_at_once() -> None:
    raw = {
        "fake": 1,
        "year": "20x6",
        "genre": "Nope",
        "text": "x" * 11,
        "short": 1234,
        "date": ["2024-01-01", "2024-01-02"],
    }
    assert kinds(raw) == [
        (FlawKind.UNKNOWN_FIELD, "fake"),
        (FlawKind.BAD_VALUE, "year"),
        (FlawKind.BAD_VALUE, "genre"),
        (FlawKind.TOO_LONG, "text"),
        (FlawKind.TOO_LONG, "short"),
        (FlawKind.NOT_MULTIPLE, "date"),
    ]
    assert [flaw.limit for flaw in check(raw)[1] if flaw.kind is FlawKind.TOO_LONG] == [10, 3]


def test_a_label_that_nobody_can_print_is_told_as_far_as_it_can_be() -> None:
    (flaw,) = check({"\ud800" + "x" * 1000: 1})[1]
    assert flaw.label.encode() == b"?" + b"x" * 199


def test_what_is_not_mentioned_stays_and_what_is_cleared_goes() -> None:
    before = {"text": "a", "texts": ["b"], "year": 2020, "date": "2024-01-01"}
    values, flaws = check({"text": None, "texts": [], "year": ""}, before)
    assert (values, flaws) == ({"date": "2024-01-01"}, [])


def test_a_value_that_does_not_fit_leaves_what_was_there() -> None:
    assert check({"year": "x"}, {"year": 2020})[0] == {"year": 2020}


def test_a_value_that_is_no_longer_active_stays_where_it_is() -> None:
    western = {"id": 3, "value": "Western"}
    assert kept("genre", western, {"genre": western}) == western
    assert kept("genres", ["Drama", {"id": 3}], {"genres": [western]}) == [DRAMA, western]


class TestRequired:
    """Fields that must have a value."""

    TEMPLATE = Template(
        char_type=1,
        id=1,
        name="T",
        fields=(
            Field(label="code", name="Code", required=True),
            Field(label="box", name="Box", data_type=DataType.CHECKBOX),
            Field(label="why", name="Why", required=True, trigger=Trigger(label="box", value="yes")),
        ),
    )

    def missing(self, raw: Values, before: Values | None = None, *, creating: bool = False) -> list[str]:
        flaws = check(raw, before, template=self.TEMPLATE, creating=creating)[1]
        assert {flaw.kind for flaw in flaws} <= {FlawKind.REQUIRED}
        return [flaw.label for flaw in flaws]

    def test_a_new_record_must_have_it(self) -> None:
        assert self.missing({}, creating=True) == ["code"]
        assert self.missing({"code": "x"}, creating=True) == []

    def test_it_cannot_be_cleared(self) -> None:
        assert self.missing({"code": None}, {"code": "x"}) == ["code"]

    def test_a_change_of_something_else_does_not_ask_for_it(self) -> None:
        assert self.missing({"box": False}, {}) == []

    def test_it_is_asked_for_only_while_another_field_has_the_value(self) -> None:
        assert self.missing({"code": "x", "box": True}, creating=True) == ["why"]
        assert self.missing({"box": "Yes"}, {"code": "x"}) == ["why"]
        assert self.missing({"box": True, "why": "so"}, {"code": "x"}) == []
        assert self.missing({"why": None}, {"code": "x", "box": {"id": 2, "value": "No"}, "why": "so"}) == []

    def test_a_bad_value_is_not_told_as_missing_too(self) -> None:
        flaws = check({"code": {}}, template=self.TEMPLATE, creating=True)[1]
        assert [flaw.kind for flaw in flaws] == [FlawKind.BAD_VALUE]


class TestMoney:
    """Amounts, and what they are worth."""

    def test_the_rate_of_the_day_counts_and_cents_are_rounded_half_up(self) -> None:
        values, _ = check({"money": {"locAmt": "10.05", "locSym": "EUR"}})
        assert values["money"] == {**MONEY, "locAmt": Decimal("10.05"), "divAmt": Decimal("11.06")}  # 11.055

    def test_without_a_rate_nobody_knows(self) -> None:
        values, flaws = check({"money": {"locAmt": 1, "locSym": "JPY"}})
        assert flaws == []
        assert values["money"] == {**MONEY, "locAmt": 1, "locCur": 392, "locSym": "JPY", "divAmt": None}

    def test_in_the_companys_currency_it_is_the_same(self) -> None:
        values, _ = check({"money": {"locAmt": "7.5", "locSym": "usd"}})
        seven = Decimal("7.5")
        assert values["money"] == {**MONEY, "locAmt": seven, "locCur": 840, "locSym": "USD", "divAmt": seven}

    def test_what_was_told_may_be_sent_back_though_the_rate_has_changed(self) -> None:
        later = Exchange(rates=RATES, company="USD", day=date(2024, 7, 1))
        values, flaws = check({"money": MONEY}, {"money": MONEY}, exchange=later)
        assert (values, flaws) == ({"money": MONEY}, [])
        anew, _ = check({"money": {"locAmt": 10, "locSym": "EUR"}}, {"money": MONEY}, exchange=later)
        assert anew == {"money": {**MONEY, "divAmt": Decimal("12.00")}}

    def test_a_new_amount_with_the_old_conversion_is_refused(self) -> None:
        assert kinds({"money": {**MONEY, "locAmt": 20}}, {"money": MONEY}) == [(FlawKind.BAD_VALUE, "money")]

    def test_nulls_are_not_sent(self) -> None:
        assert kept("money", {"locAmt": 10, "locSym": "EUR", "divAmt": None, "divCur": None}) == MONEY

    def test_the_records_own_transaction_date_counts(self) -> None:
        template = Template(
            char_type=10,
            id=1,
            name="Amount",
            fields=(*FIELDS, Field(label="on", name="On", data_type=DataType.DATE, indicator=12)),
        )
        values, _ = check({"money": {"locAmt": 10, "locSym": "EUR"}, "on": "06/30/2024"}, template=template)
        assert values["money"] == {**MONEY, "divAmt": Decimal("12.00")}

    def test_converting_works_every_amount_out_anew(self) -> None:
        later = Exchange(rates=RATES, company="USD", day=date(2024, 7, 1))
        anew = converted({"money": MONEY, "monies": [MONEY], "text": "a"}, TEMPLATE, later)
        twelve = {**MONEY, "divAmt": Decimal("12.00")}
        assert anew == {"money": twelve, "monies": [twelve], "text": "a"}


class TestGuards:
    """What may be written by whom."""

    def test_a_field_that_cannot_be_edited_is_not_changed_by_hand(self) -> None:
        with pytest.raises(Denied) as refused:
            check({"fixed": "b"}, {"fixed": "a"})
        assert refused.value.denial is Denial.NOT_ALLOWED
        with pytest.raises(Denied):
            check({"fixed": None}, {"fixed": "a"})

    def test_it_may_be_sent_as_it_is_be_made_with_a_record_and_be_written_by_the_server(self) -> None:
        assert check({"fixed": "a"}, {"fixed": "a"}) == ({"fixed": "a"}, [])
        assert check({"fixed": "b"}, creating=True) == ({"fixed": "b"}, [])
        assert check({"fixed": "b"}, {"fixed": "a"}, by_hand=False) == ({"fixed": "b"}, [])

    def test_what_date_math_keeps_is_not_written_by_hand(self) -> None:
        mine = frozenset({"date"})
        values, (flaw,) = check({"date": "2024-01-02"}, {"date": "2024-01-01"}, calculated=mine)
        assert (values, flaw.kind) == ({"date": "2024-01-01"}, FlawKind.CALCULATED)
        assert check({"date": "2024-01-01"}, {"date": "2024-01-01"}, calculated=mine)[1] == []

    def test_what_the_template_has_no_place_for_any_more_may_be_sent_back(self) -> None:
        assert check({"old": "x"}, {"old": "x"}) == ({"old": "x"}, [])
        assert kinds({"old": "y"}, {"old": "x"}) == [(FlawKind.UNKNOWN_FIELD, "old")]


NOW = Stamp(datetime(2024, 1, 1, tzinfo=UTC), 1)


def a_record(values: Values, template: int = 1) -> Record:
    return Record(
        ref=RecordRef(1, 1), template=template, status=1, title="T", values=values, created=NOW, updated=NOW, moved=NOW
    )


def test_a_stored_record_is_judged_by_its_template_as_it_is_now() -> None:
    needing = Template(char_type=1, id=2, name="N", fields=(Field(label="code", name="Code", required=True),))
    blueprint = Blueprint(templates=(TEMPLATE, needing), lists=(GENRES, ANSWERS))
    sound = a_record({"genre": {"id": 3, "value": "Western"}, "money": MONEY, "year": 2020})
    assert flaws_of(blueprint, sound) == []
    assert [one.kind for one in flaws_of(blueprint, a_record({"genre": {"id": 9, "value": "Gone"}, "old": 1}))] == [
        FlawKind.BAD_VALUE,
        FlawKind.UNKNOWN_FIELD,
    ]
    assert [one.kind for one in flaws_of(blueprint, a_record({}, 2))] == [FlawKind.REQUIRED]
    assert [one.kind for one in flaws_of(blueprint, a_record({}, 9))] == [FlawKind.BAD_TEMPLATE]


def test_what_the_template_has_no_place_for_does_not_stop_the_workflow() -> None:
    flaws = [Flaw(kind=FlawKind.UNKNOWN_FIELD, label="a"), Flaw(kind=FlawKind.REQUIRED, label="b")]
    assert [flaw.label for flaw in blocking(flaws)] == ["b"]
