"""Contacts: what is asked for, and as they are shown."""

import msgspec
from msgspec import UNSET, UnsetType

from muster.catalog.contacts import ContactChange, ContactWish
from muster.domain.contact import Contact
from muster.domain.ids import CategoryNumber
from muster.lookup.shelves import Related
from muster.surfaces.notifications.translate.categories import category_full
from muster.surfaces.notifications.translate.ids import spell
from muster.surfaces.notifications.translate.reading import Reading, given
from muster.surfaces.notifications.translate.references import audit, known, user_ref

_EXTRAS = ("directories", "chat")
"""What a later version of the vendor's takes, and we only keep."""


def read_wish(reading: Reading) -> ContactWish:
    """The contact to be made; an address that is missing is empty."""
    return ContactWish(
        email=given(reading.text("email"), ""),
        name=given(reading.perhaps("name"), None),
        opt_outs=given(_opt_outs(reading), ()),
        extras=given(_extras(reading), "{}"),
    )


def read_change(reading: Reading) -> ContactChange:
    """What is to be different."""
    return ContactChange(
        email=reading.text("email"),
        name=reading.perhaps("name"),
        opt_outs=_opt_outs(reading),
        extras=_extras(reading),
    )


def render_contact(contact: Contact, related: Related) -> dict[str, object]:
    """Everything of a contact."""
    user = None if contact.person is None else user_ref(contact.person, related, email=True)
    # Opting out of a category that was deleted since says nothing any more.
    opt_outs = [category_full(number, related) for number in contact.opt_outs if number in related.categories]
    return known(
        {
            "id": spell("CTT", contact.number),
            "revision": contact.revision,
            "name": contact.name,
            "email": contact.email,
            "status": contact.state.value.capitalize(),
            "userId": None if user is None else user["id"],
            "user": user,
            "blockedReason": None if contact.blocked_reason is None else contact.blocked_reason.capitalize(),
            "optOuts": opt_outs,
            "audit": audit(contact.marks, related),
        }
    )


def _opt_outs(reading: Reading) -> tuple[CategoryNumber, ...] | UnsetType:
    numbers = reading.references("optOuts", "NTC")
    return UNSET if numbers is UNSET else tuple(map(CategoryNumber, numbers))


def _extras(reading: Reading) -> str | UnsetType:
    said = {name: value for name in _EXTRAS if (value := reading.anything(name)) is not UNSET}
    return msgspec.json.encode(said).decode() if said else UNSET
