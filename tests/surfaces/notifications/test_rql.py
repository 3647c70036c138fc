"""Query strings, from text to what is asked of a list."""

import time
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from muster.domain.errors import BadInput
from muster.domain.query import Among, Compare, Comparison, Condition, Either, Every, Holds, Like, Not, Order
from muster.lookup.shelves import ShelfName
from muster.surfaces.notifications.translate import rql
from muster.surfaces.notifications.translate.patterns import read_pattern
from muster.surfaces.notifications.translate.query import Asked, read_query
from muster.surfaces.notifications.translate.rql.tree import (
    All,
    Comparing,
    Elements,
    Expression,
    Listed,
    Literal,
    Negated,
    Operator,
    Some,
    Wrapped,
)

EQ = Comparison.EQ
_WORDS = some.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)
_PATHS = some.lists(_WORDS, min_size=1, max_size=3).map(".".join).filter(lambda path: path.lower() != "rql")
_LITERALS = some.none() | some.text(max_size=12).filter(lambda text: not {"'", '"'} <= set(text))
_VALUES = _LITERALS.map(Literal)
_LEAVES = (
    some.builds(Comparing, some.sampled_from(Operator), _PATHS, _VALUES)
    | some.builds(Listed, _PATHS, some.lists(_VALUES, min_size=1, max_size=3).map(tuple), some.booleans())
    | some.builds(Elements, _PATHS, some.none(), some.just(value=False))
    | some.builds(Wrapped, _PATHS, _VALUES)
)


def _around(inner: some.SearchStrategy[Expression]) -> some.SearchStrategy[Expression]:
    several = some.lists(inner, min_size=1, max_size=3).map(tuple)
    return (
        some.builds(All, several)
        | some.builds(Some, several)
        | some.builds(Negated, inner)
        | some.builds(Elements, _PATHS, inner, some.booleans())
    )


EXPRESSIONS: some.SearchStrategy[Expression] = some.recursive(_LEAVES, _around, max_leaves=12)


def _written(value: Literal) -> str:
    if value.text is None:
        return "null()"
    mark = '"' if "'" in value.text else "'"
    return f"{mark}{value.text}{mark}"


def written(expression: Expression) -> str:
    """The text that says this."""
    match expression:
        case All(of):
            return f"and({','.join(map(written, of))})"
        case Some(of):
            return f"or({','.join(map(written, of))})"
        case Negated(of):
            return f"not({written(of)})"
        case Elements(path, where, throughout):
            inner = "" if where is None else f",{written(where)}"
            return f"{'all' if throughout else 'any'}({path}{inner})"
        case Comparing() | Listed() | Wrapped():
            return _written_leaf(expression)


def _written_leaf(expression: Comparing | Listed | Wrapped) -> str:
    match expression:
        case Comparing(operator, path, value):
            return f"{operator}({path},{_written(value)})"
        case Listed(path, values, outside):
            return f"{'out' if outside else 'in'}({path},({','.join(map(_written, values))}))"
        case Wrapped(path, value):
            return f"filter({path},{_written(value)})"


def asked(text: str, shelf: ShelfName = ShelfName.MESSAGES) -> Asked:
    """What this query string asks of a list."""
    return read_query(shelf, text.encode())


def where(text: str, shelf: ShelfName = ShelfName.MESSAGES) -> Condition | None:
    return asked(text, shelf).query.where


def refused(text: str, shelf: ShelfName = ShelfName.MAILINGS, **options: bool) -> dict[str, str]:
    """The map of errors."""
    with pytest.raises(BadInput) as caught:
        read_query(shelf, text.encode(), **options)
    assert caught.value.message
    return {fault.path: fault.message for fault in caught.value.faults}


@given(EXPRESSIONS)
@example(Comparing(Operator.EQ, "a", Literal("")))
def test_what_is_written_reads_back(expression: Expression) -> None:
    assert rql.parse(written(expression)) == expression


@given(EXPRESSIONS)
def test_percent_encoding_changes_nothing(expression: Expression) -> None:
    encoded = quote(written(expression), safe="")

    assert [rql.parse(rql.decode(part)) for part in rql.split(encoded.encode())] == [expression]


@given(some.text(alphabet="aeqin.,;|&=()'\"* %+\\0é\x00", max_size=60) | some.text(max_size=60))
def test_garbage_is_bad_input_at_worst(text: str) -> None:
    for shelf in ShelfName:
        try:
            read_query(shelf, text.encode("utf-8", "replace"), buyers=True)
        except BadInput as error:
            assert error.faults  # noqa: PT017 - garbage may be fine, too


