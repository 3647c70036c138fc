"""Reading delivery receipts, from optional parameters and from the text of appendix B. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from muster.channels.smpp.pdu import EsmClass, Message, Tag
from muster.domain.receipt import Receipt, Verdict

_WORDS: Mapping[str, Verdict] = MappingProxyType(
    {
        "DELIVRD": Verdict.ARRIVED,
        "EXPIRED": Verdict.EXPIRED,
        "DELETED": Verdict.BOUNCED,
        "UNDELIV": Verdict.BOUNCED,
        "ACCEPTD": Verdict.ON_ITS_WAY,
        "ENROUTE": Verdict.ON_ITS_WAY,
        "SCHEDUL": Verdict.ON_ITS_WAY,
        # The SMSC has lost track of it for good and will send nothing more.
        "UNKNOWN": Verdict.BOUNCED,
        "REJECTD": Verdict.BOUNCED,
        "SKIPPED": Verdict.BOUNCED,
    }
)
_BY_HEAD = {word[:5]: verdict for word, verdict in _WORDS.items()}
_STATES = ("SCHEDUL", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED")
"""message_state (5.2.28) in the words of the text."""
_FIELDS = re.compile(rb"\b(id|stat|err)\s*:\s*([^\s]{1,65})", re.IGNORECASE)
# Plain numbers: looking up with a member of an enumeration hashes it in Python, once for every receipt and tag.
_RECEIPT_BITS = int(EsmClass.RECEIPT | EsmClass.INTERMEDIATE)
_INTERMEDIATE = int(EsmClass.INTERMEDIATE)
_MESSAGE_ID, _MESSAGE_STATE, _ERROR_CODE = (
    int(Tag.RECEIPTED_MESSAGE_ID),
    int(Tag.MESSAGE_STATE),
    int(Tag.NETWORK_ERROR_CODE),
)
_HEX = re.compile(r"[0-9A-Fa-f]{1,16}")
_MOST_TEXT = 512
"""How much of a receipt's text is read; the fields stand at its head."""


class Spelling(StrEnum):
    """How an SMSC spells in receipts the id it acknowledged a message with."""

    ANY = "any"
    """Unknown: every spelling it could be is offered for matching."""
    SAME = "same"
    HEX = "hex"
    """Hexadecimal in receipts, decimal in acknowledgements."""
    DECIMAL = "decimal"
    """Decimal in receipts, hexadecimal in acknowledgements."""


def is_receipt(message: Message) -> bool:
    """Whether a deliver_sm speaks of a message of ours, and is not one itself."""
    return bool(message.esm_class & _RECEIPT_BITS) or _MESSAGE_ID in message.tlvs


def read_receipt(message: Message, *, received_at: datetime, spelling: Spelling = Spelling.ANY) -> Receipt | None:
    """The receipt in `message`; None when it names no message or no state.

    Optional parameters win over the text. An intermediate notification settles nothing, unless it says delivered.
    """
    fields = {
        name.decode().lower(): value.decode("latin-1")
        for name, value in reversed(_FIELDS.findall(message.content[:_MOST_TEXT]))
    }
    tagged = message.tlvs.get(_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
    ref = tagged or fields.get("id", "")
    word = _state(message) or fields.get("stat", "").upper()
    if not ref or not word:
        return None
    verdict = _verdict(word)
    if message.esm_class & _INTERMEDIATE and verdict is not Verdict.ARRIVED:
        verdict = Verdict.ON_ITS_WAY
    return Receipt(
        ref=ref,
        verdict=verdict,
        code=_code(word, verdict, _error(message) or fields.get("err", "")),
        alternates=alternates(ref, spelling),
        received_at=received_at,
    )


def alternates(ref: str, spelling: Spelling = Spelling.ANY) -> tuple[str, ...]:
    """The other spellings under which the id `ref` of a receipt may have been acknowledged, the likeliest first.

    An id of digits alone may be either; both readings are offered unless `spelling` says which it is. Ids beyond
    64 bits are names, not numbers: only their letter case varies.
    """
    found: list[str] = []
    if spelling in {Spelling.ANY, Spelling.DECIMAL} and ref.isdecimal() and ref.isascii():
        found += _as_hex(int(ref)) if len(ref) <= 20 else ()  # noqa: PLR2004 - 2^64 has 20 digits
    if spelling in {Spelling.ANY, Spelling.HEX} and _HEX.fullmatch(ref):
        number = int(ref, 16)
        found += (str(number), f"{number:010d}")
    found += (ref.lower(), ref.upper(), ref.lstrip("0"))
    return tuple(other for other in dict.fromkeys(found) if other and other != ref)


def _as_hex(number: int) -> Sequence[str]:
    return f"{number:x}", f"{number:X}", f"{number:08x}", f"{number:08X}", str(number)


def _state(message: Message) -> str:
    value = message.tlvs.get(_MESSAGE_STATE, b"")
    return _STATES[value[0]] if len(value) == 1 and value[0] < len(_STATES) else ""


def _verdict(word: str) -> Verdict:
    """What `word` says; SMSCs shorten and lengthen the words, so the first five letters decide."""
    return _BY_HEAD.get(word[:5], Verdict.ON_ITS_WAY)


def _error(message: Message) -> str:
    """network_error_code as text: one octet names the network, two the error (5.3.2.31)."""
    value = message.tlvs.get(_ERROR_CODE, b"")
    return f"{int.from_bytes(value[1:], 'big'):03d}" if len(value) == 3 else ""  # noqa: PLR2004 - see above


def _code(word: str, verdict: Verdict, error: str) -> str:
    """The provider's own words: the state, and its error number where there is a reason to name one."""
    if verdict is Verdict.ARRIVED or not error.strip("0"):
        return word
    return f"{word} err:{error}"
