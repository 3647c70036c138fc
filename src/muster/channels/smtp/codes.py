"""What a mail server's answer means: one table of enhanced status codes (RFC 3463, RFC 5248) and one of basic codes.

The first digit of the basic code decides: 4 is for now, 5 is for good. The tables say why, and how long to wait.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import msgspec

from muster.channels.smtp.bounces import verdict_of
from muster.channels.smtp.reply import Reply
from muster.domain.outcome import Deferred, Refused
from muster.domain.receipt import Verdict

DONE = 250
BAD = 400
"""From here on an answer is no success."""
CLOSING = 421
GO_AHEAD = 354
_FOR_GOOD = 500
_NOT_HERE = 551
_SOMETHING = "5.1.0"
"""Something about an address, which in the dialogue may be the sender's."""
_MINUTE, _HOUR = 60, 3600


class Meaning(msgspec.Struct, frozen=True):
    """One row: our permanent code, a sentence for people, and the least wait in seconds where it is for now."""

    code: str
    sentence: str
    wait: int = 5 * _MINUTE


GREYLISTED = Meaning("greylisted", "The server does not know us yet and wants a second try later.", 5 * _MINUTE)

ENHANCED: Mapping[tuple[int, int], Meaning] = MappingProxyType({
    (subject, detail): Meaning(code, sentence, wait)
    for subject, detail, code, sentence, wait in (
        (1, 0, "address_refused", "The server refuses the address.", 15 * _MINUTE),
        (1, 1, "unknown_mailbox", "There is no such mailbox.", 15 * _MINUTE),
        (1, 2, "unknown_domain", "There is no such domain, or it takes no mail.", 30 * _MINUTE),
        (1, 3, "invalid_address", "The server finds the address malformed.", 15 * _MINUTE),
        (1, 4, "ambiguous_address", "The address stands for more than one mailbox.", 15 * _MINUTE),
        (1, 6, "mailbox_moved", "The mailbox has moved, and left no new address.", 15 * _MINUTE),
        (1, 7, "invalid_sender", "The server finds the sender's address malformed.", 15 * _MINUTE),
        (1, 8, "invalid_sender", "The server does not know the sender's domain.", 15 * _MINUTE),
        (1, 9, "not_supported", "The message was relayed to a system that cannot take it.", 15 * _MINUTE),
        (1, 10, "domain_takes_no_mail", "The recipient's domain takes no mail.", 30 * _MINUTE),
        (2, 0, "mailbox_unavailable", "The mailbox cannot take messages.", 15 * _MINUTE),
        (2, 1, "mailbox_disabled", "The mailbox is disabled.", _HOUR),
        (2, 2, "mailbox_full", "The mailbox is full.", _HOUR),
        (2, 3, "message_too_large", "The message is too large for the mailbox.", _HOUR),
        (2, 4, "list_failed", "The mailing list behind the address could not be expanded.", 15 * _MINUTE),
        (3, 0, "provider_error", "The server has a problem.", 5 * _MINUTE),
        (3, 1, "system_full", "The server's disk is full.", 15 * _MINUTE),
        (3, 2, "service_unavailable", "The server takes no messages at present.", 5 * _MINUTE),
        (3, 3, "not_supported", "The server lacks a feature that the message needs.", 15 * _MINUTE),
        (3, 4, "message_too_large", "The message is too large for the server.", _HOUR),
        (3, 5, "provider_error", "The server is not configured right.", 15 * _MINUTE),
        (4, 0, "network_error", "The server could not pass the message on.", 10 * _MINUTE),
        (4, 1, "no_answer", "The recipient's server does not answer.", 10 * _MINUTE),
        (4, 2, "network_error", "The connection to the recipient's server broke.", 10 * _MINUTE),
        (4, 3, "directory_failed", "The server could not look up where to pass the message on.", 10 * _MINUTE),
        (4, 4, "unknown_domain", "The server finds no way to the recipient's domain.", 30 * _MINUTE),
        (4, 5, "busy", "The server has too much to do.", 5 * _MINUTE),
        (4, 6, "routing_loop", "The message would go round in circles.", 30 * _MINUTE),
        (4, 7, "expired", "The message waited too long for the recipient's server.", 30 * _MINUTE),
        (5, 0, "protocol_error", "The server does not understand us.", 10 * _MINUTE),
        (5, 1, "protocol_error", "The server finds a command out of place.", 10 * _MINUTE),
        (5, 2, "protocol_error", "The server finds a command malformed.", 10 * _MINUTE),
        (5, 3, "too_many_recipients", "The server has taken enough recipients for now.", 5 * _MINUTE),
        (5, 4, "bad_option", "The server does not know a command's option.", 10 * _MINUTE),
        (5, 5, "protocol_error", "The server speaks another version of the protocol.", 10 * _MINUTE),
        (5, 6, "message_too_large", "The server finds an answer to a challenge too long.", 10 * _MINUTE),
        (6, 0, "content_refused", "The server refuses the message's form.", 15 * _MINUTE),
        (6, 1, "content_refused", "The server does not take this sort of content.", 15 * _MINUTE),
        (6, 2, "content_refused", "The message would have to be converted, which is forbidden.", 15 * _MINUTE),
        (6, 3, "content_refused", "The message would have to be converted, which the server cannot.", 15 * _MINUTE),
        (6, 7, "no_smtputf8", "A server on the way cannot take addresses beyond ASCII.", 15 * _MINUTE),
        (6, 8, "no_smtputf8", "A server on the way cannot answer in characters beyond ASCII.", 15 * _MINUTE),
        (6, 9, "no_smtputf8", "A server on the way cannot take headers beyond ASCII.", 15 * _MINUTE),
        (7, 0, "policy_refused", "The server's rules forbid the message.", 10 * _MINUTE),
        (7, 1, "policy_refused", "The server's rules forbid the message.", 5 * _MINUTE),
        (7, 2, "list_refused", "The sender may not write to this list.", 15 * _MINUTE),
        (7, 3, "content_refused", "The message would have to be converted, which security forbids.", 15 * _MINUTE),
        (7, 4, "security_missing", "The server wants a security feature that it does not have.", 15 * _MINUTE),
        (7, 5, "security_missing", "The server lacks what it needs to read the message.", 15 * _MINUTE),
        (7, 7, "content_refused", "The message was changed on its way, says the server.", 15 * _MINUTE),
        (7, 8, "bad_credentials", "The server refuses the user name or the password.", 10 * _MINUTE),
        (7, 9, "bad_credentials", "The server wants a stronger way to log in.", 10 * _MINUTE),
        (7, 10, "security_missing", "The server wants encryption.", 10 * _MINUTE),
        (7, 11, "security_missing", "The server wants encryption to log in.", 10 * _MINUTE),
        (7, 12, "bad_credentials", "The server wants the password to be renewed.", 30 * _MINUTE),
        (7, 13, "account_disabled", "The account at the server is disabled.", _HOUR),
        (7, 14, "security_missing", "The server trusts us for something else only.", 30 * _MINUTE),
        (7, 15, "priority_too_low", "The server takes only messages of higher priority now.", 15 * _MINUTE),
        (7, 16, "message_too_large", "The message is too large for its priority.", _HOUR),
        (7, 17, "mailbox_moved", "The mailbox has changed its owner.", 15 * _MINUTE),
        (7, 18, "unknown_domain", "The recipient's domain has changed its owner.", 15 * _MINUTE),
        (7, 20, "signature_refused", "The server finds no valid DKIM signature.", 15 * _MINUTE),
        (7, 21, "signature_refused", "The server finds no acceptable DKIM signature.", 15 * _MINUTE),
        (7, 22, "signature_refused", "The server finds no DKIM signature of the author's domain.", 15 * _MINUTE),
        (7, 23, "sender_not_authorised", "The sender's domain does not name our server (SPF).", 15 * _MINUTE),
        (7, 24, "sender_not_authorised", "Nobody could be asked whether our server may send this (SPF).", 15 * _MINUTE),
        (7, 25, "sender_not_authorised", "Our server's address has no name.", 15 * _MINUTE),
        (7, 26, "sender_not_authorised", "The message passed none of the server's checks of its sender.", 15 * _MINUTE),
        (7, 27, "invalid_sender", "The sender's domain takes no mail itself.", 15 * _MINUTE),
        (7, 28, "flooding", "The server finds that too much comes from us.", 15 * _MINUTE),
        (7, 29, "signature_refused", "A signature of a server on the way is broken (ARC).", 15 * _MINUTE),
        (7, 30, "security_missing", "The server cannot pass the message on encrypted, as it must.", 15 * _MINUTE),
    )
})  # fmt: skip