@given(some.binary(max_size=40))
def test_garbled_bytes_are_bad_input_at_worst(raw: bytes) -> None:
    try:
        read_query(ShelfName.CONTACTS, raw)
    except BadInput as error:
        assert error.faults  # noqa: PT017 - garbage may be fine, too


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "eq(id,1)" + ")" * 10_000,
        "not(" * 10_000,
        "not(" * 3_000 + "a=b" + ")" * 3_000,
        "eq(subject,'" + "a" * 1_000_000 + "')",
        f"in(id,({','.join(['1'] * 10_000)}))",
        "&".join(["eq(subject,a)"] * 2_000),
        "or(" + ",".join(["a=b"] * 5_000) + ")",
        "'\"" * 8_000,
        "," * 30_000,
        "select=" + ",".join(f"n{number}" for number in range(5_000)) + "&foo(1)",
        "select=" + "a." * 15_000 + "&foo(1)",
        "order=" + "id,nope," * 3_000,
        "audit.created.at=" + "9" * 30_000,
    ],
)
def test_monsters_are_refused_quickly(text: str) -> None:
    began = time.process_time()

    assert refused(text)

    assert time.process_time() - began < 2


def test_a_list_of_a_thousand_ids_is_no_monster() -> None:
    ids = ",".join(f"'MST-0000-0000-{number:04d}'" for number in range(1000))

    assert where(f"in(id,({ids}))", ShelfName.MAILINGS) == Among("number", tuple(range(1000)))
    assert "at most 1000" in refused(f"in(id,({ids},'MST-0000-0001-0000'))")["id"]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("foo(id,1)", {"foo": "Unknown expression group."}),
        ("eq(nope,1)", {"nope": "Invalid property path."}),
        ("rql=eq(id,1)", {"rql": "Invalid equals shortcut expression"}),
        ("rql=1", {"rql": "Invalid equals shortcut expression"}),
        ("subject=a=b", {"=": "Invalid equals shortcut expression"}),
        ("gt(audit.created.at,abc)", {"audit.created.at": "Cannot convert value: 'abc'."}),
        ("eq(revision,x)", {"revision": "Cannot convert value: 'x'."}),
        ("eq(category.optOutAllowed,maybe)", {"category.optOutAllowed": "Cannot convert value: 'maybe'."}),
        ("eq(account,5)", {"account": "Cannot convert value: '5'."}),
        ("gt(subject,null())", {"subject": "Cannot convert value: 'null()'."}),
        ("like(revision,*1*)", {"revision": "Cannot convert value: '*1*'."}),
        ("like(id,*1)", {"id": "Cannot convert value: '*1'."}),
        ("in(id,())", {"id": "Value has to be a non empty array."}),
        ("in(id,)", {"id": "Value has to be a non empty array."}),
        ("eq(id)", {"eq": "Binary expression must have 2 arguments"}),
        ("eq(id,1,2)", {"eq": "Binary expression must have 2 arguments"}),
        ("and()", {"and": "Binary expression must have 2 arguments"}),
        ("all(attachments)", {"all": "Binary expression must have 2 arguments"}),
        ("not(a=b,c=d)", {"not": "Unary expression must have 1 argument"}),
        ("any(category,id=1)", {"category": "Invalid property path."}),
        ("any(attachments,subject=a)", {"subject": "Invalid property path."}),
        ("eq(attachments.id,1)", {"attachments.id": "Invalid property path."}),
        ("eq('id',1)", {"id": "Invalid property path."}),
        ("filter(group.buyers.id,BUY-0000-0001)", {"filter": "Unknown expression group."}),
        ("order=nope", {"nope": "Invalid property path."}),
        ("order=status", {"status": "Invalid property path."}),
        ("eq(nope,1)&foo(1)&limit=x", {"nope": "Invalid property path.", "foo": "Unknown expression group."}),
    ],
)
def test_what_is_wrong_is_said_in_the_vendors_words(text: str, errors: dict[str, str]) -> None:
    assert errors.items() <= refused(text).items()


def test_every_fault_of_a_query_is_named_at_once() -> None:
    assert set(refused("eq(nope,1)&foo(1)&limit=x&order=bar")) == {"nope", "foo", "limit", "bar"}


