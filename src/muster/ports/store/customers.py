"""Keeping a tenant's customers, and their accounts at banks and card issuers."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from muster.domain.ids import CustomerId, TenantId


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A person, as they said of themselves. `profile` is the kind's own JSON."""

    id: CustomerId
    first_name: str
    last_name: str
    email: str
    phone: str
    profile: str = ""


class CustomerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A bank account or card. Its number is kept nowhere: `token` (encrypted at rest) stands for it."""

    id: UUID
    customer: CustomerId | None
    subtype: str
    label: str
    """What a person recognises it by, such as `Visa •••• 4242`."""
    token: str


class Customers(Protocol):
    """The register of a tenant's customers."""

    async def put(self, tenant: TenantId, customer: Customer, *, at: datetime) -> None:
        """Keep the customer, new or changed."""
        ...

    async def get(self, tenant: TenantId, customer: CustomerId) -> Customer | None:
        """The customer, if the register has them."""
        ...

    async def put_account(self, tenant: TenantId, account: CustomerAccount, *, at: datetime) -> None:
        """Keep the account, new or changed."""
        ...

    async def account(self, tenant: TenantId, account: UUID) -> CustomerAccount | None:
        """The account, if the register has it."""
        ...