BASIC: Mapping[int, Meaning] = MappingProxyType({
    code: Meaning(word, sentence, wait)
    for code, word, sentence, wait in (
        (421, "service_closing", "The server is closing the connection.", _MINUTE),
        (450, "mailbox_busy", "The mailbox cannot be reached at present.", 5 * _MINUTE),
        (451, "provider_error", "The server has an error.", 5 * _MINUTE),
        (452, "system_full", "The server lacks room for the message.", 10 * _MINUTE),
        (454, "provider_error", "The server cannot log anybody in at present.", 5 * _MINUTE),
        (455, "bad_option", "The server cannot take a command's option at present.", 10 * _MINUTE),
        (500, "protocol_error", "The server does not understand us.", 0),
        (501, "invalid_address", "The server finds the address malformed.", 0),
        (502, "protocol_error", "The server does not know a command.", 0),
        (503, "protocol_error", "The server finds a command out of place.", 0),
        (504, "bad_option", "The server does not know a command's option.", 0),
        (521, "domain_takes_no_mail", "The server takes no mail.", 0),
        (523, "message_too_large", "The message is too large for the server.", 0),
        (530, "bad_credentials", "The server wants us to log in, or to encrypt, first.", 0),
        (534, "bad_credentials", "The server wants a stronger way to log in.", 0),
        (535, "bad_credentials", "The server refuses the user name or the password.", 0),
        (538, "security_missing", "The server wants encryption to log in.", 0),
        (541, "policy_refused", "The server refuses the message as unwanted.", 0),
        (550, "mailbox_unavailable", "The server does not deliver to this mailbox.", 0),
        (551, "unknown_mailbox", "The mailbox is not on this server.", 0),
        (552, "mailbox_full", "The message would exceed the room of the mailbox.", 0),
        (553, "invalid_address", "The server does not allow the mailbox's name.", 0),
        (554, "provider_refused", "The server refuses the message.", 0),
        (555, "bad_option", "The server does not know an address's option.", 0),
        (556, "domain_takes_no_mail", "The recipient's domain takes no mail.", 0),
    )
})  # fmt: skip

