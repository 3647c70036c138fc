"""Who calls, and whether they may."""

import re
from base64 import b64decode
from binascii import Error as NotBase64

from litestar import Request
from litestar.datastructures import State

from muster.catalog.keys import Keys
from muster.domain.errors import NotAllowed, NotAuthenticated
from muster.domain.tenant import Principal, Role
from muster.intake.allowance import Allowance

Call = Request[object, object, State]
"""One HTTP request."""
_BEARER = re.compile(r"bearer +([\x21-\x7e]+)", re.IGNORECASE)
_BASIC = re.compile(r"basic +([\x21-\x7e]+)", re.IGNORECASE)


class Access:
    """Turns a request's credential into a principal, and counts its calls."""

    def __init__(self, keys: Keys, allowance: Allowance, *, parties: bool = False) -> None:
        """`parties`: whether the door is made for the parties a tenant serves, and not for the tenant alone."""
        self._keys = keys
        self._allowance = allowance
        self._parties = parties

    async def caller(self, call: Call) -> Principal:
        """Who presents the bearer token.

        Raises NotAuthenticated, RateLimited; NotAllowed for a change by a viewer, and for a party at another's door.
        """
        header = _BEARER.fullmatch(call.headers.get("authorization", "").strip())
        if header is None:
            raise NotAuthenticated("The Authorization header must be: Bearer <access token>")
        who = await self._keys.authenticate(header[1])
        self._allowance.take(who.token)
        if who.role is Role.PARTY and not self._parties:
            raise NotAllowed("This token does not open this door")
        if call.method not in {"GET", "HEAD"} and not who.may_write:
            raise NotAllowed("This service account may only read")
        return who

    async def exchange(self, call: Call) -> tuple[str, int]:
        """A token for the API key of a Basic header, and its lifetime in seconds.

        Raises NotAuthenticated, RateLimited.
        """
        key, secret = _basic_pair(call.headers.get("authorization", ""))
        self._allowance.take(f"key:{key[:64]}")
        return await self._keys.exchange(key, secret)


def _basic_pair(header: str) -> tuple[str, str]:
    found = _BASIC.fullmatch(header.strip())
    try:
        pair = b64decode(found[1], validate=True).decode() if found else ""
    except (NotBase64, UnicodeDecodeError):
        pair = ""
    key, colon, secret = pair.partition(":")
    if not colon or "\x00" in pair:
        raise NotAuthenticated("The Authorization header must be: Basic base64(<api key>:<api secret>)")
    return key, secret
