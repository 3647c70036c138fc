"""The last four digits of a number decide what becomes of a message; docs/reference/smpp-channel.md has the table."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to a message. `states` are those that receipts report, in order."""

    name: str
    states: tuple[str, ...] = ("DELIVRD",)
    error: int = 0
    status: int = 0
    """The command_status of the answer."""
    passes_later: bool = False
    """Whether `status` is answered only the first times, and the message is taken afterwards."""
    late: bool = False
    early: bool = False
    """Whether the receipt leaves before the answer."""
    answers: bool = True
    cuts: bool = False
    """Whether the connection is cut instead of an answer."""


PLAIN = Behaviour(name="delivered")
BY_ENDING: Mapping[str, Behaviour] = MappingProxyType(
    {
        "0001": Behaviour(name="refused", status=0x0B),
        "0002": Behaviour(name="throttled first", status=0x58, passes_later=True),
        "0003": Behaviour(name="undeliverable", states=("UNDELIV",), error=34),
        "0004": Behaviour(name="no receipt", states=()),
        "0005": Behaviour(name="late receipt", late=True),
        "0006": Behaviour(name="fails first", status=0x08, passes_later=True),
        "0007": Behaviour(name="answer lost", answers=False, cuts=True),
        "0008": Behaviour(name="never answered", answers=False, states=()),
        "0009": Behaviour(name="expired", states=("EXPIRED",)),
        "0010": Behaviour(name="early receipt", early=True),
        "0011": Behaviour(name="receipt twice", states=("DELIVRD", "DELIVRD")),
        "0012": Behaviour(name="rejected", states=("REJECTD",), error=8),
        "0013": Behaviour(name="on its way first", states=("ENROUTE", "DELIVRD")),
        "0014": Behaviour(name="queue full first", status=0x14, passes_later=True),
    }
)


def behaviour_of(destination: str) -> Behaviour:
    """What happens to messages to `destination`."""
    return BY_ENDING.get(destination[-4:], PLAIN)
