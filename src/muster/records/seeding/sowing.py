"""Making what a file of records names, in memory. What cannot be made is told with its place in the file."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from muster.domain.fault import Fault
from muster.domain.records.char_types import CHAR_TYPES, RecordRef
from muster.domain.records.date_rule import DateRule
from muster.domain.records.operation import Denied, Draft, Flaw, FlawKind
from muster.domain.records.template import Field
from muster.records.dates.arithmetic import Circular, in_order
from muster.records.dates.recalculation import is_date_field, rework
from muster.records.entities.making import make
from muster.records.entities.relationships import LINK, check_kind, fits, join
from muster.records.seeding.shape import SeedLink, SeedRecord, SeedRule
from muster.records.work.workspace import Workspace

RULE: Final = "rule"
SOURCE: Final = "source"
"""The counters of date rules, and of the dates they look at."""
_SAID: Mapping[FlawKind, str] = {
    FlawKind.NO_TITLE: "must have a title",
    FlawKind.UNKNOWN_FIELD: "there is no such field in the template",
    FlawKind.REQUIRED: "must have a value",
    FlawKind.BAD_VALUE: "has a value that the field does not take",
    FlawKind.TOO_LONG: "is too long",
    FlawKind.NOT_MULTIPLE: "must have one value, not several",
}


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file, by sort of thing: how many were made, and how many were there (or gone) already."""

    made: Mapping[str, int]
    kept: Mapping[str, int]


class Graves(msgspec.Struct, frozen=True, kw_only=True):
    """What the file names that was deleted."""

    records: Collection[RecordRef]
    links: Collection[int]


class Tally:
    """Counts what is made and what is kept."""

    def __init__(self) -> None:
        self._made: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()

    def count(self, sort: str, *, new: bool) -> bool:
        """Count one thing; whether it is new."""
        (self._made if new else self._kept)[sort] += 1
        return new

    @property
    def planted(self) -> Planted:
        """What was counted so far."""
        return Planted(made=dict(self._made), kept=dict(self._kept))


