"""Single requests: the one entry each of them becomes, or everything that is wrong with it."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from muster.domain.entry import EntryState, NewEntry
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.template import Template
from muster.kinds.workflow_batches import definition, rules
from muster.kinds.workflow_batches.definition import Definition, StepSetting
from muster.kinds.workflow_batches.entries import MOST_FAULTS, OF_ENTRY, Checker, Draft, Stored
from muster.kinds.workflow_batches.steps import FIRST_STEP, STEPS

_encoder = msgspec.json.Encoder()


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """How the author of a request calls its fields, so that a fault can name them."""

    title: str = "title"
    hours: str = "hours"
    memo: str = "memo"
    parameters: str = "parameters"
    steps: str = "steps"
    input: str = "input"
    """Of a step: what holds `user`."""
    user: str = "user"


def templated(draft: Draft, template: Template, paths: Paths) -> NewEntry:
    """The entry of a request that follows `template`. Raises BadInput with every fault."""
    checker = Checker(definition.read(template.definition))
    phone = checker.phone_if_sound(draft)
    if phone is None:
        raise _bad(_named(checker.faults(draft), paths))
    return _entry(phone, draft)


def plain(draft: Draft, steps: object, paths: Paths) -> NewEntry:
    """The entry of a request that brings its own `steps`. Raises BadInput with every fault.

    `steps` is JSON as it came, nothing checked. The entry keeps what they say as a definition of its own.
    """
    found, faults = definition.check(
        definition.Draft(steps=steps),
        definition.Paths(steps=paths.steps, input=paths.input, user=paths.user, preset=""),
    )
    if found is None:
        raise _bad([*faults, *_named(_faults_of_known(draft, steps), paths)])
    checker = Checker(found)
    phone = checker.phone_if_sound(draft)
    if phone is None:
        raise _bad([_explained(fault, paths) for fault in _named(checker.faults(draft), paths)])
    return _entry(phone, draft, found)


def faults_without_steps(draft: Draft, paths: Paths) -> Sequence[Fault]:
    """What is wrong with a request whose steps are not known: what would be wrong whichever they were."""
    return list(_named(_faults_of_known(draft, None), paths))


def _entry(phone: str, draft: Draft, made_from: Definition | None = None) -> NewEntry:
    stored = msgspec.convert(msgspec.to_builtins(draft), Stored)
    if made_from is not None:
        stored = msgspec.structs.replace(stored, definition=made_from)
    return NewEntry(0, EntryState.ACCEPTED, phone, _encoder.encode(stored).decode())


def _faults_of_known(draft: Draft, steps: object) -> Iterator[Fault]:
    """The faults of a request whose steps are faulty too: none that those steps may be to blame for."""
    settings = [StepSetting(name=FIRST_STEP)]
    for step in steps if rules.is_array(steps) else ():
        name = step.get("name") if rules.is_object(step) else None
        if isinstance(name, str) and name in STEPS and name != FIRST_STEP:
            settings.append(StepSetting(name=name))
    for fault in Checker(Definition(steps=tuple(settings))).faults(draft):
        if fault.code not in {rules.UNKNOWN_PARAMETER, rules.NOT_OVERRIDABLE}:
            yield fault


def _named(faults: Iterable[Fault], paths: Paths) -> Iterator[Fault]:
    """The faults with their paths as the author calls the fields."""
    of_entry = {"title": paths.title, "hours": paths.hours, "memo": paths.memo, "parameters": paths.parameters}
    for fault in faults:
        path = of_entry[fault.path] if fault.part == OF_ENTRY else f"{paths.parameters}.{fault.path}"
        yield Fault(path, fault.code, fault.message)


def _explained(fault: Fault, paths: Paths) -> Fault:
    match fault.code:
        case rules.NOT_OVERRIDABLE:
            return Fault(fault.path, rules.INVALID_VALUE, f"belongs to its step, in {paths.input}.{paths.user}")
        case rules.UNKNOWN_PARAMETER:
            return Fault(fault.path, fault.code, "is not a parameter of any of the steps")
        case _:
            return fault


def _bad(faults: Iterable[Fault]) -> BadInput:
    return BadInput("Request validation failed", list(faults)[:MOST_FAULTS])
