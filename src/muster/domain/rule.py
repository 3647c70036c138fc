"""What a field of a struct takes, in words for whoever fills it in."""

from collections.abc import Mapping

import msgspec
from msgspec import inspect


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What one field takes."""

    takes: str
    """Goes on after "must be": `a whole number from 1 to 16`."""
    needed: bool
    default: object
    """What holds when the field is left out; None where that is nothing."""


def rules_of(shape: type[msgspec.Struct]) -> Mapping[str, Rule]:
    """The rule of each field of `shape`, by name and in order. Fields are texts, numbers, enums or yes and no."""
    found = inspect.type_info(shape)
    fields = found.fields if isinstance(found, inspect.StructType) else ()
    return {
        field.name: Rule(
            takes=_takes(field.type),
            needed=field.required,
            default=None if field.default is msgspec.NODEFAULT else field.default,
        )
        for field in fields
    }


def _takes(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_takes(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.EnumType):
        return f"one of {', '.join(str(member.value) for member in kind.cls)}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return _number(kind)
    return _text(kind) if isinstance(kind, inspect.StrType) else "yes or no"


def _number(kind: inspect.IntType | inspect.FloatType) -> str:
    noun = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
    bounds: list[str] = []
    if kind.ge is not None and kind.le is not None:
        bounds.append(f" from {kind.ge:,} to {kind.le:,}")
    else:
        bounds += [f" above {kind.gt:,}"] if kind.gt is not None else []
        bounds += [f" of at least {kind.ge:,}"] if kind.ge is not None else []
        bounds += [f"{',' if bounds else ' of'} at most {kind.le:,}"] if kind.le is not None else []
    step = f", a multiple of {kind.multiple_of:,}" if kind.multiple_of is not None else ""
    return noun + "".join(bounds) + step


def _text(kind: inspect.StrType) -> str:
    least, most = kind.min_length or 0, kind.max_length
    if most is None:
        return f"a text of {least:,} characters at least" if least else "a text"
    return f"a text of {least:,} to {most:,} characters" if least else f"a text of {most:,} characters at most"
