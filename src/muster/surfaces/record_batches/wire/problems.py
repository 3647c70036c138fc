"""The vendor's error object, and the words it answers errors in."""

from http import HTTPStatus

import msgspec

from muster.domain.errors import MusterError

REQUEST_ID = "x-ris-request-id"
"""The header that every answer of this door has: a number for the request, new each time."""

MISSING_TOKEN = "Missing Authentication Token"  # noqa: S105 - a sentence, no secret
UNAUTHORIZED = "Unauthorized"
EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105 - a sentence, no secret
FORBIDDEN = "Forbidden"
ACCESS_DENIED = "Access Denied."
NOT_FOUND = "Resource Not Found"
TOO_MANY_REQUESTS = "Too Many Requests"
TOO_MANY_BATCHES = "Too many batches in queued status. Please wait and try again."
INVALID_JSON = "Invalid JSON in request body."


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer that says no. `code` is ours and permanent."""

    message: str
    code: str


class Refused(MusterError):
    """An answer in this door's own words, for what needs others than our errors have.

    `message` None: the answer has no body at all.
    """

    code = "refused"

    def __init__(self, status: int, message: str | None) -> None:
        super().__init__(message or HTTPStatus(status).phrase)
        self.status = status
        self.silent = message is None
