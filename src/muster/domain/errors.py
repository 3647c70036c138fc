"""What may be refused. Each class has a public, permanent `code`.

MusterError
├── BadInput              the request is wrong; `faults` names every fault
│   ├── MalformedBody     not even readable
│   └── TooLarge          more than the limit allows
├── NotAuthenticated      nobody we know
├── NotAllowed            known, and may not do this
├── NotFound              there is no such thing for this tenant
├── Conflict              it contradicts something that stands
│   ├── IdempotencyConflict   same key, another request
│   └── NameTaken
├── WrongState            not possible in the present state
│   └── TemplateNotActive
├── RateLimited           too many calls; `retry_after` in seconds
│   └── TooManyBatches    too many of the tenant's batches are still being worked on
├── Unavailable           a temporary lack on our side
├── Busy                  no place for a chunk at the moment: offer it again
├── LeaseLost             another worker holds the chunk now: stop, write nothing
├── ChannelDown           nothing at all was handed over
└── IllegalTransition     a bug: the table of states has no such step
"""

from collections.abc import Sequence
from typing import ClassVar

from muster.domain.fault import Fault


class MusterError(Exception):
    """The root. `message` is a sentence for the caller."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message or (self.__doc__ or "").split("\n")[0]


class BadInput(MusterError):
    """The request breaks at least one rule."""

    code = "bad_input"

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class MalformedBody(BadInput):
    """The body is not what its content type says."""

    code = "malformed_body"


class TooLarge(BadInput):
    """The request is larger than the limit."""

    code = "too_large"


class NotAuthenticated(MusterError):
    """No valid credential was presented."""

    code = "not_authenticated"


class NotAllowed(MusterError):
    """The caller lacks the permission."""

    code = "not_allowed"


class NotFound(MusterError):
    """There is no such thing."""

    code = "not_found"


class Conflict(MusterError):
    """The request contradicts something that stands."""

    code = "conflict"


class IdempotencyConflict(Conflict):
    """The idempotency key was used for a different request."""

    code = "idempotency_conflict"


class NameTaken(Conflict):
    """The name is in use."""

    code = "name_taken"


class WrongState(MusterError):
    """The operation is not possible in the present state."""

    code = "wrong_state"


class TemplateNotActive(WrongState):
    """The template may not be used in its present state."""

    code = "template_not_active"


class RateLimited(MusterError):
    """Too many calls."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyBatches(RateLimited):
    """Too many batches are waiting or being worked on."""

    code = "too_many_batches"


class Unavailable(MusterError):
    """The server cannot do this at the moment; try again."""

    code = "unavailable"


class Busy(MusterError):
    """There is no place for it at the moment: offer it again."""

    code = "busy"


class LeaseLost(MusterError):
    """Another worker holds this chunk now."""

    code = "lease_lost"


class ChannelDown(MusterError):
    """The channel could hand over nothing at all."""

    code = "channel_down"


class IllegalTransition(MusterError):
    """The table of states has no such step."""

    code = "illegal_transition"

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"no step from {state!r} by {event!r}")
