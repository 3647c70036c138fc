"""What categories, contacts and mailings are worked on with, built from the settings."""

from uuid import uuid4

import msgspec

from muster.app.settings import Settings
from muster.catalog.categories import CategoryCatalog
from muster.catalog.contacts import ContactCatalog
from muster.catalog.parties import PartyDesk
from muster.catalog.subscribers import SubscriberCatalog
from muster.intake.mailing_orders import Limits
from muster.intake.mailings import MailingDesk
from muster.intake.submit import Submit
from muster.journey.preferences import Preferences
from muster.lookup.shelves import ShelfLookup
from muster.ports.clock import Clock
from muster.ports.files import Files
from muster.ports.store.unit import Store


class MailRooms(msgspec.Struct, frozen=True, kw_only=True):
    """The use cases around e-mail."""

    parties: PartyDesk
    categories: CategoryCatalog
    contacts: ContactCatalog
    subscribers: SubscriberCatalog
    shelves: ShelfLookup
    mailings: MailingDesk
    preferences: Preferences


def mail_rooms(
    settings: Settings, store: Store, clock: Clock, *, submit: Submit, files: Files, link_key: bytes
) -> MailRooms:
    """All of them, on one store."""
    limits = Limits(
        attachments=settings.attachment_count,
        attachment_bytes=settings.attachment_limit_bytes,
        refused_extensions=frozenset(one.lower().lstrip(".") for one in settings.attachment_refused),
        media_types=frozenset(one.lower() for one in settings.attachment_types),
    )
    return MailRooms(
        parties=PartyDesk(store, clock, uuid4),
        categories=CategoryCatalog(store, clock),
        contacts=ContactCatalog(store, clock),
        subscribers=SubscriberCatalog(store, clock),
        shelves=ShelfLookup(store, clock),
        mailings=MailingDesk(store, submit, files, clock=clock, new_uuid=uuid4, limits=limits),
        preferences=Preferences(store, clock, link_key=link_key),
    )
