"""Which page of a list, in which order: read from a query string."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.ports.store.batches import Page

_WHOLE = re.compile(r"-?[0-9]{1,12}")
_HIGHEST_PAGE = 2**31 - 1


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """The page that was asked for. `number` is 1-based; `order` is (our field, descending), first key first."""

    number: int
    size: int
    order: Sequence[tuple[str, bool]]

    @property
    def page(self) -> Page:
        """The slice it stands for."""
        return Page(offset=(self.number - 1) * self.size, limit=self.size)

    def pages(self, total: int) -> int:
        """How many pages `total` rows fill."""
        return -(-total // self.size)


class PageRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a door's lists allow."""

    fields: Mapping[str, str]
    """The vendor's sort fields and ours."""
    default: tuple[str, bool]
    """Our field and whether it descends, when the caller names none."""
    size: int = 30
    most: int = 1000

    def read(self, page: str | None, size: str | None, sort: Sequence[str]) -> Paging:
        """What the query asks for. Page 0 means page 1. Raises BadInput with every fault."""
        faults: list[Fault] = []
        number = _whole("page", page, (0, _HIGHEST_PAGE), faults=faults)
        rows = _whole("size", size, (1, self.most), faults=faults)
        order = [key for key in (self._key(one, faults) for one in sort) if key]
        if faults:
            raise BadInput("The query is not valid", faults)
        return Paging(number=number or 1, size=rows or self.size, order=order or [self.default])

    def _key(self, sort: str, faults: list[Fault]) -> tuple[str, bool] | None:
        field, _, direction = sort.partition(",")
        if field not in self.fields:
            faults.append(Fault("sort", "INVALID_VALUE", f"the field must be one of {', '.join(self.fields)}"))
        elif direction.upper() not in {"", "ASC", "DESC"}:
            faults.append(Fault("sort", "INVALID_VALUE", "the direction must be ASC or DESC"))
        else:
            return self.fields[field], direction.upper() == "DESC"
        return None


def _whole(path: str, value: str | None, bounds: tuple[int, int], *, faults: list[Fault]) -> int | None:
    if value is None:
        return None
    if not _WHOLE.fullmatch(value):
        faults.append(Fault(path, "INVALID_TYPE", "must be an integer"))
    elif not bounds[0] <= int(value) <= bounds[1]:
        faults.append(Fault(path, "OUT_OF_RANGE", f"must be between {bounds[0]} and {bounds[1]}"))
    else:
        return int(value)
    return None
