"""Keeping categories and subscribers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.category import Category, Statistics
from muster.domain.ids import CategoryNumber, PartyNumber, SubscriberNumber, TenantId
from muster.domain.mark import Mark
from muster.domain.subscriber import Subscriber
from muster.ports.store.shelf import Shelf


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """When the windows of statistics began."""

    today: datetime
    week: datetime
    month: datetime


class Categories(Shelf[Category], Protocol):
    """The categories of a tenant.

    A query may name: `number name description short_description opt_out_allowed delete_allowed state note icon
    last_used revision created updated published unpublished` (the last four are times).
    """

    async def add(self, tenant: TenantId, category: Category) -> None:
        """Keep a new one."""
        ...

    async def change(self, tenant: TenantId, category: Category) -> bool:
        """Keep the change; False where its revision is not one above what is kept, or it is gone: nothing is done."""
        ...

    async def use(self, tenant: TenantId, category: CategoryNumber, *, at: datetime) -> Category:
        """Note that it is used now, and keep it from being changed until this transaction ends. Raises NotFound."""
        ...

    async def statistics(
        self, tenant: TenantId, categories: Sequence[CategoryNumber], *, since: Windows
    ) -> Mapping[CategoryNumber, Statistics]:
        """How their messages fare, from the batches' counts: one statement for all of them, no entry is read.

        Waiting entries count nowhere. Sent: sent, delivered, applied. Bounced: undelivered. Discarded: suppressed,
        cancelled, expired, duplicate. Failed: failed, rejected, unknown.
        """
        ...


class Subscribers(Shelf[Subscriber], Protocol):
    """The subscribers of a tenant.

    A query may name: `number name state note party category revision created updated activated disabled`, the
    category's fields as `category.<field>` and the party's as `party.number party.name party.kind party.status`;
    collections `people` and `groups` (`number name`). `name` is the category's.
    """

    async def open(
        self,
        tenant: TenantId,
        first: SubscriberNumber,
        *,
        parties: Sequence[PartyNumber],
        categories: Sequence[CategoryNumber],
        mark: Mark,
    ) -> None:
        """Keep an active subscriber for each pair that has none, numbered from `first` on, without recipients."""
        ...

    async def add(self, tenant: TenantId, subscriber: Subscriber) -> None:
        """Keep one with its own number and recipients, in place of the one that its party and category have."""
        ...

    async def change(self, tenant: TenantId, subscriber: Subscriber) -> bool:
        """Keep the change, recipients included; False as for categories."""
        ...

    async def drop_category(self, tenant: TenantId, category: CategoryNumber) -> int:
        """Forget all of a category; how many."""
        ...
