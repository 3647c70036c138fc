"""Keeping contacts, and what they opted out of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from muster.domain.contact import Audience, Bars, BlockReason, Contact
from muster.domain.ids import CategoryNumber, ContactNumber, TenantId
from muster.domain.mark import Mark
from muster.ports.store.shelf import Shelf


class Contacts(Shelf[Contact], Protocol):
    """The contacts of a tenant. `key` everywhere: an address in the form in which addresses are compared.

    A query may name: `number email name state blocked_reason person person.name person.email revision created updated
    activated blocked`; collection `opt_outs` (a category's `number name state`).
    """

    async def add(self, tenant: TenantId, contacts: Sequence[tuple[str, Contact]]) -> Sequence[str]:
        """Keep new ones, each with its key, opt-outs included; the keys that others have already (they are left out).

        Set-based: ten thousand in a few statements.
        """
        ...

    async def change(self, tenant: TenantId, key: str, contact: Contact) -> bool:
        """Keep the change, opt-outs included; False where its revision is not one above what is kept, or it is gone.

        Raises NameTaken when another contact has the key.
        """
        ...

    async def keyed(self, tenant: TenantId, keys: Sequence[str]) -> Mapping[str, Contact]:
        """Those that have one of these keys, without their opt-outs. One statement."""
        ...

    async def opt_out(self, tenant: TenantId, contact: ContactNumber, category: CategoryNumber, *, mark: Mark) -> bool:
        """Note that the contact wants to hear no more of it; False when that is known already."""
        ...

    async def opt_in(self, tenant: TenantId, contact: ContactNumber, category: CategoryNumber, *, mark: Mark) -> bool:
        """Take that back; False when there is nothing to take back."""
        ...

    async def block(self, tenant: TenantId, keys: Sequence[str], reason: BlockReason, *, at: datetime) -> int:
        """Block those that are active; how many."""
        ...

    async def release(self, tenant: TenantId, keys: Sequence[str], *, at: datetime) -> int:
        """Activate those that the server itself blocked (`blocked_reason` is a BlockReason); how many."""
        ...

    async def barred(self, tenant: TenantId, audience: Audience) -> Bars:
        """Who of the audience gets no message, and why: the first `Barred` that applies. A few set-based statements."""
        ...