class Sower:
    """Makes the things of a file in a workspace, with everything they name at hand."""

    def __init__(self, workspace: Workspace, tally: Tally, graves: Graves) -> None:
        self.faults: list[Fault] = []
        self._workspace = workspace
        self._tally = tally
        self._graves = graves
        self._failed: set[RecordRef] = set()
        """Records of the file that cannot be made: what names them is not told as well."""

    # --- Records -----------------------------------------------------------------------------------------------

    def sow_records(self, seeds: Sequence[SeedRecord]) -> None:
        """Make the records that are not there."""
        for seed in seeds:
            mark = self._workspace.mark()
            try:
                self._sow_record(seed)
            except Denied as denied:
                self._workspace.back_to(mark)
                self._failed.add(seed.ref)
                template = self._workspace.blueprint.template_of(seed.ref.char_type, seed.template)
                self.faults.extend(_faults(seed.path, denied, {} if template is None else template.by_label))

    def _sow_record(self, seed: SeedRecord) -> None:
        there = self._workspace.find(seed.ref)
        if there is not None and there.template != seed.template:
            self._note(seed.path, "conflict", f"is there already, with template {there.template}")
        elif self._tally.count("records", new=there is None and seed.ref not in self._graves.records):
            self._workspace.claim(seed.ref)
            draft = Draft(title=seed.title, template=seed.template, values=seed.values)
            make(self._workspace, seed.ref.char_type, draft, status=seed.status, numbered=seed.ref)

    # --- Relationships -----------------------------------------------------------------------------------------

    def sow_links(self, seeds: Sequence[SeedLink]) -> None:
        """Make the relationships that are not there. Records that are locked get them, too."""
        for seed in seeds:
            if not self._failed.isdisjoint((seed.parent, seed.child)):
                continue
            try:
                self._sow_link(seed)
            except Denied as denied:
                self.faults.extend(_faults(seed.path, denied))

    def _sow_link(self, seed: SeedLink) -> None:
        there = self._workspace.link_or_none(seed.number)
        if there is not None and (there.parent, there.child, there.kind) != (seed.parent, seed.child, seed.kind):
            self._note(
                seed.path, "conflict", f"is there already: from {_spelled(there.parent)} to {_spelled(there.child)}"
            )
        elif there is not None or seed.number in self._graves.links:
            self._tally.count("relationships", new=False)
        elif (wrong := self._misfit(seed)) is not None:
            self.faults.append(wrong)
        else:
            self._tally.count("relationships", new=True)
            self._workspace.claim_number(LINK, seed.number)
            join(self._workspace, (seed.parent, seed.child), seed.kind, numbered=seed.number)

    def _misfit(self, seed: SeedLink) -> Fault | None:
        """Why there cannot be such a relationship; None where there can. Raises Denied."""
        parent, child = self._workspace.find(seed.parent), self._workspace.find(seed.child)
        if parent is None or child is None:
            missing = seed.parent if parent is None else seed.child
            return Fault(seed.path, "missing_record", f"there is no {_spelled(missing)}")
        check_kind(self._workspace, child.ref, seed.kind)
        if not fits(self._workspace, (parent, child), seed.kind):
            ends = f"from {_spelled(seed.parent)} to {_spelled(seed.child)}"
            return Fault(seed.path, "bad_link", f"{ends}: the templates do not allow it, or it makes a circle")
        same = [one for one in self._workspace.between(seed.parent, seed.child) if one.kind == seed.kind]
        return Fault(seed.path, "conflict", f"is there already, with the id {same[0].number}") if same else None

    # --- Date rules --------------------------------------------------------------------------------------------

    def sow_rules(self, seeds: Sequence[SeedRule]) -> None:
        """Make the date rules that are not there, and work them out. Nothing may be done after it."""
        targets = {rule.target for rule in self._workspace.rules()}
        fresh: list[DateRule] = []
        for seed in seeds:
            if not self._failed.isdisjoint(seed.rule.refs):
                continue
            try:
                if self._tally.count("date rules", new=seed.rule.target not in targets and not self._lies(seed)):
                    fresh += self._sow_rule(seed)
            except Denied as denied:
                self.faults.extend(_faults(seed.path, denied))
        try:
            in_order(self._workspace.rules())
        except Circular:
            self._note("date_rules", "circle", "work out a date from itself")
        if not self.faults:
            rework(self._workspace, fresh)

    def _lies(self, seed: SeedRule) -> bool:
        """Whether a record that it has to do with was deleted."""
        return any(ref in self._graves.records for ref in seed.rule.refs)

    def _sow_rule(self, seed: SeedRule) -> Sequence[DateRule]:
        workspace = self._workspace
        for spot in (seed.rule.target, *(source.spot for source in seed.rule.sources)):
            record = workspace.find(spot.ref)
            if record is None:
                self._note(seed.path, "missing_record", f"there is no {_spelled(spot.ref)}")
                return ()
            if not is_date_field(workspace, record, spot.label):
                self._note(seed.path, "not_a_date", f"{_spelled(spot.ref)} has no field {spot.label} with one date")
                return ()
        sources = (msgspec.structs.replace(one, number=workspace.next(SOURCE)) for one in seed.rule.sources)
        rule = msgspec.structs.replace(seed.rule, number=workspace.next(RULE), sources=tuple(sources))
        workspace.put_rule(rule)
        return (rule,)

    def _note(self, path: str, code: str, message: str) -> None:
        self.faults.append(Fault(path, code, message))


def _spelled(ref: RecordRef) -> str:
    return f"{CHAR_TYPES[ref.char_type].path}/{ref.number}"


def _faults(path: str, denied: Denied, fields: Mapping[str, Field] = MappingProxyType({})) -> Sequence[Fault]:
    if not denied.flaws:
        return [Fault(path, denied.denial.value, f"cannot be made: {_words(denied.denial.value)}")]
    return [
        Fault(f"{path}.values.{flaw.label}" if flaw.label else path, flaw.kind.value, _said(flaw, fields))
        for flaw in denied.flaws
    ]


def _said(flaw: Flaw, fields: Mapping[str, Field]) -> str:
    """A broken rule for people."""
    if flaw.kind is FlawKind.BAD_VALUE and (field := fields.get(flaw.label)) is not None:
        kind = field.data_type.name.lower()
        return (
            f"is nothing that a field of the type `{kind}` takes" if field.pick_list is None else "is not in its list"
        )
    return _SAID.get(flaw.kind, _words(flaw.kind.value)) + (f" ({flaw.limit:,})" if flaw.limit else "")


def _words(code: str) -> str:
    return code.replace("_", " ")
