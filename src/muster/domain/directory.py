"""Whom a tenant serves: organisations, their people, and the tokens they call with.

A tenant that is a marketplace or a group of companies runs one installation for many organisations. Each is a
*party*; the tenant's own is the one that operates.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from muster.domain.ids import BuyerNumber, GroupNumber, PartyNumber, PersonNumber, PrincipalId, TokenNumber
from muster.domain.mark import Marks
from muster.domain.tenant import Principal


class PartyKind(StrEnum):
    """What a party is to the tenant; what its tokens may do follows from it."""

    CLIENT = "client"
    VENDOR = "vendor"
    OPERATIONS = "operations"


class TokenState(StrEnum):
    """Whether a token opens the door."""

    ACTIVE = "active"
    DISABLED = "disabled"
    DELETED = "deleted"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One organisation. `details` is JSON of whatever else is known of it, kept as it came."""

    number: PartyNumber
    kind: PartyKind
    name: str
    status: str = "active"
    """`active`, `enabled` or `disabled`."""
    icon: str | None = None
    details: str = "{}"
    marks: Marks
    revision: int = 1


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a party that buys. `erp_customer` is its number in the tenant's books."""

    number: BuyerNumber
    party: PartyNumber | None
    name: str
    erp_customer: str | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of a party."""

    number: PersonNumber
    party: PartyNumber | None
    name: str
    email: str = ""
    icon: str | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """People of a party, and the buyers they look after."""

    number: GroupNumber
    party: PartyNumber | None
    name: str
    people: tuple[PersonNumber, ...] = ()
    buyers: tuple[BuyerNumber, ...] = ()


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A party's way in. `principal` is the service account it acts as."""

    number: TokenNumber
    party: PartyNumber
    principal: PrincipalId
    name: str
    state: TokenState = TokenState.ACTIVE
    created_at: datetime


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a call, and for which party."""

    who: Principal
    token: Token
    party: Party
