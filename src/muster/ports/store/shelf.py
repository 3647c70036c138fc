"""What every list that can be queried offers."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from muster.domain.ids import TenantId
from muster.domain.query import Query

Row_co = TypeVar("Row_co", covariant=True)


class Shelf(Protocol[Row_co]):
    """Numbered things of a tenant. The fields a query may name stand with each list; deleted things are not found."""

    async def find(self, tenant: TenantId, query: Query) -> tuple[int, Sequence[Row_co]]:
        """How many match in all, and the part asked for, in order."""
        ...

    async def numbers(self, tenant: TenantId, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order, whatever part the query asks for; at most `most` of them."""
        ...

    async def several(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Row_co]:
        """Those of `numbers` that there are, in any order."""
        ...

    async def get(self, tenant: TenantId, number: int) -> Row_co:
        """The one with this number; raises NotFound."""
        ...
