"""Keeping whom a tenant serves, and the counters its numbers come from."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from muster.domain.directory import Buyer, Group, Party, Person, Token, TokenState
from muster.domain.ids import (
    BuyerNumber,
    CategoryNumber,
    ContactNumber,
    PartyNumber,
    PrincipalId,
    TenantId,
    TokenNumber,
)


class Counter(StrEnum):
    """What is numbered."""

    PARTY = "party"
    BUYER = "buyer"
    PERSON = "person"
    GROUP = "group"
    TOKEN = "token"  # noqa: S105 - the name of a counter, no secret
    CATEGORY = "category"
    CONTACT = "contact"
    SUBSCRIBER = "subscriber"
    MAILING = "mailing"
    ATTACHMENT = "attachment"
    RECORD_BATCH = "record_batch"
    RECORD_USER = "record_user"
    RECORD_CALL = "record_call"
    """Calls of a day; see intake.usage."""


class Directory(Protocol):
    """Parties, buyers, people, groups and tokens of a tenant."""

    async def next(self, tenant: TenantId, counter: Counter, count: int = 1) -> int:
        """Take the next `count` numbers; the first of them. They are given to nobody else, used or not."""
        ...

    async def reserve(self, tenant: TenantId, counter: Counter, highest: int) -> None:
        """See to it that numbers up to `highest` are not given out."""
        ...

    async def taken(self, tenant: TenantId, counter: Counter, numbers: Sequence[int]) -> Sequence[int]:
        """Those of `numbers` that something has or, where what is deleted keeps its row, had."""
        ...

    async def put_party(self, tenant: TenantId, party: Party) -> None:
        """Keep the party, new or changed."""
        ...

    async def put_buyers(self, tenant: TenantId, buyers: Sequence[Buyer]) -> None:
        """Keep them, new or changed."""
        ...

    async def put_people(self, tenant: TenantId, people: Sequence[Person]) -> None:
        """Keep them, new or changed."""
        ...

    async def put_groups(self, tenant: TenantId, groups: Sequence[Group]) -> None:
        """Keep them, new or changed, with exactly these people and buyers."""
        ...

    async def add_token(self, tenant: TenantId, token: Token) -> None:
        """Keep a new token; its principal is kept already."""
        ...

    async def move_token(self, tenant: TenantId, token: TokenNumber, state: TokenState) -> None:
        """Enable, disable or delete it. Raises NotFound."""
        ...

    async def token_of(self, tenant: TenantId, principal: PrincipalId) -> Token | None:
        """The token that this service account acts by."""
        ...

    async def operating(self, tenant: TenantId) -> Party | None:
        """The party that operates: the oldest of kind `operations`."""
        ...

    async def parties(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Party]:
        """Those of `numbers` that there are."""
        ...

    async def every_party(self, tenant: TenantId) -> Sequence[PartyNumber]:
        """All parties."""
        ...

    async def people(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Person]:
        """Those of `numbers` that there are."""
        ...

    async def groups(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Group]:
        """Those of `numbers` that there are."""
        ...

    async def tokens(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Token]:
        """Those of `numbers` that there are."""
        ...

    async def buyers(
        self, tenant: TenantId, numbers: Sequence[int] = (), *, erp_customers: Sequence[str] = ()
    ) -> Sequence[Buyer]:
        """Those with one of these numbers, or one of these numbers in the books."""
        ...

    async def recipients(
        self, tenant: TenantId, party: PartyNumber, category: CategoryNumber, *, buyer: BuyerNumber | None
    ) -> Sequence[ContactNumber]:
        """Contacts (not deleted) of the people who are recipients of the party's subscriber, oldest first.

        Directly or through a group; only those in a group that sees `buyer`, where one is named. None at all while the
        category is not published or the subscriber is disabled.
        """
        ...
