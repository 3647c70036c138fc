"""Laws of validation: nothing that JSON can say brings it down, and what it keeps it takes again."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.records.operation import Denied
from muster.domain.records.record import Values
from muster.records.configuring.blueprint import read_blueprint
from muster.records.configuring.samples import sample
from muster.records.values.validation import Exchange, checked

BLUEPRINT = read_blueprint(sample("conformance"), form="toml")
TEMPLATE = BLUEPRINT.template_by_id[1, 2]
EXCHANGE = Exchange(rates=(), company="USD", day=date(2024, 1, 1))

WORDS = st.sampled_from(
    [
        "id",
        "value",
        "xref",
        "locAmt",
        "locSym",
        "locCur",
        "divAmt",
        "Yes",
        "EUR",
        "USD",
        "Europe",
        "2024-02-30",
        "1e999",
    ]
)
TEXTS = WORDS | st.text(st.characters(), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.floats(allow_nan=True)
    | TEXTS
)
SHAPES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=7), max_leaves=12
)
DRAFTS = st.dictionaries(st.sampled_from([*TEMPLATE.by_label, "fake"]), SHAPES, max_size=8)

FITS: dict[str, st.SearchStrategy[object]] = {
    "code": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8),
    "is_series": st.sampled_from([True, False, "Yes", "no"]),
    "episodes": st.integers(-(10**23), 10**23),
    "delivery": st.dates().map(str),
    "share": st.decimals(-1000, 1000, places=12),
    "budget": st.decimals(-(10**9), 10**9, places=4).map(lambda amount: {"locAmt": amount, "locSym": "USD"}),
    "territory": st.sampled_from(["Europe", {"xref": "FR"}, {"id": 3}, 4]),
    "length": st.just("01:02:03:04"),
}
FITTING: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries({}, optional=FITS)


def check(raw: Values, before: Values | None = None) -> tuple[Values, int]:
    values, flaws = checked(
        TEMPLATE,
        BLUEPRINT.list_by_id,
        raw,
        before=before or {},
        exchange=EXCHANGE,
        creating=before is None,
        by_hand=True,
        calculated=frozenset(),
    )
    return values, len(flaws)


@given(DRAFTS)
def test_nothing_that_can_be_sent_brings_it_down(draft: Values) -> None:
    values, _ = check(draft)
    msgspec.json.encode(values, order=None)
    try:
        check(draft, values)
    except Denied:
        assert "source" in draft


@given(FITTING)
def test_what_is_kept_is_taken_again_and_stays_the_same(draft: Values) -> None:
    values, flaws = check({"code": "x", "episodes": 1, **draft})
    assert flaws == 0
    assert check(values, values) == (values, 0)
    assert check(values) == (values, 0)


@given(FITTING)
def test_it_stays_the_same_on_its_way_through_json(draft: Values) -> None:
    values, _ = check({"code": "x", "episodes": 1, **draft})
    encoded = msgspec.json.Encoder(decimal_format="number").encode(values)
    decoded = msgspec.json.Decoder(float_hook=Decimal).decode(encoded)
    assert check(decoded, decoded) == (values, 0)


@pytest.mark.parametrize("label", TEMPLATE.by_label)
def test_a_very_long_text_is_judged_at_once(label: str) -> None:
    before: Values = {"code": "x"}
    for text in ("a" * 200_000, "1" * 200_000, "a." * 100_000, "http://" + "a@" * 100_000, "9-" * 100_000):
        try:
            assert check({label: text}, before)[1] == 1
        except Denied:
            assert label == "source"
