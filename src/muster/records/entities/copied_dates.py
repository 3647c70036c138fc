"""What becomes of date math when records are copied (specification A6.6)."""

from collections.abc import Mapping, Sequence

import msgspec

from muster.domain.records.char_types import RecordRef
from muster.domain.records.date_rule import DateRule, RuleState, Source, Spot
from muster.domain.records.operation import Dates
from muster.domain.records.record import Record
from muster.domain.records.template import Template
from muster.records.dates.recalculation import calculated_labels, has_date, is_date_field, rework, rules_at
from muster.records.work.roots import is_component
from muster.records.work.workspace import Workspace

RULE, SOURCE = "rule", "source"
"""The counters of rules, and of the dates they look at."""


def copy_rules(workspace: Workspace, copies: Mapping[RecordRef, RecordRef], *, dates: Dates) -> None:
    """Have the copies' dates worked out as the originals' are. `copies` has the copy of each original."""
    made = [rule for original in copies for rule in _copied(workspace, original, copies, dates=dates)]
    for rule in made:
        workspace.put_rule(rule)
    rework(workspace, made)


def calculated_on_copy(workspace: Workspace, original: RecordRef, target: Template) -> frozenset[str]:
    """The fields of the original that only date math writes, as far as a copy with this template has them."""
    return frozenset(label for label in calculated_labels(workspace, original) if has_date(target, label))


def _copied(
    workspace: Workspace, original: RecordRef, copies: Mapping[RecordRef, RecordRef], *, dates: Dates
) -> Sequence[DateRule]:
    copy = workspace.get(copies[original])
    looked_at: Mapping[RecordRef, RecordRef] = copies if _looks_at_copies(copy, dates) else {}
    made: list[DateRule] = []
    for rule in rules_at(workspace, original):
        if not is_date_field(workspace, copy, rule.target.label):
            continue
        sources = [_moved(source, looked_at) for source in rule.sources]
        if all(_stands(workspace, new, old) for new, old in zip(sources, rule.sources, strict=True)):
            target = Spot(copy.ref, rule.target.label)
            moved = msgspec.structs.replace(rule, target=target, sources=tuple(sources))
            made.append(_renumbered(workspace, moved))
    return made


def _looks_at_copies(copy: Record, dates: Dates) -> bool:
    match dates:
        case Dates.COPIED:
            return True
        case Dates.ORIGINAL:
            return False
        case Dates.DEFAULT:
            return not is_component(copy.ref.char_type)


def _moved(source: Source, copies: Mapping[RecordRef, RecordRef]) -> Source:
    spot = Spot(copies.get(source.spot.ref, source.spot.ref), source.spot.label)
    return msgspec.structs.replace(source, spot=spot)


def _stands(workspace: Workspace, moved: Source, before: Source) -> bool:
    """Whether the field that is looked at is there. The originals' own are not asked again."""
    spot = moved.spot
    return spot == before.spot or is_date_field(workspace, workspace.get(spot.ref), spot.label)


def _renumbered(workspace: Workspace, rule: DateRule) -> DateRule:
    return msgspec.structs.replace(
        rule,
        number=workspace.next(RULE),
        state=RuleState.PENDING,
        sources=tuple(msgspec.structs.replace(one, number=workspace.next(SOURCE)) for one in rule.sources),
    )
