"""Which parts of an object a caller wants to see (`select`): the default, what is added to it and taken from it."""

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from muster.lookup.shelves import ShelfName, Wants
from muster.surfaces.bodies import is_array, is_object

_DEEPEST = 6
"""No object has names further down."""


class _Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The names an object of the door has."""

    names: tuple[str, ...]
    """All that it may have at its first level, `$meta` aside; those that have no value now may be missing from it."""
    omitted: frozenset[str] = frozenset()
    """Those that are not shown unless they are asked for."""
    reference: frozenset[str] | None = None
    """Those that are shown where another object refers to this one; None: as if it stood alone."""
    inner: Mapping[str, "_Shape"] = {}
    """What stands under a name, where less than all of it is shown."""


_AUDIT = frozenset({"audit"})
_CATEGORY = _Shape(
    names=(
        *("id", "revision", "name", "description", "shortDescription", "optOutAllowed", "deleteAllowed", "status"),
        *("note", "icon", "lastUsed", "statistics", "audit"),
    ),
    omitted=_AUDIT | {"statistics"},
    reference=frozenset({"id", "name", "status", "description", "shortDescription", "icon", "lastUsed"}),
)
_ACCOUNT = _Shape(names=(), omitted=_AUDIT, reference=frozenset({"id", "type", "status", "name", "icon"}))
_BATCH = _Shape(
    names=("id", "revision", "status", "category", "account", "subject", "body", "attachments", "audit"),
    omitted=_AUDIT | {"attachments"},
    reference=frozenset({"id"}),
    inner={"category": _CATEGORY, "account": _ACCOUNT},
)
_CONTACT = _Shape(
    names=("id", "revision", "name", "email", "status", "user", "userId", "blockedReason", "optOuts", "audit"),
    omitted=_AUDIT | {"optOuts"},
    reference=frozenset({"id", "name", "email", "status"}),
    inner={"optOuts": _CATEGORY},
)
_MESSAGE = _Shape(
    names=(
        *("id", "revision", "batch", "contact", "category", "account", "status", "subject", "body"),
        *("attachments", "audit"),
    ),
    omitted=_AUDIT | {"attachments"},
    inner={"batch": _BATCH, "contact": _CONTACT, "category": _CATEGORY, "account": _ACCOUNT},
)
_SUBSCRIBER = _Shape(
    names=("id", "revision", "name", "status", "note", "account", "category", "recipients", "audit"),
    omitted=_AUDIT | {"recipients"},
    inner={"category": _CATEGORY, "account": _ACCOUNT},
)
_SHAPES: Mapping[ShelfName, _Shape] = MappingProxyType(
    {
        ShelfName.MAILINGS: _BATCH,
        ShelfName.MESSAGES: _MESSAGE,
        ShelfName.CATEGORIES: _CATEGORY,
        ShelfName.CONTACTS: _CONTACT,
        ShelfName.SUBSCRIBERS: _SUBSCRIBER,
    }
)


class _Item(msgspec.Struct, frozen=True):
    """One part of a `select`, as seen from the level that it is looked at from."""

    path: tuple[str, ...]
    shown: bool


class _Cut(msgspec.Struct, frozen=True):
    """What is kept of an object: by name, all (True), nothing (False) or a part; and whether other names are kept."""

    named: Mapping[str, "bool | _Cut"]
    others: bool

    def of(self, name: str) -> "bool | _Cut":
        return self.named.get(name, self.others)

    def apply(self, whole: Mapping[str, object]) -> dict[str, object]:
        kept: dict[str, object] = {}
        for name, value in whole.items():
            part = self.named.get(name, self.others)
            if part is True:
                kept[name] = value
            elif part is not False:
                kept[name] = _apply(part, value)
        return kept


_Part: TypeAlias = bool | _Cut


class _Base(Enum):
    """What is shown of an object before anything was selected."""

    ALONE = "alone"
    REFERENCE = "reference"
    NOTHING = "nothing"
    ALL = "all"


class Selection:
    """What of a list's objects is to be shown."""

    def __init__(self, shelf: ShelfName, items: Sequence[str] = ()) -> None:
        """`items` are those of `select`, signs included. Names that do not exist are ignored."""
        self._shape = _SHAPES[shelf]
        self._cut = _cut(self._shape, [item for item in map(_read, items) if item], _Base.ALONE)
        self._with_bodies = "body" in self._shape.names
        self._statistics = ("statistics",) if shelf is ShelfName.CATEGORIES else ("category", "statistics")

    @property
    def omitted(self) -> list[str]:
        """The names that objects would have, and are left out."""
        return [name for name in self._shape.names if self._cut.of(name) is False]

    @property
    def wants(self) -> Wants:
        """Which of the parts that cost something are shown."""
        return Wants(
            statistics=self.shows(*self._statistics),
            bodies=self._with_bodies and (self.shows("body") or self.shows("attachments")),
        )

    def shows(self, *path: str) -> bool:
        """Whether what stands under `path` is shown, in part at least."""
        part: _Part = self._cut
        for name in path:
            if isinstance(part, bool):
                return part
            part = part.of(name)
        return part is not False

    def prune(self, whole: Mapping[str, object]) -> dict[str, object]:
        """What is to be shown of an object of which `whole` is everything, without `$meta`."""
        return self._cut.apply(whole)

    def prune_root(self, whole: Mapping[str, object]) -> dict[str, object]:
        """The same for an object that stands alone in an answer: with `$meta`, which tells what was left out."""
        return {**self._cut.apply(whole), "$meta": {"omitted": self.omitted}}


