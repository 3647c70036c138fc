"""The fields of a form as the page shows them: label, hint, keyboard, what the browser may fill in. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from muster.domain.fault import Fault
from muster.kinds.workflow_batches.journey import Ask, AskKind, Field
from muster.surfaces.pages.words import Voice

PARTS = ("day", "month", "year")
"""What a date is typed as; the form's `date_of_birth.day` and so on."""
MOST_RADIOS = 4
"""A field with more choices is a list to pick from."""
_DATES = frozenset({"date_of_birth"})

_AUTOCOMPLETE: Mapping[str, str] = MappingProxyType(
    {
        "first_name": "given-name",
        "last_name": "family-name",
        "email": "email",
        "salutation": "honorific-prefix",
        "phone": "tel",
        "line1": "address-line1",
        "line2": "address-line2",
        "city": "address-level2",
        "region": "address-level1",
        "postal_code": "postal-code",
        "country": "country",
        "holder": "name",
        "card.number": "cc-number",
        "card.expires": "cc-exp",
        "card.holder": "cc-name",
    }
)
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "shipping": "shipping ",
        "mailing": "section-mailing ",
        "physical": "section-physical ",
        "work": "work ",
        "home": "home ",
    }
)
_KEYBOARDS: Mapping[str, str] = MappingProxyType(
    {"email": "email", "phone": "tel", "card.number": "numeric", "card.expires": "numeric", "bank.number": "numeric"}
)
_TYPES: Mapping[str, str] = MappingProxyType({"email": "email", "phone": "tel"})


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One field as a template shows it."""

    name: str
    id: str
    shape: str
    """`line`, `radios`, `list` or `date`."""
    label: str
    hint: str = ""
    error: str = ""
    value: str = ""
    required: bool = True
    optional: str = ""
    """What stands behind the label of a field that may stay empty."""
    type: str = "text"
    autocomplete: str = "off"
    keyboard: str = ""
    choices: Sequence[tuple[str, str]] = ()
    """Value and words of each."""
    parts: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """What was typed of a date."""

    @property
    def described_by(self) -> str:
        """The ids of what a screen reader says about it."""
        ids = [f"{self.id}-hint"] if self.hint else []
        return " ".join([*ids, f"{self.id}-error"] if self.error else ids)

    @property
    def first(self) -> str:
        """The id of what is typed into first."""
        return {"date": f"{self.id}-day", "radios": f"{self.id}-1"}.get(self.shape, self.id)


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that belong together, such as those of one address; those without a group have no `title`."""

    title: str
    controls: Sequence[Control]


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A form that came back, and what is wrong with it."""

    form: Mapping[str, str] = MappingProxyType({})
    faults: Sequence[Fault] = ()


NOTHING = Entered()


def groups_of(ask: Ask, voice: Voice, entered: Entered = NOTHING) -> Sequence[Group]:
    """Every field of `ask`, in order."""
    codes = {fault.path: fault.code for fault in reversed(entered.faults)}
    found: dict[str, list[Control]] = {}
    for field in ask.fields:
        group = field.name.rpartition(".")[0]
        control = _control(ask.kind, field, voice, entered=entered, code=codes.get(field.name))
        found.setdefault(group, []).append(control)
    return [
        Group(title=voice.say(f"groups.{name}") if name else "", controls=controls) for name, controls in found.items()
    ]


def with_dates(ask: Ask, form: Mapping[str, str]) -> Mapping[str, str]:
    """`form` with the parts of each date put together as `YYYY-MM-DD`."""
    dates = {field.name: _date(form, field.name) for field in ask.fields if field.name in _DATES}
    return {**form, **{name: value for name, value in dates.items() if value}}


def _date(form: Mapping[str, str], name: str) -> str:
    day, month, year = (form.get(f"{name}.{part}", "").strip() for part in PARTS)
    return f"{year}-{month:0>2}-{day:0>2}" if day or month or year else ""


def _control(kind: AskKind, field: Field, voice: Voice, *, entered: Entered, code: str | None) -> Control:
    group, _, name = field.name.rpartition(".")
    names = (f"{kind}.{name}", name)
    label = voice.say(*(f"fields.{one}" for one in names))
    autocomplete = _first(_AUTOCOMPLETE, names, "off") if kind is not AskKind.BANK or name == "holder" else "off"
    return Control(
        name=field.name,
        id=f"f-{field.name.replace('.', '-').replace('_', '-')}",
        shape=_shape(field, name),
        label=label,
        hint=next((voice.say(f"hints.{one}") for one in names if voice.knows(f"hints.{one}")), ""),
        error=_sentence(code, label, voice, is_choice=bool(field.choices)) if code else "",
        value="" if field.secret else entered.form.get(field.name, ""),
        required=field.required,
        # Whether a region is needed depends on the country: the hint tells.
        optional="" if field.required or name == "region" else voice.say("page.optional"),
        type=_TYPES.get(name, "text"),
        autocomplete=autocomplete if autocomplete == "off" else _GROUPS.get(group, "") + autocomplete,
        keyboard=_first(_KEYBOARDS, names, ""),
        choices=_choices(field, name, voice),
        parts={part: entered.form.get(f"{field.name}.{part}", "") for part in PARTS} if name in _DATES else {},
    )


def _sentence(code: str, label: str, voice: Voice, *, is_choice: bool) -> str:
    if is_choice and code == "required":
        code = "choose"
    return voice.say(f"faults.{code}", "faults.other", field=label)


def _shape(field: Field, name: str) -> str:
    if name in _DATES:
        return "date"
    if not field.choices:
        return "line"
    return "radios" if len(field.choices) <= MOST_RADIOS else "list"


def _choices(field: Field, name: str, voice: Voice) -> Sequence[tuple[str, str]]:
    if name == "country":
        return voice.countries(field.choices)
    keys = [(value, f"choices.{value}") for value in field.choices]
    return [(value, voice.say(key) if voice.knows(key) else value) for value, key in keys]


def _first(table: Mapping[str, str], names: Sequence[str], otherwise: str) -> str:
    return next((table[name] for name in names if name in table), otherwise)
