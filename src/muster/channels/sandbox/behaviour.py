"""What an address makes the sandbox do. Pure; documented for people in docs/reference/sandbox-channel.md."""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from muster.domain.outcome import Deferred, Refused, Unknown, Unsent
from muster.domain.receipt import Verdict


class Delay(Enum):
    """How long after the hand-over a receipt comes: the channel's options say what that is in milliseconds."""

    EARLY = "early"
    """Before the hand-over itself is answered."""
    NORMAL = "normal"
    LATE = "late"


class News(NamedTuple):
    """One receipt to come for each segment."""

    verdict: Verdict
    code: str
    delay: Delay = Delay.NORMAL


Failure = Deferred | Refused | Unsent


class Words(NamedTuple):
    """A text that the person at the address sends back once a message was handed over."""

    text: str
    delay: Delay = Delay.NORMAL


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to a parcel with a certain ending: `failure` first, and when that has passed it is handed over."""

    name: str
    failure: Failure | None = None
    passes: bool = False
    """True: after the option `fail_times` failures it is handed over. False: it fails for ever."""
    lost: Unknown | None = None
    """It is handed over and the answer is lost; with news it was acknowledged first, so that its refs are known."""
    confirmed: bool = False
    news: tuple[News, ...] = ()
    replies: tuple[Words, ...] = ()


_ARRIVED = News(Verdict.ARRIVED, "DELIVRD")

DELIVERED = Behaviour(name="delivered", news=(_ARRIVED,))
"""What happens to every address that has none of the endings below."""

BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType(
    {
        "9000": DELIVERED,
        "9001": Behaviour(name="late", news=(News(Verdict.ARRIVED, "DELIVRD", Delay.LATE),)),
        "9002": Behaviour(name="bounced", news=(News(Verdict.BOUNCED, "UNDELIV"),)),
        "9003": Behaviour(name="expired", news=(News(Verdict.EXPIRED, "EXPIRED"),)),
        "9004": Behaviour(name="no_receipt"),
        "9005": Behaviour(
            name="throttled",
            failure=Deferred("throttled", "Too many messages at once.", timedelta(seconds=1)),
            passes=True,
            news=(_ARRIVED,),
        ),
        "9006": Behaviour(
            name="fails_first",
            failure=Deferred("temporary_failure", "The recipient cannot be reached at the moment."),
            passes=True,
            news=(_ARRIVED,),
        ),
        "9007": Behaviour(
            name="always_deferred",
            failure=Deferred("temporary_failure", "The recipient cannot be reached at the moment."),
        ),
        "9008": Behaviour(name="invalid", failure=Refused("invalid_address", "There is no such number.")),
        "9009": Behaviour(name="opted_out", failure=Refused("opted_out", "The recipient opted out at the provider.")),
        "9010": Behaviour(name="blocked", failure=Refused("blocked", "The carrier does not take this message.")),
        "9011": Behaviour(name="unknown", lost=Unknown("answer_lost", "The answer to the hand-over was lost.")),
        "9012": Behaviour(
            name="unknown_settled_late",
            lost=Unknown("answer_lost", "The answer to the hand-over was lost."),
            news=(News(Verdict.ARRIVED, "DELIVRD", Delay.LATE),),
        ),
        "9013": Behaviour(
            name="unsent_first",
            failure=Unsent("connection_lost", "The connection was gone."),
            passes=True,
            news=(_ARRIVED,),
        ),
        "9014": Behaviour(name="receipt_twice", news=(_ARRIVED, _ARRIVED)),
        "9015": Behaviour(
            name="on_its_way_first",
            news=(News(Verdict.ON_ITS_WAY, "ENROUTE"), News(Verdict.ARRIVED, "DELIVRD", Delay.LATE)),
        ),
        "9016": Behaviour(name="receipt_early", news=(News(Verdict.ARRIVED, "DELIVRD", Delay.EARLY),)),
        "9017": Behaviour(name="confirmed", confirmed=True),
        "9018": Behaviour(name="replies_stop", news=(_ARRIVED,), replies=(Words("STOP"),)),
        "9019": Behaviour(
            name="replies_stop_then_start",
            news=(_ARRIVED,),
            replies=(Words("STOP"), Words("START", Delay.LATE)),
        ),
        "9020": Behaviour(name="replies", news=(_ARRIVED,), replies=(Words("Thank you"),)),
    }
)
"""The last four characters of an address (of an e-mail address: before the @), and what they bring about."""


_GONE = News(Verdict.GONE, "5.1.1 550 no such mailbox")

LETTER = Behaviour(name="delivered")
"""What happens to every letter whose address asks for nothing else: nothing is heard of it again."""

LETTERS: Mapping[str, Behaviour] = MappingProxyType(
    {
        "bounce": Behaviour(name="bounces", news=(_GONE,)),
        "complaint": Behaviour(name="complains", news=(News(Verdict.COMPLAINED, "abuse"),)),
        "fail": Behaviour(name="fails", failure=Refused("unknown_mailbox", "There is no such mailbox.")),
    }
)
"""How the address of a letter begins, and what that brings about."""
LIKE_TEXTS = "sandbox"
"""Where the address of a letter begins so, its ending counts as that of a text's. Not everywhere: among ten thousand
addresses with running numbers there is one of each.
"""

_RETURNS: Mapping[str, tuple[News, ...]] = MappingProxyType(
    {
        "9002": (News(Verdict.RETURNED, "5.2.2 552 mailbox full"),),
        "9003": (News(Verdict.RETURNED, "4.4.7 the server never took it"),),
        "9012": BEHAVIOURS["9012"].news,
    }
)
"""Of the endings, those that bring news of a letter. That one has arrived is no news."""


def letter_behaviour_of(address: str) -> Behaviour:
    """Tell what happens to letters for `address`: its beginning decides, and that may be to look at its ending."""
    local = address.rpartition("@")[0].lower()
    for beginning, behaviour in LETTERS.items():
        if local.startswith(beginning):
            return behaviour
    ending = local[-4:]
    known = BEHAVIOURS.get(ending) if local.startswith(LIKE_TEXTS) else None
    return LETTER if known is None else msgspec.structs.replace(known, news=_RETURNS.get(ending, ()), replies=())


def behaviour_of(address: str) -> Behaviour:
    """Tell what happens to parcels for `address`."""
    ending = address.partition("@")[0][-4:]
    return BEHAVIOURS.get(ending, DELIVERED)


_ONE, _PART = 160, 153


def segments_of(text: str) -> int:
    """Count segments roughly, as if every text were plain GSM 03.38; the exact count is the SMPP channel's."""
    return 1 if len(text) <= _ONE else -(-len(text) // _PART)