def everything(shelf: ShelfName) -> Selection:
    """All that there is, what others only refer to included: the answer to a creation."""
    inner = _SHAPES[shelf].inner
    return Selection(shelf, ["*", *inner, *(f"{name}.*" for name in inner)])


def changed(shelf: ShelfName) -> Selection:
    """What is shown after a change: the default and who made it."""
    return Selection(shelf, ["audit"])


def _read(text: str) -> _Item | None:
    """One item; None for what names nothing."""
    trimmed = text.strip()
    path = tuple(trimmed.lstrip("+- ").split("."))
    if not all(path) or len(path) > _DEEPEST:
        return None
    return _Item(path, shown=not trimmed.startswith("-"))


def _cut(shape: _Shape | None, items: Sequence[_Item], base: _Base) -> _Cut:
    """What is kept at one level. A `*` comes before every name, wherever it was written; of two the later counts."""
    for item in items:
        if item.path == ("*",):
            base = _Base.ALL if item.shown else _Base.NOTHING
    of_name: dict[str, list[_Item]] = {}
    if shape is not None:
        of_name |= {name: [] for name in (*shape.names, *shape.inner, *shape.omitted, *(shape.reference or ()))}
    for item in items:
        if item.path[0] != "*":
            of_name.setdefault(item.path[0], []).append(item)
    named = {name: _part(shape, name, items=of, base=base) for name, of in of_name.items()}
    return _Cut(named, others=base in {_Base.ALONE, _Base.ALL})


def _part(shape: _Shape | None, name: str, *, items: Sequence[_Item], base: _Base) -> _Part:
    """What is kept under one name; where it is shown only for what was named below it, that alone."""
    inner = None if shape is None else shape.inner.get(name)
    own = [item.shown for item in items if len(item.path) == 1]
    below = [_Item(item.path[1:], item.shown) for item in items if len(item.path) > 1]
    shown = own[-1] if own else _shown(shape, name, base)
    if not shown:
        return _cut(inner, below, _Base.NOTHING) if any(item.shown for item in below) else False
    if inner is None:
        return _cut(None, below, _Base.ALL) if below else True
    return _cut(inner, below, _Base.ALONE if own else _Base.REFERENCE)


def _shown(shape: _Shape | None, name: str, base: _Base) -> bool:
    """Whether a name is shown that nobody named."""
    if base in {_Base.NOTHING, _Base.ALL}:
        return base is _Base.ALL
    if shape is None:
        return True
    if base is _Base.REFERENCE and shape.reference is not None:
        return name in shape.reference
    return name not in shape.omitted


def _apply(cut: _Cut, value: object) -> object:
    if is_object(value):
        return cut.apply(value)
    if is_array(value):
        return [_apply(cut, one) for one in value]
    return value
