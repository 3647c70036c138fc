"""The entries of a batch: what is accepted, and what is wrong with the rest."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from muster.domain.entry import EntryState, NewEntry
from muster.domain.fault import Fault
from muster.domain.template import Template
from muster.kinds.workflow_batches import definition, rules
from muster.kinds.workflow_batches.definition import Definition
from muster.kinds.workflow_batches.rules import Rule, Wrong
from muster.kinds.workflow_batches.steps import PHONE, STEPS, TEMPLATE_ONLY, Place

BAD_ENTRY = "bad_entry"
"""The reason of every entry that is rejected; its faults say more."""
OF_ENTRY, OF_PARAMETERS = "entry", "parameters"
"""The two halves of an entry a fault may belong to."""
MOST_FAULTS = 100
"""More of one entry or request are not told."""

_TITLE = rules.text(1, rules.TITLE_LENGTH)
_HOURS = rules.whole(1, rules.MOST_HOURS)
_MEMO = rules.text(0, rules.MEMO_LENGTH)
_REQUIRED: Wrong = (rules.REQUIRED, "is required")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""The character NUL in JSON: after an even number of backslashes."""


class Draft(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One entry as it was sent, nothing checked; also what is stored of it. Absent and null are the same: None."""

    title: object = None
    hours: object = None
    memo: object = None
    parameters: object = None


class Stored(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is stored of an accepted entry."""

    title: str
    hours: int | None = None
    memo: str | None = None
    parameters: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    definition: Definition | None = None
    """What a workflow without a template is made from; None for one that has a template."""


_stored = msgspec.json.Decoder(Stored)
_encoder = msgspec.json.Encoder()


def read(payload: str) -> Stored:
    """What the payload of an accepted entry says."""
    return _stored.decode(payload)


def validate(drafts: Sequence[Draft], template: Template) -> list[NewEntry]:
    """One entry for each draft, in order: accepted, or rejected with every fault it has."""
    checker = Checker(definition.read(template.definition))
    # One call encodes them all: a call for each is three times slower.
    payloads = _encoder.encode_lines(drafts).decode().split("\n")
    accepted, phone_of = EntryState.ACCEPTED, checker.phone_if_sound
    entries: list[NewEntry] = []
    for position, draft in enumerate(drafts):
        phone = phone_of(draft)
        if phone is not None:
            entries.append(NewEntry(position, accepted, phone, payloads[position]))
        else:
            entries.append(_rejected(position, draft, payloads[position], faults=checker.faults(draft)))
    return entries


def _rejected(position: int, draft: Draft, payload: str, *, faults: Sequence[Fault]) -> NewEntry:
    phone = draft.parameters.get(PHONE) if rules.is_object(draft.parameters) else None
    # PostgreSQL cannot keep the character NUL, nor compare JSON that spells it.
    return NewEntry(
        position,
        EntryState.REJECTED,
        phone.replace("\0", "\ufffd") if isinstance(phone, str) else "",
        _NUL.sub(r"\1\\ufffd", payload),
        BAD_ENTRY,
        _NUL.sub(r"\1\\ufffd", _encoder.encode(faults[:MOST_FAULTS]).decode()),
    )


def _is_plain(draft: Draft) -> bool:
    """Whether title, hours and memo are sound: the rules `_TITLE`, `_HOURS`, `_MEMO` without a call for each."""
    title, hours, memo = draft.title, draft.hours, draft.memo
    if not (type(title) is str and 0 < len(title) <= rules.TITLE_LENGTH and "\0" not in title):
        return False
    if hours is not None and not (type(hours) is int and 0 < hours <= rules.MOST_HOURS):
        return False
    return memo is None or (type(memo) is str and len(memo) <= rules.MEMO_LENGTH and "\0" not in memo)


class Checker:
    """The rules of one template, looked up once and applied to every entry."""

    def __init__(self, made_from: definition.Definition) -> None:
        """Gather which parameters an entry may, must and must not bring."""
        self._presets = made_from.presets()
        self._open: dict[str, Rule] = {}
        needed: set[str] = set()
        for setting in made_from.steps:
            for name, parameter in STEPS[setting.name].parameters.items():
                if parameter.place is Place.TEMPLATE:
                    continue
                if name not in self._presets:
                    self._open[name] = parameter.rule
                    if parameter.required:
                        needed.add(name)
        self._needed = frozenset(needed)
        self._moves_money = any(setting.name == "move-money" for setting in made_from.steps)
        self._needs_phone_only = needed == {PHONE}

    def phone_if_sound(self, draft: Draft) -> str | None:
        """The phone number of an entry without a fault; None as soon as anything is wrong."""
        parameters = draft.parameters
        if not (_is_plain(draft) and rules.is_object(parameters)):
            return None
        phone = parameters.get(PHONE)
        if type(phone) is not str or not (rules.matches_phone(phone) or rules.matches_phone(rules.digits(phone))):
            return None
        if len(parameters) == 1 and self._needs_phone_only:
            return phone
        return phone if self._are_sound(parameters) else None

    def _are_sound(self, parameters: Mapping[str, object]) -> bool:
        for name, value in parameters.items():
            rule = self._open.get(name)
            if rule is None or (value is not None and rule(value)):
                return False
        if any(parameters.get(name) is None for name in self._needed):
            return False
        return not self._moves_money or next(self._money_faults(parameters), None) is None

    def faults(self, draft: Draft) -> Sequence[Fault]:
        """Everything that is wrong with the entry."""
        return [*self._entry_faults(draft), *self._parameter_faults(draft.parameters)]

    def _entry_faults(self, draft: Draft) -> Iterator[Fault]:
        if draft.title is None:
            yield _fault("title", _REQUIRED, OF_ENTRY)
        rows = (("title", draft.title, _TITLE), ("hours", draft.hours, _HOURS), ("memo", draft.memo, _MEMO))
        for path, value, rule in rows:
            wrong = rule(value) if value is not None else None
            if wrong:
                yield _fault(path, wrong, OF_ENTRY)

    def _parameter_faults(self, parameters: object) -> Iterator[Fault]:
        if parameters is None:
            yield _fault("parameters", _REQUIRED, OF_ENTRY)
            return
        if not rules.is_object(parameters):
            yield _fault("parameters", (rules.INVALID_TYPE, "must be an object"), OF_ENTRY)
            return
        for name, value in parameters.items():
            wrong = self._wrong(name, value)
            if wrong:
                yield _fault(name, wrong, OF_PARAMETERS)
        for name in self._open:
            if name in self._needed and parameters.get(name) is None:
                yield _fault(name, _REQUIRED, OF_PARAMETERS)
        if self._moves_money:
            yield from self._money_faults(parameters)

    def _wrong(self, name: str, value: object) -> Wrong | None:
        if name in self._presets or name in TEMPLATE_ONLY:
            return rules.NOT_OVERRIDABLE, "belongs to the template and cannot be set here"
        rule = self._open.get(name)
        if rule is None:
            return rules.UNKNOWN_PARAMETER, "is not a parameter of any step of the template"
        return rule(value) if value is not None else None

    def _money_faults(self, parameters: Mapping[str, object]) -> Iterator[Fault]:
        """The rules that one parameter of a payment lays on another."""
        both = {**parameters, **self._presets}
        solution = both.get("solution")
        if not isinstance(solution, str):
            return
        if solution in {"ach", "wire"} and both.get("priority") is None:
            yield _fault("priority", (rules.REQUIRED, f"is required for the solution {solution}"), OF_PARAMETERS)
        if solution == "wire" and both.get("description") is None:
            yield _fault("description", (rules.REQUIRED, "is required for the solution wire"), OF_PARAMETERS)
        if solution != "wire" and both.get("memo") is not None:
            # A memo that the template has set leaves the entry no other solution.
            blamed = "solution" if "memo" in self._presets else "memo"
            yield _fault(blamed, (rules.INVALID_VALUE, "only the solution wire takes a memo"), OF_PARAMETERS)


def _fault(path: str, wrong: Wrong, part: str) -> Fault:
    code, message = wrong
    return Fault(path, code, message, part)
