"""What a template of this kind says, and the rules it must follow."""

from collections.abc import Iterator, Sequence

import msgspec

from muster.domain.fault import Fault
from muster.kinds.workflow_batches import rules
from muster.kinds.workflow_batches.rules import Wrong
from muster.kinds.workflow_batches.steps import (
    ACCOUNT_RANK,
    ASKS_THE_CUSTOMER,
    CUSTOMER_RANK,
    FIRST_STEP,
    OLD_SPELLINGS,
    STEPS,
    Place,
)

MOST_DAYS = 365
"""The longest a template may let a request stand; the hours of an entry end there too."""
MOST_STEPS = 20
"""More than a template can hold; a longer list is not looked at one by one."""


class StepSetting(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a template: what the customer is asked (`user`) and the values it fixes (`preset`)."""

    name: str
    user: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    preset: dict[str, object] = msgspec.field(default_factory=dict[str, object])


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """The kind's part of a template."""

    steps: tuple[StepSetting, ...]
    memo: str = ""
    """Opens the message of every entry that brings no memo of its own."""
    days: int | None = None
    """How long a request stands unless its entry says otherwise."""

    def presets(self) -> dict[str, object]:
        """Every value the template fixes."""
        return {name: value for step in self.steps for name, value in step.preset.items()}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A definition as its author sent it, nothing checked. Absent and null are the same: None."""

    steps: object = None
    memo: object = None
    days: object = None


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """How the author of a template calls its fields, so that a fault can name them."""

    steps: str = "steps"
    memo: str = "memo"
    days: str = "days"
    input: str = "input"
    """Of a step: what holds `user` and `preset`."""
    user: str = "user"
    preset: str = "preset"
    """Empty where nothing can be fixed beforehand."""


def read(definition: str) -> Definition:
    """The definition a stored template holds."""
    return msgspec.json.decode(definition, type=Definition)


def write(definition: Definition) -> str:
    """How a template's definition is stored."""
    return msgspec.json.encode(definition).decode()


def check(draft: Draft, paths: Paths) -> tuple[Definition | None, Sequence[Fault]]:
    """The definition that `draft` means, or None and every fault it has."""
    faults: list[Fault] = []
    for path, value, rule in (
        (paths.memo, draft.memo, rules.text(0, rules.MEMO_LENGTH)),
        (paths.days, draft.days, rules.whole(1, MOST_DAYS)),
    ):
        wrong = rule(value) if value is not None else None
        if wrong:
            faults.append(_fault(path, wrong))
    settings = [*_settings(draft.steps, paths, faults)]
    if settings and not faults:
        faults.extend(_order(settings, paths))
    if faults:
        return None, faults
    memo, days = draft.memo, draft.days
    return Definition(
        steps=tuple(settings),
        memo=memo if isinstance(memo, str) else "",
        days=days if isinstance(days, int) else None,
    ), ()


def _settings(steps: object, paths: Paths, faults: list[Fault]) -> Iterator[StepSetting]:
    if steps is None:
        faults.append(_fault(paths.steps, (rules.REQUIRED, "is required")))
    elif not rules.is_array(steps):
        faults.append(_fault(paths.steps, (rules.INVALID_TYPE, "must be an array")))
    elif not 1 <= len(steps) <= MOST_STEPS:
        faults.append(_fault(paths.steps, (rules.LENGTH_OUT_OF_RANGE, f"must hold 1 to {MOST_STEPS} steps")))
    else:
        for index, step in enumerate(steps):
            setting = _setting(step, f"{paths.steps}[{index}]", paths, faults=faults)
            if setting is not None:
                yield setting


def _setting(step: object, path: str, paths: Paths, *, faults: list[Fault]) -> StepSetting | None:
    if not rules.is_object(step):
        faults.append(_fault(path, (rules.INVALID_TYPE, "must be an object")))
        return None
    name = step.get("name")
    if not isinstance(name, str) or name not in STEPS:
        strange = (rules.INVALID_VALUE, f"must be one of {', '.join(STEPS)}")
        faults.append(_fault(f"{path}.name", (rules.REQUIRED, "is required") if name is None else strange))
        return None
    given = _object(step.get(paths.input), f"{path}.{paths.input}", faults)
    user_path, preset_path = f"{path}.{paths.input}.{paths.user}", f"{path}.{paths.input}.{paths.preset}"
    user = _object(given.get(paths.user), user_path, faults)
    faults.extend(_spelled_twice(user, user_path))
    user = {OLD_SPELLINGS.get(key, key): value for key, value in user.items()}
    preset = _object(given.get(paths.preset), preset_path, faults) if paths.preset else {}
    if name in ASKS_THE_CUSTOMER and not user:
        faults.append(_fault(user_path, (rules.REQUIRED, "is required for this step and must not be empty")))
    for place, where, values in ((Place.TEMPLATE, user_path, user), (Place.EITHER, preset_path, preset)):
        for key, value in values.items():
            wrong = _misplaced(name, key, place) or STEPS[name].parameters[key].rule(value)
            if wrong:
                faults.append(_fault(f"{where}.{key}", wrong))
    return StepSetting(name=name, user=user, preset=preset)


def _spelled_twice(user: dict[str, object], path: str) -> Iterator[Fault]:
    for old, proper in OLD_SPELLINGS.items():
        if old in user and proper in user:
            yield _fault(f"{path}.{old}", (rules.MUTUALLY_EXCLUSIVE, f"is another word for {proper}"))


def _misplaced(step: str, key: str, place: Place) -> Wrong | None:
    parameter = STEPS[step].parameters.get(key)
    if parameter is None:
        return rules.UNKNOWN_PARAMETER, f"is not a parameter of {step}"
    if parameter.place is place:
        return None
    if parameter.place is Place.REQUEST:
        return rules.INVALID_VALUE, "belongs to the request and cannot be part of a template"
    return rules.INVALID_VALUE, "stands in the wrong half of the step's input"


def _order(settings: Sequence[StepSetting], paths: Paths) -> Iterator[Fault]:
    """The faults of the steps as a whole: their order, and which of them exclude or need each other."""
    names = [setting.name for setting in settings]
    ranks = [STEPS[name].rank for name in names]
    if names[0] != FIRST_STEP:
        yield _fault(f"{paths.steps}[0].name", (rules.INVALID_VALUE, f"the first step must be {FIRST_STEP}"))
    for index in range(1, len(ranks)):
        before, here = ranks[index - 1], ranks[index]
        path = f"{paths.steps}[{index}].name"
        if here == before:
            yield _fault(path, (rules.MUTUALLY_EXCLUSIVE, f"cannot follow {names[index - 1]}: one of the two at most"))
        elif here < before:
            yield _fault(path, (rules.INVALID_VALUE, f"must come before {names[index - 1]}"))
    if CUSTOMER_RANK not in ranks:
        yield _fault(paths.steps, (rules.REQUIRED, "must hold one of customer-account, lookup-profile"))
    if "move-money" in names and ACCOUNT_RANK not in ranks:
        message = "move-money needs one of financial-account, lookup-financial-account"
        yield _fault(paths.steps, (rules.REQUIRED, message))
    if {"customer-account", "lookup-financial-account"} <= set(names):
        message = "lookup-financial-account needs an existing customer, so it excludes customer-account"
        yield _fault(paths.steps, (rules.MUTUALLY_EXCLUSIVE, message))
    yield from _contradictions(settings, paths)


def _contradictions(settings: Sequence[StepSetting], paths: Paths) -> Iterator[Fault]:
    for index, setting in enumerate(settings):
        solution = setting.preset.get("solution")
        if "memo" in setting.preset and solution not in {None, "wire"}:
            path = f"{paths.steps}[{index}].{paths.input}.{paths.preset}.memo"
            yield _fault(path, (rules.INVALID_VALUE, "is only for the solution wire"))


def _object(value: object, path: str, faults: list[Fault]) -> dict[str, object]:
    if value is None:
        return {}
    if rules.is_object(value):
        return value
    faults.append(_fault(path, (rules.INVALID_TYPE, "must be an object")))
    return {}


def _fault(path: str, wrong: Wrong) -> Fault:
    code, message = wrong
    return Fault(path, code, message)
