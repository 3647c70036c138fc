"""Lists, parties, roles, bans and amortization models of a blueprint's document."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from muster.domain.records.amortization import Method, Model, ModelPeriod, Setup
from muster.domain.records.blueprint import Ban, Party, PeriodAction, WorkRole
from muster.domain.records.char_types import AMOUNT, BY_PATH, CHAR_TYPES, RELATIONSHIP
from muster.domain.records.process import Process
from muster.domain.records.template import Option, PickList
from muster.domain.tenant import Role
from muster.records.configuring.rows import MOST_TEXT, Index, Row, identity, is_whole, once, shown, text_fault

TYPES: Mapping[str, int] = MappingProxyType({path: one.id for path, one in BY_PATH.items()})
ROLES: Mapping[str, Role] = MappingProxyType({role.value: role for role in Role})
METHODS: Mapping[str, Method] = MappingProxyType({method.value: method for method in Method})
RELATIONSHIPS: Final = "relationship"
"""Stands where a char type would, in bans."""
TOLERANCE: Final = Decimal("0.000001")
"""How far the parts of a whole may be from 100 %."""
_MOST_PERIODS: Final = 1_200
_SPLIT: Final = frozenset({Method.CURVE, Method.WEIGHTED_RUNS})
_RUNS: Final = frozenset({Method.PER_RUN})
_LISTS: Final = uuid5(NAMESPACE_URL, "muster:records:list")


def char_type(row: Row, key: str = "type") -> int:
    """The char type that a table is about: its path name, or its id; -1 where that is a fault."""
    value = row.take(key)
    if is_whole(value) and value in CHAR_TYPES:
        return value
    if not row.has(key):
        row.fault(key, "missing", f"must be given; there is: {', '.join(TYPES)}")
        return -1
    if isinstance(value, str):
        return row.choice(key, TYPES, -1)
    row.fault(key, "unknown", f"there is no {shown(value)}; there is: {', '.join(TYPES)}")
    return -1


def read_lists(whole: Row) -> Iterator[PickList]:
    """Lists of values."""
    ids: set[object] = set()
    names: set[object] = set()
    guids: set[object] = set()
    for row in whole.rows("lists"):
        number = identity(row, ids)
        name = row.text("name", required=True)
        once(row, "name", name, seen=names)
        guid = _guid(row, number)
        if row.has("guid"):
            once(row, "guid", guid, seen=guids)
        options = tuple(_options(row))
        if not options:
            row.fault("values", "empty", "a list must have at least one value")
        row.done()
        yield PickList(id=number, guid=guid, name=name, options=options)


def _guid(row: Row, number: int) -> str:
    said = row.text("guid")
    if not said:
        return str(uuid5(_LISTS, str(number)))
    try:
        return str(UUID(said))
    except ValueError:
        row.fault("guid", "not_a_guid", f"must be a GUID, not {shown(said)}")
        return said


def _options(row: Row) -> Iterator[Option]:
    """Values: texts, which are numbered on from the one before, or tables."""
    ids: set[object] = set()
    labels: set[object] = set()
    xrefs: set[object] = set()
    below: list[tuple[Row, tuple[int, ...]]] = []
    number = 0
    for place, (table, word) in enumerate(row.rows_or_words("values"), 1):
        number += 1
        option = Option(id=number, label=_word(row, word, place)) if table is None else _option(table, number)
        number = option.id
        at = table or Row({}, row.at(f"values[#{place}]"), row.findings)
        once(at, "id", number, seen=ids)
        if option.label:
            once(at, "label", option.label, seen=labels)
        if option.xref is not None:
            once(at, "xref", option.xref, seen=xrefs)
        below.append((at, option.children))
        yield option
    for at, children in below:
        for child in children:
            if child not in ids:
                at.fault("children", "unknown", f"there is no value {child} in this list")


def _word(row: Row, word: object, place: int) -> str:
    if not isinstance(word, str):
        row.fault(f"values[#{place}]", "not_text", f"must be text or a table, not {shown(word)}")
        return ""
    if (wrong := text_fault(word, most=200, required=True)) is not None:
        row.fault(f"values[#{place}]", "bad_text", wrong)
    return word


def _option(row: Row, number: int) -> Option:
    children: list[int] = []
    for place, child in row.each("children"):
        if is_whole(child):
            children.append(child)
        else:
            row.fault(place, "not_whole", f"must be the id of a value of this list, not {shown(child)}")
    option = Option(
        id=row.whole("id", number),
        label=row.text("label", required=True),
        xref=row.text("xref") or None,
        active=row.flag("active", otherwise=True),
        children=tuple(children),
    )
    row.done()
    return option


def read_parties(whole: Row) -> Iterator[Party]:
    """Types of relationships that are parties."""
    ids: set[object] = set()
    names: set[object] = set()
    for row in whole.rows("parties"):
        party = Party(id=identity(row, ids), name=row.text("name", required=True))
        once(row, "name", party.name, seen=names)
        row.done()
        yield party


def read_roles(whole: Row) -> Iterator[WorkRole]:
    """Who may take actions."""
    ids: set[object] = set()
    for row in whole.rows("roles"):
        number, name = identity(row, ids), row.text("name", required=True)
        members = row.choices("members", ROLES)
        if not row.has("members"):
            row.fault("members", "missing", f"must be given; there is: {', '.join(ROLES)}")
        row.done()
        yield WorkRole(id=number, name=name, roles=members)


def read_bans(whole: Row, templates: Mapping[int, Index]) -> Iterator[Ban]:
    """What may not be written. Relationships can be banned, too."""
    for row in whole.rows("bans"):
        sort = RELATIONSHIP if row.take("type") == RELATIONSHIPS else char_type(row)
        ban = Ban(
            char_type=sort,
            template=row.reference("template", templates.get(sort, Index("template"))),
            roles=row.choices("roles", ROLES),
        )
        row.done()
        yield ban


def read_period_actions(whole: Row, processes: Index, known: Mapping[int, Process]) -> Iterator[PeriodAction]:
    """What closing a financial period does."""
    for row in whole.rows("period_actions"):
        process = row.reference("process", processes)
        actions = known[process].actions if process is not None else ()
        action = row.reference("action", Index("action", [(one.id, one.name) for one in actions])) if process else None
        for key in ("process", "action"):
            if not row.has(key):
                row.fault(key, "missing", "must be given")
        row.done()
        yield PeriodAction(process=process or 0, action=action or 0)


def read_setup(whole: Row, templates: Mapping[int, Index]) -> Setup:
    """Where schedules land."""
    row = whole.row("amortization")
    plain = Setup()
    if row is None:
        return plain
    setup = Setup(
        template=row.reference("template", templates.get(AMOUNT, Index("template"))) or 0,
        amount_labels=row.texts("amount_labels", plain.amount_labels),
        start_labels=row.texts("start_labels", plain.start_labels),
        end_labels=row.texts("end_labels", plain.end_labels),
        run_labels=row.texts("run_labels", plain.run_labels),
        revenue_labels=row.texts("revenue_labels", plain.revenue_labels),
        debit=row.text("debit", plain.debit),
        credit=row.text("credit", plain.credit),
    )
    row.done()
    return setup


def read_models(whole: Row) -> Iterator[Model]:
    """Amortization models."""
    ids: set[object] = set()
    names: set[object] = set()
    for row in whole.rows("models"):
        number, name = identity(row, ids), row.text("name", required=True)
        once(row, "name", name, seen=names)
        periods = _periods(row)
        method = row.choice("method", METHODS, Method.CURVE if periods else Method.STRAIGHT_LINE)
        plain = Model(id=0, name="")
        model = Model(
            id=number,
            name=name,
            method=method,
            periods=tuple(periods),
            factor=row.number("factor", plain.factor),
            count=row.whole("count", 0, low=1, high=_MOST_PERIODS) or None,
            runs=row.whole("runs", 0, low=1, high=1_000_000) or None,
            window_days=row.whole("window_days", 0, high=366),
        )
        _judge(row, model)
        row.done()
        yield model


def _periods(row: Row) -> Sequence[ModelPeriod]:
    """The parts of the whole: only percentages, or tables."""
    splits = row.numbers("splits")
    tables = [_period(one) for one in row.rows("periods")]
    if splits is not None and row.has("periods"):
        row.fault("splits", "twice", "give splits or periods, not both")
    found = tables or [ModelPeriod(id=place, split=split) for place, split in enumerate(splits or (), 1)]
    ids = [one.id for one in found]
    if len(set(ids)) < len(ids):
        row.fault("periods", "duplicate", "two periods have the same id")
    if len(found) > _MOST_PERIODS:
        row.fault("periods", "too_many", f"must be at most {_MOST_PERIODS:,}")
    return found


def _period(row: Row) -> ModelPeriod:
    if not row.has("split"):
        row.fault("split", "missing", "must be given")
    period = ModelPeriod(
        id=identity(row, set()), split=row.number("split", Decimal(0)), updated_at=row.moment("updated")
    )
    row.done()
    return period


def _judge(row: Row, model: Model) -> None:
    method = model.method.value
    total = sum((one.split for one in model.periods), Decimal(0))
    if model.method in _SPLIT and not model.periods:
        row.fault("splits", "missing", f"a model of method {method} must have them")
    elif model.method not in _SPLIT and model.periods:
        row.fault("splits", "not_wanted", f"a model of method {method} has none")
    elif model.periods and abs(total - 100) > TOLERANCE:
        row.fault("splits", "not_100", f"must sum to 100, not {total.normalize():f}")
    if model.factor <= 0:
        row.fault("factor", "out_of_bounds", "must be more than 0")
    if model.method in _RUNS and model.runs is None:
        row.fault("runs", "missing", f"a model of method {method} must have them")


def describe(row: Row) -> str:
    """The description of a table, of any number of lines."""
    return row.text("description", most=MOST_TEXT)
