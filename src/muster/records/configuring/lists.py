"""The lists of values that fields are chosen from, one value at a time (specification B8)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from muster.domain.errors import BadInput, NameTaken, NotAllowed, NotFound
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.template import Option, PickList
from muster.domain.tenant import Role
from muster.records.work.blueprints import Blueprints
from muster.records.work.scene import Acting

MOST_VALUES: Final = 10_000
LONGEST: Final = 500
"""Characters of a label, or of what another system calls the value."""
_CHANGERS = frozenset(Role) - {Role.VIEWER, Role.PARTY}


class NoSuchList(NotFound):
    """There is no list with this id."""


class NoSuchValue(NotFound):
    """The list has no such value."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a value is to be; None: not mentioned. An empty `xref` takes it away."""

    label: str | None = None
    xref: str | None = None
    active: bool | None = None


class ListDesk:
    """Reads and changes lists. What stands in records already keeps the label it was chosen by."""

    def __init__(self, blueprints: Blueprints) -> None:
        self._blueprints = blueprints

    async def all(self, tenant: TenantId) -> Sequence[PickList]:
        """Every list, by name."""
        blueprint = await self._blueprints.current(tenant)
        return sorted(blueprint.lists, key=lambda one: (one.name, one.id))

    async def get(self, tenant: TenantId, guid: str) -> PickList:
        """The list. Raises NoSuchList."""
        return _list(await self._blueprints.current(tenant), guid)

    async def add(self, acting: Acting, guid: str, wish: Wish) -> PickList:
        """The list with one value more. Raises NotAllowed, NoSuchList, BadInput, NameTaken."""
        _check(acting, wish, needs_label=True)

        def edit(blueprint: Blueprint) -> Blueprint:
            found = _list(blueprint, guid)
            if len(found.options) >= MOST_VALUES:
                raise BadInput(f"A list has at most {MOST_VALUES} values")
            number = max((one.id for one in found.options), default=0) + 1
            made = _wished(Option(id=number, label=""), wish)
            _check_label(found, made)
            return _with(blueprint, found, (*found.options, made))

        return _list(await self._blueprints.change(acting.tenant, edit), guid)

    async def change(self, acting: Acting, guid: str, number: int, *, wish: Wish) -> PickList:
        """The list with one value changed. Raises NotAllowed, NoSuchList, NoSuchValue, BadInput, NameTaken."""
        _check(acting, wish, needs_label=False)

        def edit(blueprint: Blueprint) -> Blueprint:
            found = _list(blueprint, guid)
            if number not in found.by_id:
                raise NoSuchValue
            made = _wished(found.by_id[number], wish)
            _check_label(found, made)
            return _with(blueprint, found, tuple(made if one.id == number else one for one in found.options))

        return _list(await self._blueprints.change(acting.tenant, edit), guid)

    async def remove(self, acting: Acting, guid: str, number: int) -> PickList:
        """The list with one value inactive: records that have it keep it. Raises as `change`."""
        return await self.change(acting, guid, number, wish=Wish(active=False))


def _check(acting: Acting, wish: Wish, *, needs_label: bool) -> None:
    if acting.role not in _CHANGERS:
        raise NotAllowed("This service account may only read")
    label = wish.label
    if needs_label and label is None:
        raise BadInput("label is required")
    if label is not None and not label.strip():
        raise BadInput("label must not be empty")
    for name, text in (("label", label), ("xref", wish.xref)):
        if text is not None and len(text) > LONGEST:
            raise BadInput(f"{name} must have at most {LONGEST} characters")


def _check_label(found: PickList, made: Option) -> None:
    """Two values of a list are never called the same: people choose by label."""
    name = made.label.casefold()
    if any(one.id != made.id and one.label.casefold() == name for one in found.options):
        raise NameTaken(f"The list has a value called {made.label!r} already")


def _wished(option: Option, wish: Wish) -> Option:
    return msgspec.structs.replace(
        option,
        label=option.label if wish.label is None else wish.label.strip(),
        xref=option.xref if wish.xref is None else wish.xref or None,
        active=option.active if wish.active is None else wish.active,
    )


def _list(blueprint: Blueprint, guid: str) -> PickList:
    name = guid.strip().lower()
    found = next((one for one in blueprint.lists if one.guid.lower() == name), None)
    if found is None:
        raise NoSuchList
    return found


def _with(blueprint: Blueprint, before: PickList, options: tuple[Option, ...]) -> Blueprint:
    after = msgspec.structs.replace(before, options=options)
    lists = tuple(after if one.id == before.id else one for one in blueprint.lists)
    return msgspec.structs.replace(blueprint, lists=lists)
