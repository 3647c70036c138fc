"""The vendor's JSON of temporary credentials, and the headers of signed requests."""

from datetime import datetime

import msgspec

API_KEY = "x-api-key"
SECURITY_TOKEN = "x-amz-security-token"  # noqa: S105 - the name of a header, no secret
AUTHORIZATION = "authorization"
AUTHENTICATION = "authentication"
"""What the vendor calls the header in some of its tables. Without a signature it brings the session token itself."""


class KeyPair(msgspec.Struct, frozen=True, rename="camel"):
    """What is exchanged for temporary credentials."""

    access_key: str
    secret_key: str


class TemporaryCredentials(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key pair that signs requests for an hour."""

    access_key: str
    secret_key: str
    session_token: str
    expiration: str
    """As `moment` writes it."""


def moment(at: datetime) -> str:
    """A time in UTC, with its offset and no fraction of a second."""
    return at.replace(microsecond=0).isoformat()
