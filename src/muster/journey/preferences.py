"""What a contact does with the link that takes them off a category."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from muster.domain.category import Category, CategoryState
from muster.domain.contact import Contact
from muster.domain.errors import NotFound
from muster.domain.ids import CategoryNumber
from muster.domain.mark import Mark
from muster.domain.query import Compare, Comparison, Every, Order, Query
from muster.kinds.notifications.opt_out import Tokens, Wish
from muster.ports.clock import Clock
from muster.ports.store.unit import Store, Transaction

__all__ = ["Choice", "Choices", "Preferences"]

MOST: Final = 500
"""Categories that are offered; a tenant with more is not known."""
_OFFERED: Final = Query(
    where=Every(
        (
            Compare("state", Comparison.EQ, CategoryState.PUBLISHED.value),
            Compare("opt_out_allowed", Comparison.EQ, value=True),
        )
    ),
    order=(Order("name"),),
    limit=MOST,
)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One category, and whether the contact wants to hear of it."""

    category: CategoryNumber
    name: str
    description: str
    opted_out: bool


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact finds behind a link."""

    account: str
    """Who sends; empty where the tenant has given no name."""
    address: str
    """The contact's, with most of it hidden: whoever was forwarded a message learns no more from it."""
    about: CategoryNumber
    """The category of the message that the link was in; it may have ceased to be among the choices."""
    choices: Sequence[Choice]
    """By name: the categories that are published and may be opted out of."""


class Preferences:
    """Answers one contact. Tokens are believed while their contact is there: links in old messages must work."""

    def __init__(self, store: Store, clock: Clock, *, link_key: bytes) -> None:
        """`link_key` is the one that messages are packed with."""
        self._store = store
        self._clock = clock
        self._tokens = Tokens(link_key)

    async def find(self, token: str) -> Choices | None:
        """What there is to choose; None for a token nobody was given, and when its contact is gone. Changes nothing."""
        wish = self._tokens.read(token)
        if wish is None:
            return None
        async with self._store.read() as tx:
            contact = await _contact(tx, wish)
            if contact is None:
                return None
            _, offered = await tx.categories.find(wish.tenant, _OFFERED)
            operating = await tx.directory.operating(wish.tenant)
        return Choices(
            account="" if operating is None else operating.name,
            address=masked(contact.email),
            about=wish.category,
            choices=[_choice(category, contact) for category in offered],
        )

    async def opt_out(self, token: str, categories: Collection[int] | None = None) -> bool:
        """Send the contact no more of `categories`; None: of the one that the link was about.

        False for a dead token. Idempotent. Categories that are gone or may not be opted out of are passed over.
        """
        return await self._choose(token, categories, out=True)

    async def opt_in(self, token: str, categories: Collection[int] | None = None) -> bool:
        """Take that back, as `opt_out` has it."""
        return await self._choose(token, categories, out=False)

    async def choose(self, token: str, *, shown: Collection[int], wanted: Collection[int]) -> bool:
        """Of the categories that were `shown`, hear of those `wanted` and of no other; False for a dead token."""
        known = set(shown)
        found = await self._choose(token, known.intersection(wanted), out=False)
        return found and await self._choose(token, known.difference(wanted), out=True)

    async def _choose(self, token: str, categories: Collection[int] | None, *, out: bool) -> bool:
        wish = self._tokens.read(token)
        if wish is None:
            return False
        wanted = {int(wish.category)} if categories is None else set(categories)
        async with self._store.begin() as tx:
            contact = await _contact(tx, wish)
            if contact is None:
                return False
            for category in await tx.categories.several(wish.tenant, sorted(wanted)):
                if category.opt_out_allowed or not out:
                    await self._note(tx, wish, category.number, out=out)
        return True

    async def _note(self, tx: Transaction, wish: Wish, category: CategoryNumber, *, out: bool) -> None:
        now = self._clock.now()
        note = tx.contacts.opt_out if out else tx.contacts.opt_in
        if await note(wish.tenant, wish.contact, category, mark=Mark(now)):
            action = "contact:opt_out" if out else "contact:opt_in"
            detail = f"category {category}, by link"
            await tx.outbox.audit(wish.tenant, None, action, subject=str(wish.contact), detail=detail, at=now)


def masked(address: str) -> str:
    """`address` so that its owner knows it and nobody else learns it: `a***@example.com`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


async def _contact(tx: Transaction, wish: Wish) -> Contact | None:
    try:
        return await tx.contacts.get(wish.tenant, wish.contact)
    except NotFound:
        return None


def _choice(category: Category, contact: Contact) -> Choice:
    return Choice(
        category=category.number,
        name=category.name,
        description=category.description or "",
        opted_out=category.number in contact.opt_outs,
    )
