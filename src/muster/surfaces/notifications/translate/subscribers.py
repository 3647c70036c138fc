"""Subscribers: what is asked for, and as they are shown."""

from msgspec import UNSET

from muster.catalog.subscribers import SubscriberChange
from muster.domain.ids import GroupNumber, PersonNumber
from muster.domain.subscriber import Subscriber
from muster.lookup.shelves import Related
from muster.surfaces.notifications.translate.categories import category_full
from muster.surfaces.notifications.translate.ids import spell
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.references import account_full, audit, group_ref, known, user_ref


def read_change(reading: Reading) -> SubscriberChange:
    """What is to be different."""
    recipients = reading.below("recipients")
    users, groups = recipients.references("users", "USR"), recipients.references("userGroups", "UGR")
    return SubscriberChange(
        people=UNSET if users is UNSET else tuple(map(PersonNumber, users)),
        groups=UNSET if groups is UNSET else tuple(map(GroupNumber, groups)),
        note=reading.perhaps("note"),
    )


def render_subscriber(subscriber: Subscriber, related: Related) -> dict[str, object]:
    """Everything of a subscriber."""
    category = category_full(subscriber.category, related)
    return known(
        {
            "id": spell("NTS", subscriber.number),
            "revision": subscriber.revision,
            "name": category.get("name"),
            "status": subscriber.state.value.capitalize(),
            "note": subscriber.note,
            "account": account_full(subscriber.party, related),
            "category": category,
            "recipients": {
                "users": [user_ref(number, related) for number in subscriber.people],
                "userGroups": [group_ref(number, related) for number in subscriber.groups],
            },
            "audit": audit(subscriber.marks, related),
        }
    )
