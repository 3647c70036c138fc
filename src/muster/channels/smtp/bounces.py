"""Reading bounces: what a mail server says of a message that it could not deliver, or not yet. Pure."""

import re
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from types import MappingProxyType
from typing import Final

import msgspec
from flufl.bounce import all_failures  # pyright: ignore[reportUnknownVariableType]  # its parameter has no type

from muster.channels.smtp.incoming_parts import Incoming, header, read_fields
from muster.domain.receipt import Verdict


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_DSN = ("message/delivery-status", "message/global-delivery-status")
_ACTIONS: Mapping[str, Verdict] = MappingProxyType(
    {
        "failed": Verdict.RETURNED,
        # OpenSMTPD's word for it, which RFC 3464 does not have.
        "error": Verdict.RETURNED,
        "delayed": Verdict.ON_ITS_WAY,
        # Handed to a server, or a list, that will not tell more.
        "relayed": Verdict.ON_ITS_WAY,
        "expanded": Verdict.ON_ITS_WAY,
        "delivered": Verdict.ARRIVED,
    }
)
_GRAVITY: Final = (Verdict.ARRIVED, Verdict.ON_ITS_WAY, Verdict.GONE, Verdict.RETURNED)
"""Of what a report says of several recipients, the last of these counts: an address is gone only if all of it is."""

_GONE: Final = frozenset(
    {
        "5.1.0",  # Something about the address.
        "5.1.1",  # No such mailbox.
        "5.1.2",  # No such domain.
        "5.1.3",  # No address at all.
        "5.1.4",  # It fits several mailboxes.
        "5.1.6",  # Moved, and nobody says where.
        "5.1.10",  # The domain takes no mail (null MX); Exchange: no such recipient.
        "5.2.1",  # The mailbox is switched off.
        "5.4.4",  # No server answers for the domain.
        "5.4.310",  # Exchange Online: the domain is not in the DNS.
    }
)
"""Status codes (RFC 3463 and its registry) of addresses that take no message, now or later.

Every other one may pass or is about something else: a full mailbox (5.2.2), the size (5.3.4), the sender (5.1.7 and
5.1.8), content, policy and reputation (5.6.x, 5.7.x), and everything that was tried for too long (4.x.x).
"""
_UNSPECIFIC: Final = frozenset({"", "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.4.0", "5.4.1", "5.5.0", "5.5.1"})
"""Codes that are used for anything: the words beside them decide. Exchange Online says 5.4.1 of unknown recipients."""
_NOBODY: Final = _any_of(
    r"user unknown|unknown (user|recipient|address|mailbox)",
    r"no such (user|recipient|mailbox|account|address|person)",
    r"(user|recipient|mailbox|account|address)( name)? ((was|is|could|has been) )?"
    r"(not (be )?found|unknown|does not exist|doesn'?t exist|disabled|deactivated|closed|invalid|no longer)",
    r"does(n'?t| not) exist|(does(n'?t| not)|did(n'?t| not)) have an? .{0,40}account",
    r"invalid (recipient|mailbox|address|user)|isn'?t a valid|not a valid (recipient|mailbox|user)",
    r"no mailbox (here )?by that name|mailbox unavailable|recipient (address )?rejected",
    r"(host or )?domain (name )?(not found|does not exist)|unrouteable (address|mail domain)",
    r"couldn'?t find any host",
)
_PASSES: Final = _any_of(
    r"quota|(mailbox|inbox) (is )?full|full mailbox|too (large|big)|size limit|exceed|storage",
    r"spam|block(ed|list)|blacklist|reputation|polic(y|ies)|denied|content|virus|relay",
    r"temporar|timed? ?out|timeout|retry|too long|greylist|try again|unable to connect|connection refused",
)
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_SPOKEN: Final = re.compile(
    r"(?:\b[45]\d\d[ \-]+#?|#|status:? ?)(?P<status>[45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.IGNORECASE
)
"""A status code in running text: behind a reply code, or marked as one. Text has other numbers with two dots."""
_ORIGINAL: Final = re.compile(
    r"^[->*= ]*(below this line|this is a copy|original message|forwarded message)", re.IGNORECASE | re.MULTILINE
)
_AWAY: Final = _any_of(
    r"out of (the )?office|auto(matic)?[ -]?(reply|response|responder)|vacation|on holiday|absen(ce|t)\b",
    r"abwesen|automatische antwort|fuera de (la )?oficina|afwezig|assente|réponse automatique",
)
_MACHINE: Final = _any_of(r"mailer-daemon|postmaster|mail delivery|microsoftexchange")
_ANSWERED_BY_ITSELF = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-vacation", "x-auto-reply")
_TEXT_CHARACTERS: Final = 16_000
_CODE_CHARACTERS: Final = 200
_WILD_LINES, _WILD_LINE_BYTES, _WILD_PARTS = 1_500, 998, 10
"""How much of a message of no standard form is looked at."""


class Bounce(msgspec.Struct, frozen=True):
    """What a mail server said became of a message."""

    verdict: Verdict
    code: str
    """Its own words, the status code first; printable, at most 200 characters."""


