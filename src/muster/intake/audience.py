"""Whom a mailing is for: from what a request names to contacts, set-based, with everything that is wrong."""

from collections.abc import Mapping, Sequence

import msgspec

from muster.domain.category import CategoryState
from muster.domain.contact import Contact
from muster.domain.directory import Acting, Buyer
from muster.domain.fault import Fault
from muster.domain.ids import BuyerNumber, CategoryNumber, ContactNumber, PartyNumber, TenantId
from muster.intake.mailing_orders import MOST_RECIPIENTS, Addressee, Order, address_of
from muster.kinds.addresses import comparable, is_email
from muster.ports.store.unit import Transaction


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """Somebody who is to get a message."""

    key: str
    """The address in the form in which addresses are compared."""
    email: str
    contact: ContactNumber | None
    """None: nobody knows the address yet."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an order is for."""

    category: CategoryNumber
    party: PartyNumber
    recipients: Sequence[Recipient]
    """Each once, in the order in which they were first named."""
    contacts: Mapping[ContactNumber, Contact]
    """The known ones among them."""


class _Search(msgspec.Struct, frozen=True, kw_only=True):
    tx: Transaction
    tenant: TenantId
    order: Order
    faults: list[Fault]

    def refuse(self, path: str, code: str, message: str) -> None:
        self.faults.append(Fault(path, code, message))


async def find(tx: Transaction, acting: Acting, order: Order, *, faults: list[Fault]) -> Found | None:
    """Whom the order is for; what is wrong is added to `faults`. None where so much is wrong that nobody can tell."""
    search = _Search(tx=tx, tenant=acting.who.tenant, order=order, faults=faults)
    category = await _category(search)
    party = await _party(search, acting.party.number)
    buyer = await _buyer(search)
    if len(order.addressees or ()) > MOST_RECIPIENTS:
        return None
    if order.addressees:
        recipients, contacts = await _named(search, order.addressees)
    elif faults or category is None or party is None:
        return None
    else:
        owner = party if order.party is not None or buyer is None or buyer.party is None else buyer.party
        recipients, contacts = await _listed(search, category, owner, buyer=None if buyer is None else buyer.number)
    if category is None or party is None:
        return None
    return Found(category=category, party=party, recipients=recipients, contacts=contacts)


async def _category(search: _Search) -> CategoryNumber | None:
    if search.order.category is None:
        return None
    found = await search.tx.categories.several(search.tenant, [search.order.category])
    if not found:
        search.refuse("category.id", "NOT_FOUND", "There is no such category")
        return None
    if found[0].state is not CategoryState.PUBLISHED:
        search.refuse("category.id", "NOT_PUBLISHED", "is not published")
        return None
    return found[0].number


async def _party(search: _Search, own: PartyNumber) -> PartyNumber | None:
    if search.order.party is None:
        return own
    found = await search.tx.directory.parties(search.tenant, [search.order.party])
    if not found:
        search.refuse("account.id", "NOT_FOUND", "There is no such account")
        return None
    return found[0].number


async def _buyer(search: _Search) -> Buyer | None:
    """The buyer that is named, by either or both of its numbers."""
    number, erp_customer = search.order.buyer, search.order.erp_customer
    if number is None and erp_customer is None:
        return None
    found = await search.tx.directory.buyers(
        search.tenant,
        [] if number is None else [number],
        erp_customers=[] if erp_customer is None else [erp_customer],
    )
    if number is not None:
        by_number = next((one for one in found if one.number == BuyerNumber(number)), None)
        if by_number is None:
            search.refuse("buyer.id", "NOT_FOUND", "There is no such buyer")
        elif erp_customer is not None and by_number.erp_customer != erp_customer:
            search.refuse("buyer.erp_customer", "MISMATCH", "is not that buyer's number")
        return by_number
    if len(found) != 1:
        message = "Several buyers have this number" if found else "There is no buyer with this number"
        search.refuse("buyer.erp_customer", "AMBIGUOUS" if found else "NOT_FOUND", message)
        return None
    return found[0]


async def _listed(
    search: _Search, category: CategoryNumber, party: PartyNumber, *, buyer: BuyerNumber | None
) -> tuple[Sequence[Recipient], Mapping[ContactNumber, Contact]]:
    """Everybody who is to hear of the category in the party."""
    numbers = await search.tx.directory.recipients(search.tenant, party, category, buyer=buyer)
    if len(numbers) > MOST_RECIPIENTS:
        search.refuse("contacts", "TOO_MANY", f"the account has {len(numbers)}; at most {MOST_RECIPIENTS} are possible")
        return (), {}
    kept = await search.tx.contacts.several(search.tenant, numbers)
    contacts = {contact.number: contact for contact in kept}
    return [_recipient(contacts[number]) for number in numbers if number in contacts], contacts


async def _named(
    search: _Search, addressees: Sequence[Addressee]
) -> tuple[Sequence[Recipient], Mapping[ContactNumber, Contact]]:
    """Everybody who is named, each once."""
    keys = [_key(addressee) for addressee in addressees]
    numbers = {addressee.number for addressee in addressees if addressee.number}
    by_number = {
        contact.number: contact
        for contact in (await search.tx.contacts.several(search.tenant, sorted(numbers)) if numbers else ())
    }
    wanted = dict.fromkeys(key for key in keys if key is not None)
    by_key = dict(await search.tx.contacts.keyed(search.tenant, list(wanted))) if wanted else {}
    recipients: dict[str, Recipient] = {}
    for index, (addressee, key) in enumerate(zip(addressees, keys, strict=True)):
        one = _one(addressee, key, by_number=by_number, by_key=by_key)
        if isinstance(one, Recipient):
            recipients.setdefault(one.key, one)
        elif one is not None:
            search.refuse(f"contacts[{index}].{one.path}", one.code, one.message)
    contacts = {contact.number: contact for contact in (*by_key.values(), *by_number.values())}
    return list(recipients.values()), contacts


def _key(addressee: Addressee) -> str | None:
    """What its address is compared by; None where it has none, or none that is one."""
    email = address_of(addressee)
    return comparable(email) if is_email(email) else None


def _one(
    addressee: Addressee,
    key: str | None,
    *,
    by_number: Mapping[ContactNumber, Contact],
    by_key: Mapping[str, Contact],
) -> Recipient | Fault | None:
    """The recipient that is named, or what is wrong with it; None where that was said already."""
    if addressee.number is not None:
        contact = by_number.get(ContactNumber(addressee.number))
        if contact is None:
            return Fault("id", "NOT_FOUND", "There is no such contact")
        if key is not None and key != comparable(contact.email):
            return Fault("email", "MISMATCH", "is not the address of the contact with this id")
        return _recipient(contact)
    if key is None:
        return None
    known = by_key.get(key)
    return Recipient(key, address_of(addressee), None) if known is None else _recipient(known)


def _recipient(contact: Contact) -> Recipient:
    return Recipient(comparable(contact.email), contact.email, contact.number)