_FOR_NOW = Meaning("provider_error", "The server cannot take the message at present.")
_NEVER = Meaning("provider_refused", "The server refuses the message.")
_SENDER = Meaning("sender_refused", "The server refuses the sender.", 15 * _MINUTE)


def meaning(reply: Reply, *, of_sender: bool = False) -> Meaning:
    """The row for an answer that is no success; `of_sender`: it answers MAIL, so it speaks of the sender."""
    text = reply.text.lower()
    if reply.code < _FOR_GOOD and ("greylist" in text or "graylist" in text):
        return GREYLISTED
    enhanced = reply.enhanced
    row = ENHANCED.get(enhanced) if enhanced is not None else None
    if row is not None and reply.code != CLOSING:
        return row
    if of_sender and reply.code in {450, 451, 501, 550, 553, 554}:
        return _SENDER
    return BASIC.get(reply.code, _NEVER if reply.code >= _FOR_GOOD else _FOR_NOW)


def failure(reply: Reply, *, of_sender: bool = False) -> Deferred | Refused:
    """The outcome of a letter that was answered with `reply`, which is no success.

    The server's own words stay out of it: they often repeat the address.
    """
    row = meaning(reply, of_sender=of_sender)
    detail = f"{row.sentence} ({number(reply)})"
    if reply.code >= _FOR_GOOD:
        return Refused(row.code, detail, gone=not of_sender and _is_gone(reply))
    return Deferred(row.code, detail, timedelta(seconds=row.wait))


def number(reply: Reply) -> str:
    """The codes of an answer without its words: `550 5.1.1`, or `550` where it has no enhanced one."""
    status = _status(reply)
    return f"{reply.code} {status}" if status else str(reply.code)


def _status(reply: Reply) -> str:
    """The enhanced code, spelled out; empty where there is none."""
    enhanced = reply.enhanced
    return f"{reply.code // 100}.{enhanced[0]}.{enhanced[1]}" if enhanced is not None else ""


def _is_gone(reply: Reply) -> bool:
    """Whether an answer that is for good says that the address takes no message, now or later: as a bounce would.

    By its codes alone. The words of the server we send through may speak of our own account.
    """
    status = _status(reply)
    if not status:
        return reply.code == _NOT_HERE
    return status != _SOMETHING and verdict_of(status, "") is Verdict.GONE