def read_bounce(message: Incoming, content: bytes) -> Bounce | None:
    """What `message` says of the message it was sent for; None when it is no bounce, such as an out-of-office reply.

    `content` is the same message as it came. Never raises.
    """
    told = [one for part in message.parts if part.content_type in _DSN for one in _told(part.text)]
    if told:
        return max(told, key=lambda bounce: _GRAVITY.index(bounce.verdict))
    if _answers_by_itself(message):
        return None
    return _in_the_wild(message, content)


def verdict_of(status: str, words: str) -> Verdict:
    """Whether a failure with this status code (`5.1.1`, or empty) and these words is for good.

    GONE: the address takes no message. RETURNED: the cause may pass, or lies elsewhere.
    """
    if status.startswith("4"):
        return Verdict.RETURNED
    if status in _UNSPECIFIC and words:
        if _NOBODY.search(words):
            return Verdict.GONE
        if _PASSES.search(words):
            return Verdict.RETURNED
    return Verdict.GONE if status in _GONE else Verdict.RETURNED


def _told(text: str) -> Sequence[Bounce]:
    """What each recipient's block of a delivery status says (RFC 3464 part 2.3)."""
    return [bounce for fields in read_fields(text) if (bounce := _recipient(fields)) is not None]


def _recipient(fields: Mapping[str, str]) -> Bounce | None:
    # Some servers put a comment behind the word.
    action = re.split(r"[\s(;]", fields.get("action", "").lower(), maxsplit=1)[0]
    verdict = _ACTIONS.get(action)
    if verdict is None:
        return None
    words = fields.get("diagnostic-code", "").partition(";")[2].strip() or fields.get("diagnostic-code", "")
    status = _status(fields.get("status", ""), words)
    if verdict is Verdict.RETURNED:
        verdict = verdict_of(status, words)
    return Bounce(verdict, _code(status, words))


def _status(given: str, words: str) -> str:
    """The status code: as given, or where that says nothing, as the remote server's words have it."""
    code = _first_status(given)
    if code in {"", "4.0.0", "5.0.0"}:
        spoken = _SPOKEN.search(words[:_TEXT_CHARACTERS])
        return spoken["status"] if spoken else code
    return code


def _first_status(text: str) -> str:
    found = _STATUS.search(text)
    return ".".join(str(int(number)) for number in found.groups()) if found else ""


def _answers_by_itself(message: Incoming) -> bool:
    """Whether it is an answer that nobody wrote: somebody is away, a request was received."""
    headers = message.headers
    if any(name in headers for name in _ANSWERED_BY_ITSELF) or header(headers, "precedence").lower() == "auto_reply":
        return True
    if "x-failed-recipients" in headers or _MACHINE.search(header(headers, "from")):
        return False
    answered = header(headers, "auto-submitted").strip().lower().startswith("auto-")
    return answered or _AWAY.search(header(headers, "subject")) is not None


def _in_the_wild(message: Incoming, content: bytes) -> Bounce | None:
    """A bounce of no standard form."""
    passing, lasting = _failures(content)
    if not passing and not lasting:
        return None
    words = _words(message)
    spoken = _SPOKEN.search(words)
    status = spoken["status"] if spoken else ""
    code = _code(status, _line_of(words, spoken.start()) if spoken else "")
    if not lasting:
        # Flufl calls passing what is still being tried.
        return Bounce(Verdict.ON_ITS_WAY, code)
    if not status:
        # Nobody says why. That it was given up at all mostly means that there is nobody.
        passes = _PASSES.search(words) is not None and _NOBODY.search(words) is None
        return Bounce(Verdict.RETURNED if passes else Verdict.GONE, code)
    return Bounce(verdict_of(status, words), code)


def _failures(content: bytes) -> tuple[bool, bool]:
    """Whether a failure that passes, and one that lasts, is found by the forms that servers are known to use."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n", _WILD_LINES)[:_WILD_LINES]
    # No character sets: flufl would have any decoded that Python knows, however long it takes.
    shown = re.sub(rb"(?i)charset", b"x-charset", b"\n".join(line[:_WILD_LINE_BYTES] for line in lines))
    if shown.lower().count(b"boundary") > _WILD_PARTS:
        return False, False
    try:
        passing, lasting = all_failures(message_from_bytes(shown))
    except (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # Flufl passes on what the email package makes of a malformed message.
        return False, False
    return bool(passing), bool(lasting)


def _words(message: Incoming) -> str:
    """What it says to people, without the message that it returns."""
    texts = [part.text for part in message.parts if part.content_type == "text/plain"]
    said = "\n".join(texts)[:_TEXT_CHARACTERS]
    returned = _ORIGINAL.search(said)
    return said[: returned.start()] if returned else said


def _line_of(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


def _code(status: str, words: str) -> str:
    said = words if status and status in words else f"{status} {words}"
    shown = "".join(char if char.isprintable() else " " for char in said[: 4 * _CODE_CHARACTERS])
    return " ".join(shown.split())[:_CODE_CHARACTERS].strip()
