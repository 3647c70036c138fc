"""Signing requests with an independent signer, at a moment of the test's choice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

ACCESS_KEY = "a1b2c3"
_TIME = "%Y%m%dT%H%M%SZ"
Lines = Sequence[tuple[str, str]]
"""Headers, or parameters of a query."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request as its client sends it."""

    method: str
    url: str
    headers: Lines
    body: bytes


class Spoilt(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a signature."""

    omit: str = ""
    """A header that is not signed."""
    date: str | None = None
    """What the header says of the time."""
    day: str | None = None
    """What the scope says of the day."""


class Signer(SigV4Auth):
    """The signer as it is, but for the time and for what tests spoil."""

    def __init__(self, credentials: Credentials, spoilt: Spoilt, *, region: str, service: str) -> None:
        super().__init__(credentials, service, region)
        self._spoilt = spoilt

    def headers_to_sign(self, request: AWSRequest) -> Any:  # noqa: ANN401 - its stubs name another class
        """Every header of the request but the one to be left out."""
        headers = super().headers_to_sign(request)
        del headers[self._spoilt.omit]
        return headers

    def sign(self, request: AWSRequest, at: str) -> None:
        """As `add_auth`, with `at` for the time."""
        # The stubs lack what the signer does inside.
        own, spoilt = cast("Any", self), self._spoilt
        request.context["timestamp"] = at
        own._modify_request_before_signing(request)  # noqa: SLF001 - see above
        if spoilt.date is not None:
            del request.headers["X-Amz-Date"]
            request.headers["X-Amz-Date"] = spoilt.date
        canonical = self.canonical_request(request)
        request.context["timestamp"] = f"{spoilt.day}{at[8:]}" if spoilt.day else at
        written = at if spoilt.date is None else spoilt.date
        text = self.string_to_sign(request, canonical).replace(request.context["timestamp"], written, 1)
        own._inject_signature_to_request(request, self.signature(text, request))  # noqa: SLF001 - see above


def signed(  # noqa: PLR0913 - what tests change of a request
    secret: str,
    method: str,
    url: str,
    *,
    at: datetime,
    data: bytes = b"",
    headers: Lines = (),
    params: Lines = (),
    unsigned: Lines = (),
    access_key: str = ACCESS_KEY,
    token: str | None = "session",  # noqa: S107 - no secret
    region: str = "us-west-2",
    service: str = "execute-api",
    spoilt: Spoilt = Spoilt(),  # noqa: B008 - immutable
) -> Sent:
    """A signed request; `unsigned` headers are added afterwards."""
    lines: Any = HTTPHeaders()
    for name, value in headers:
        lines[name] = value
    parameters: Any = list(params)
    request = AWSRequest(method=method, url=url, data=data, headers=lines, params=parameters)
    signer = Signer(Credentials(access_key, secret, token), spoilt, region=region, service=service)
    signer.sign(request, at.strftime(_TIME))
    return Sent(method=method, url=url, headers=[*request.headers.items(), *unsigned], body=data)
