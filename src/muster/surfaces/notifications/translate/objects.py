"""Every row of every list as the vendor's object, with everything that is known of it."""

from collections.abc import Mapping
from types import MappingProxyType

from muster.domain.category import Category
from muster.domain.contact import Contact
from muster.domain.mailing import Mailing, Message
from muster.domain.subscriber import Subscriber
from muster.lookup.shelves import Related, Row, ShelfName
from muster.surfaces.notifications.translate.batches import render_mailing
from muster.surfaces.notifications.translate.categories import render_category
from muster.surfaces.notifications.translate.contacts import render_contact
from muster.surfaces.notifications.translate.ids import Prefix, spell
from muster.surfaces.notifications.translate.messages import render_message
from muster.surfaces.notifications.translate.subscribers import render_subscriber

_PREFIXES: Mapping[ShelfName, Prefix] = MappingProxyType(
    {
        ShelfName.MAILINGS: Prefix.BATCH,
        ShelfName.MESSAGES: Prefix.MESSAGE,
        ShelfName.CATEGORIES: Prefix.CATEGORY,
        ShelfName.CONTACTS: Prefix.CONTACT,
        ShelfName.SUBSCRIBERS: Prefix.SUBSCRIBER,
    }
)


def render(row: Row, related: Related) -> dict[str, object]:
    """The row's object; a `Selection` cuts it."""
    match row:
        case Mailing():
            return render_mailing(row, related)
        case Message():
            return render_message(row, related)
        case Category():
            return render_category(row, related)
        case Contact():
            return render_contact(row, related)
        case Subscriber():
            return render_subscriber(row, related)


def render_gone(shelf: ShelfName, number: int) -> dict[str, object]:
    """What stands for a row that was there when the list was drawn up, and is no more."""
    return {"id": spell(_PREFIXES[shelf], number), "$meta": {"deleted": True}}