def test_a_hundred_conditions_are_taken_and_no_more() -> None:
    def many(count: int) -> str:
        return f"or({','.join(['eq(subject,a)'] * count)})"

    assert where(many(100))
    assert "at most 100" in refused(many(101))["query"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("eq(id,'MSG-0000-0000-0001-0000')", Compare("number", EQ, 10_000)),
        ("EQ(batch.id,MST-0000-0000-0001)", Compare("mailing", EQ, 1)),
        ('eq(batch.id,"MST-0000-0000-0001")', Compare("mailing", EQ, 1)),
        ("batch.id=%27MST-0000-0000-0001%27", Compare("mailing", EQ, 1)),
        ("ge(contact.id,CTT-0000-0002)", Compare("contact", Comparison.GE, 2)),
        ("subject=a+b", Compare("subject", EQ, "a+b")),
        ("subject=empty()", Compare("subject", EQ, "")),
        ("subject=''", Compare("subject", EQ, "")),
        ("ne(contact.name,null())", Compare("contact.name", Comparison.NE, None)),
        ("eq(subject,'a%26b')", Compare("subject", EQ, "a&b")),
        ("eq(subject,'a&limit=3')", Compare("subject", EQ, "a&limit=3")),
        ("ilike(subject,%22*it%27s%20me*%22)", Like("subject", "it's me", begins=False, ends=False, folds=True)),
        ("like(subject,it*)", Like("subject", "it", begins=True, ends=False, folds=False)),
        ("gt(subject,b)", Compare("subject", Comparison.GT, "b")),
        ("in(subject,(a,null()))", Either((Among("subject", ("a",)), Compare("subject", EQ, None)))),
        ("out(subject,(a,b))", Not(Among("subject", ("a", "b")))),
        ("in(subject,a)", Among("subject", ("a",))),
        ("category.optOutAllowed=false", Compare("category.opt_out_allowed", EQ, value=False)),
        ("account=null()", Compare("party", EQ, None)),
        ("account.type=Client", Among("party.kind", ("client",))),
        ("all(attachments,gt(fileSize,5))", Holds("attachments", Compare("size", Comparison.GT, 5), throughout=True)),
        ("any(attachments)", Holds("attachments", None)),
        ("render()", None),
        ("", None),
    ],
)
def test_conditions_are_asked_of_our_own_fields(text: str, meant: Condition | None) -> None:
    assert where(text) == meant


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("eq(status,Sent)", {"sent", "delivered", "applied"}),
        ("in(status,('Bounced','Complained'))", {"undelivered", "complained"}),
        ("like(status,*ed)", None),
        ("ilike(status,Q*)", {"accepted", "held", "dispatching"}),
        ("gt(status,Queued)", {"sent", "delivered", "applied"}),
        ("eq(status,sent)", set[str]()),
    ],
)
def test_status_words_are_compared_as_the_vendor_spells_them(text: str, states: set[str] | None) -> None:
    found = where(text)

    assert isinstance(found, Among)
    assert states is None or set(found.values) == states
    assert states is not None or "sent" not in found.values


def test_another_status_is_every_status_but_one() -> None:
    assert where("ne(status,Bounced)") == Not(Among("state", ("undelivered",)))
    assert where("ne(blockedReason,Bounced)", ShelfName.CONTACTS) == Not(Among("blocked_reason", ("bounced",)))


@pytest.mark.parametrize(
    ("text", "matches"), [("eq(id,NTC-1)", False), ("ne(id,NTC-1)", True), ("gt(id,x)", False), ("like(id,x*)", False)]
)
def test_an_id_that_is_none_matches_nothing(*, text: str, matches: bool) -> None:
    assert where(text) == (Every(()) if matches else Either(()))


def test_the_beginning_of_an_id_is_a_span_of_numbers() -> None:
    span = Every((Compare("number", Comparison.GE, 12_0000_0000), Compare("number", Comparison.LE, 12_9999_9999)))

    assert where("like(id,'MST-0012-*')", ShelfName.MAILINGS) == span
    assert where("ilike(id,'mst-0012-*')", ShelfName.MAILINGS) == span


@pytest.mark.parametrize(
    "spelled",
    [
        "2026-01-08T06:31:30.827Z",
        "2026-01-08T07%3A31%3A30.827%2B01%3A00",
        "2026-01-08T07:31:30.8270000+01:00",
        "2026-01-08T06:31:30.827",
    ],
)
def test_instants_are_compared_by_the_millisecond_that_answers_show(spelled: str) -> None:
    first, beyond = (datetime(2026, 1, 8, 6, 31, 30, micros, tzinfo=UTC) for micros in (827_000, 828_000))
    since, until = Compare("created", Comparison.GE, first), Compare("created", Comparison.LT, beyond)

    assert where(f"eq(audit.created.at,'{spelled}')") == Every((since, until))
    assert where(f"ge(audit.created.at,'{spelled}')") == since
    assert where(f"le(audit.created.at,'{spelled}')") == until
    assert where(f"gt(audit.created.at,'{spelled}')") == Compare("created", Comparison.GE, beyond)


