"""The sentences of the vendor's own engine, and how they are raised."""

from muster.domain.errors import BadInput
from muster.domain.fault import Fault

UNKNOWN_CALL = "Unknown expression group."
UNKNOWN_PATH = "Invalid property path."
NO_VALUES = "Value has to be a non empty array."
NOT_TWO = "Binary expression must have 2 arguments"
NOT_ONE = "Unary expression must have 1 argument"
SHORTCUT = "Invalid equals shortcut expression"
_LONGEST = 100


def refusal(token: str, message: str) -> BadInput:
    """The error that says this of an offending token or path."""
    return BadInput(message, [Fault(token[:_LONGEST], "INVALID_EXPRESSION", message)])
