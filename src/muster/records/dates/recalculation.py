"""Keeping dates in step: whatever changes a date has the dates worked out again that depend on it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule, Recalculation, RuleState, Spot
from muster.domain.records.record import Flags, Record
from muster.domain.records.template import DataType, Template
from muster.records.dates.arithmetic import Circular, evaluate, in_order
from muster.records.work.altering import become
from muster.records.work.workspace import Workspace

_NO_FLAGS = Flags()


def recalculate(workspace: Workspace, changed: Iterable[Spot]) -> None:
    """Work out again what depends on fields whose value, or whose flags, changed, and what depends on that.

    To be called once the records stand in the workspace as they are to be, `gather_rules` of them having been
    awaited. It may change any record, those of `changed` included: get them anew afterwards.
    Raises Denied (locked) where somebody else is changing a record that would have to be changed.
    """
    spots = dict.fromkeys(changed)
    if not any(workspace.rules_of(ref) for ref in {spot.ref for spot in spots}):
        return
    _settle(workspace, spots, [rule for spot in spots if (rule := _kept_by(workspace, spot)) is not None])


def rework(workspace: Workspace, rules: Iterable[DateRule]) -> None:
    """Work out these rules, whether a source of them changed or not, and what depends on them."""
    if forced := list(rules):
        _settle(workspace, {}, forced)


def calculated_labels(workspace: Workspace, ref: RecordRef) -> frozenset[str]:
    """The fields of the record that only date math writes: those of rules that are kept hard, unless blocked."""
    record = workspace.find(ref)
    flags: Mapping[str, Flags] = {} if record is None else record.flags
    return frozenset(
        rule.target.label
        for rule in rules_at(workspace, ref)
        if rule.recalculation is Recalculation.HARD and not flags.get(rule.target.label, _NO_FLAGS).blocked
    )


def drop_rules(workspace: Workspace, ref: RecordRef) -> None:
    """The record goes: so do its rules, and others no longer look at it. Call it after the record is removed."""
    shortened: list[DateRule] = []
    for rule in workspace.rules_of(ref):
        if rule.target.ref == ref:
            workspace.remove_rule(rule)
        else:
            left = tuple(source for source in rule.sources if source.spot.ref != ref)
            if len(left) < len(rule.sources):
                shortened.append(msgspec.structs.replace(rule, sources=left))
                workspace.put_rule(shortened[-1])
    rework(workspace, shortened)


def rules_at(workspace: Workspace, ref: RecordRef) -> Sequence[DateRule]:
    """The rules at hand that work out fields of the record, in order of their numbers."""
    own = [rule for rule in workspace.rules_of(ref) if rule.target.ref == ref]
    return sorted(own, key=lambda rule: rule.number)


def date_in(record: Record | None, label: str) -> date | None:
    """The date that stands in a field; None where there is none, or something else."""
    value = None if record is None else record.values.get(label)
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    return None


def _kept_by(workspace: Workspace, spot: Spot) -> DateRule | None:
    """The rule that keeps the field hard: a change of the field itself, such as taking a block away, sets it off."""
    rules = rules_at(workspace, spot.ref)
    kept = (rule for rule in rules if rule.target == spot and rule.recalculation is Recalculation.HARD)
    return next(kept, None)


def _settle(workspace: Workspace, changed: dict[Spot, None], forced: Iterable[DateRule]) -> None:
    due = {rule.number for rule in forced}
    dirty = set(changed)
    touched: dict[RecordRef, Record] = {}
    for rule in _ordered(_within_reach(workspace, changed, forced)):
        if rule.number not in due and not any(source.spot in dirty for source in rule.sources):
            continue
        before = workspace.find(rule.target.ref)
        if before is None or not _is_live(rule, before):
            continue
        record = _work_out(workspace, rule, before)
        if record is not before:
            touched.setdefault(before.ref, before)
            workspace.put(record)
            dirty.add(rule.target)
    for ref, before in touched.items():
        become(workspace, before, workspace.get(ref))


def _within_reach(workspace: Workspace, changed: Iterable[Spot], forced: Iterable[DateRule]) -> Sequence[DateRule]:
    """Every rule that a change of these fields, or a new result of these rules, may set off."""
    reached = {rule.number: rule for rule in forced}
    frontier = [*changed, *(rule.target for rule in reached.values())]
    while frontier:
        spot = frontier.pop()
        for rule in workspace.rules_of(spot.ref):
            if rule.number not in reached and any(source.spot == spot for source in rule.sources):
                reached[rule.number] = rule
                frontier.append(rule.target)
    return list(reached.values())


def _ordered(rules: Sequence[DateRule]) -> Sequence[DateRule]:
    try:
        return in_order(rules)
    except Circular:
        # They are refused when they are made. Should any stand nevertheless, each is worked out once.
        return sorted(rules, key=lambda rule: rule.number)


def _is_live(rule: DateRule, target: Record) -> bool:
    return rule.state is not RuleState.FROZEN and not target.flags.get(rule.target.label, _NO_FLAGS).blocked


def _work_out(workspace: Workspace, rule: DateRule, target: Record) -> Record:
    """The target with the rule's result, the same object where nothing changes; the rule's state is kept, too."""
    sources = {source.spot: workspace.find(source.spot.ref) for source in rule.sources}
    dates = {spot: date_in(record, spot.label) for spot, record in sources.items()}
    result = evaluate(rule, dates)
    estimated = result is not None and any(
        record is not None and dates[spot] is not None and record.flags.get(spot.label, _NO_FLAGS).estimated
        for spot, record in sources.items()
    )
    state = _state(rule, result)
    if state is not rule.state:
        workspace.put_rule(msgspec.structs.replace(rule, state=state))
    return _with_date(target, rule.target.label, result, estimated=estimated)


def _state(rule: DateRule, result: date | None) -> RuleState:
    if result is None:
        return RuleState.PENDING
    return RuleState.FROZEN if rule.recalculation is Recalculation.ARCHIVE else RuleState.CALCULATED


def _with_date(record: Record, label: str, day: date | None, *, estimated: bool) -> Record:
    text = None if day is None else day.isoformat()
    flags = record.flags.get(label, _NO_FLAGS)
    if record.values.get(label) == text and flags.estimated == estimated:
        return record
    values = {key: value for key, value in record.values.items() if key != label}
    if text is not None:
        values[label] = text
    kept = dict(record.flags)
    kept[label] = msgspec.structs.replace(flags, estimated=estimated)
    if kept[label] == _NO_FLAGS:
        del kept[label]
    return msgspec.structs.replace(record, values=values, flags=kept)


def is_date_field(workspace: Workspace, record: Record, label: str) -> bool:
    """Whether the record's template has a field of this label that holds one date."""
    return has_date(workspace.template_of(record), label)


def has_date(template: Template | None, label: str) -> bool:
    """Whether the template has a field of this label that holds one date."""
    field = template.by_label.get(label) if template is not None else None
    return field is not None and field.data_type is DataType.DATE and not field.multiple