def test_a_day_begins_at_midnight() -> None:
    assert where("ge(audit.sent.at,2026-01-08)") == Compare("sent", Comparison.GE, datetime(2026, 1, 8, tzinfo=UTC))


@pytest.mark.parametrize("text", ["2026-02-30", "2026-01-01T25:00", "0001-01-01T00:00:00%2B01:00", "20260101", "now"])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert refused(f"lt(audit.created.at,'{text}')").keys() == {"audit.created.at"}


def test_a_comma_binds_tighter_than_a_semicolon_and_an_ampersand_separates_all() -> None:
    a, b, c = (Compare("subject", EQ, letter) for letter in "abc")

    assert where("subject=a,subject=b;subject=c") == Either((Every((a, b)), c))
    assert where("subject=a|subject=b&subject=c") == Every((Either((a, b)), c))
    assert where("(subject=a;subject=b),subject=c") == Every((Either((a, b)), c))
    assert where("(subject=a&subject=b)|subject=c") == Either((Every((a, b)), c))


def test_what_somebody_opted_out_of_is_looked_at_from_within() -> None:
    found = where("any(optOuts,eq(id,'NTC-0000-0006'))", ShelfName.CONTACTS)

    assert found == Holds("opt_outs", Compare("number", EQ, 6))


@pytest.mark.parametrize(
    ("text", "words", "begins", "ends"),
    [
        ("abc", "abc", True, True),
        ("*abc", "abc", False, True),
        ("abc*", "abc", True, False),
        ("*abc*", "abc", False, False),
        ("a*c", "a*c", True, True),
        ("\\*abc", "*abc", True, True),
        ("abc\\*", "abc*", True, True),
        ("\\**", "*", True, False),
        ("*", "", False, False),
        ("**", "", False, False),
        ("", "", True, True),
        ("\\*", "*", True, True),
    ],
)
def test_stars_are_anything_at_either_end_only(*, text: str, words: str, begins: bool, ends: bool) -> None:
    pattern = read_pattern(text)

    assert (pattern.words, pattern.begins, pattern.ends) == (words, begins, ends)


def test_the_order_is_read_key_by_key() -> None:
    order = asked("order=-audit.created.at,+subject,%20id").query.order

    assert order == (Order("created", descending=True), Order("subject"), Order("number"))


@pytest.mark.parametrize(
    ("text", "offset", "limit"),
    [("", 0, 100), ("limit=0", 0, 0), ("limit=5000&offset=7", 7, 1000), ("offset=999999999999", 999_999_999_999, 100)],
)
def test_the_page_is_cut_to_what_is_allowed(text: str, offset: int, limit: int) -> None:
    query = asked(text).query

    assert (query.offset, query.limit) == (offset, limit)


@pytest.mark.parametrize("text", ["limit=-1", "limit=1.5", "limit=", "offset=-1", "offset=ten", "limit=%D9%A1"])
def test_a_page_that_is_no_number_is_refused(text: str) -> None:
    assert refused(text).keys() == {text.partition("=")[0]}


def test_a_stream_may_ask_for_everything() -> None:
    assert read_query(ShelfName.CONTACTS, b"limit=-1", streaming=True).most is None
    assert read_query(ShelfName.CONTACTS, b"", streaming=True).most is None
    assert read_query(ShelfName.CONTACTS, b"limit=5000", streaming=True).most == 5000
    assert refused("limit=-2", streaming=True).keys() == {"limit"}


def test_a_buyer_can_be_named_where_that_makes_sense() -> None:
    def read(text: str) -> Asked:
        return read_query(ShelfName.CONTACTS, text.encode(), buyers=True)

    assert read("select=id,-email&filter(group.buyers.id,BUY-0000-0007)&limit=1000&offset=0").buyer == 7
    assert read("filter(group.buyers.id,'nobody')").buyer == 0
    assert read("").buyer is None
    assert refused("filter(id,1)", ShelfName.CONTACTS, buyers=True) == {"id": "Invalid property path."}
    nested = "or(filter(group.buyers.id,BUY-0000-0007),email=a)"
    assert refused(nested, ShelfName.CONTACTS, buyers=True) == {"filter": "Unknown expression group."}


@pytest.mark.parametrize("text", ["eq(id", "eq(id,", "eq(id,'MST-1'", "and(eq(id,1)"])
def test_an_expression_that_ends_too_early_is_called_so(text: str) -> None:
    with pytest.raises(BadInput, match="ends too early"):
        rql.parse(text)
