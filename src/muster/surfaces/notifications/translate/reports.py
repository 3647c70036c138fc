"""News of messages: from the words of the call to verdicts."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from msgspec import UNSET

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.receipt import Verdict
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.wording import detail_of

MOST_REASON: Final = 200
"""The most characters of a reason."""
VERDICTS: Mapping[str, Verdict] = MappingProxyType(
    {
        "bounced": Verdict.GONE,
        "complained": Verdict.COMPLAINED,
        # The message was sent: it can only have come back. Nothing is said against its address.
        "failed": Verdict.RETURNED,
    }
)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Told(NamedTuple):
    """What is told of a message; `reason` is empty where none was given."""

    verdict: Verdict
    reason: str


def read_report(reading: Reading) -> Told:
    """What is told. Raises BadInput naming every fault."""
    event, reason = reading.text("event"), reading.text("reason")
    faults = list(reading.faults)
    if event not in VERDICTS and not any(fault.path == "event" for fault in faults):
        known = ", ".join(VERDICTS)
        faults.append(Fault("event", "UNKNOWN_EVENT", f"must be one of {known}"))
    if reason and (len(reason) > MOST_REASON or _UNSEEN.search(reason)):
        faults.append(Fault("reason", "NOT_ONE_LINE", f"must be one line of at most {MOST_REASON} characters"))
    if faults or event is UNSET:
        raise BadInput(detail_of(faults), faults)
    return Told(VERDICTS[event], reason or "")
