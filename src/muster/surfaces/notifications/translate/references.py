"""What one object of the door says of another, and when it changed."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from muster.domain.category import Category
from muster.domain.contact import Contact
from muster.domain.directory import Party
from muster.domain.ids import CategoryNumber, ContactNumber, GroupNumber, PartyNumber, PersonNumber, TokenNumber
from muster.domain.mark import Mark, Marks
from muster.lookup.shelves import Related
from muster.surfaces.bodies import is_object
from muster.surfaces.notifications.translate.ids import spell


def moment(at: datetime | None) -> str | None:
    """A time as the door writes it: UTC, with milliseconds and `Z`; None where there is none."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def known(fields: Mapping[str, object]) -> dict[str, object]:
    """Those of `fields` that have a value: the door leaves out what has none."""
    return {name: value for name, value in fields.items() if value is not None}


def audit(marks: Marks, related: Related) -> dict[str, object]:
    """The audit object: the latest occurrence of everything that ever happened."""
    return {name: _event(mark, related) for name, mark in marks.items()}


def account_ref(number: PartyNumber, related: Related) -> dict[str, object]:
    """The account as others show it."""
    party = related.parties.get(number)
    return {"id": spell("ACC", number)} if party is None else _account(party)


def account_full(number: PartyNumber, related: Related) -> dict[str, object]:
    """The account with everything that is known of it."""
    party = related.parties.get(number)
    if party is None:
        return {"id": spell("ACC", number)}
    told: object = msgspec.json.decode(party.details)
    details = told if is_object(told) else {}
    return {**details, **_account(party), "audit": audit(party.marks, related), "revision": party.revision}


def category_ref(number: CategoryNumber, related: Related) -> dict[str, object]:
    """The category as others show it."""
    category = related.categories.get(number)
    return {"id": spell("NTC", number)} if category is None else _category(category)


def contact_ref(number: ContactNumber, related: Related) -> dict[str, object]:
    """The contact as messages show it."""
    contact = related.contacts.get(number)
    return {"id": spell("CTT", number)} if contact is None else _contact(contact)


def user_ref(number: PersonNumber, related: Related, *, email: bool = False) -> dict[str, object]:
    """The user as others show it; contacts show their e-mail too."""
    person = related.people.get(number)
    if person is None:
        return {"id": spell("USR", number)}
    address = person.email or None
    return known(
        {
            "id": spell("USR", number),
            "name": person.name,
            "icon": person.icon,
            "email": address if email else None,
        }
    )


def group_ref(number: GroupNumber, related: Related) -> dict[str, object]:
    """The user group as others show it."""
    group = related.groups.get(number)
    return known({"id": spell("UGR", number), "name": None if group is None else group.name})


def _event(mark: Mark, related: Related) -> dict[str, object]:
    by = None if mark.by is None else _token(mark.by, related)
    of = None if mark.of is None else _owner(mark.of, related)
    return known({"at": moment(mark.at), "by": by, "of": of})


def _token(number: TokenNumber, related: Related) -> dict[str, object]:
    token = related.tokens.get(number)
    return known({"id": spell("TKN", number), "name": None if token is None else token.name})


def _owner(number: PartyNumber, related: Related) -> dict[str, object]:
    party = related.parties.get(number)
    if party is None:
        return {"id": spell("ACC", number)}
    return known({"id": spell("ACC", number), "name": party.name, "icon": party.icon})


def _account(party: Party) -> dict[str, object]:
    return known(
        {
            "id": spell("ACC", party.number),
            "type": party.kind.value.capitalize(),
            "status": party.status.capitalize(),
            "name": party.name,
            "icon": party.icon,
        }
    )


def _category(category: Category) -> dict[str, object]:
    return known(
        {
            "id": spell("NTC", category.number),
            "name": category.name,
            "status": category.state.value.capitalize(),
            "description": category.description,
            "shortDescription": category.short_description,
            "icon": category.icon,
            "lastUsed": moment(category.last_used),
        }
    )


def _contact(contact: Contact) -> dict[str, object]:
    return known(
        {
            "id": spell("CTT", contact.number),
            "name": contact.name,
            "email": contact.email,
            "status": contact.state.value.capitalize(),
        }
    )
