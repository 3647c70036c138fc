"""What an SMSC's answer means: one table for every command_status of SMPP 3.4 (5.1.3)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.outcome import Deferred, Refused

OK = 0x00
INVALID_COMMAND_LENGTH = 0x02
INVALID_COMMAND = 0x03
NOT_BOUND = 0x04
QUEUE_FULL = 0x14
THROTTLED = 0x58
RECEIVER_TEMPORARY = 0x64
"""Our own answer to a receipt that could not be kept: the SMSC offers it again."""


class Kind(StrEnum):
    """What follows from an answer."""

    CARRIED = "carried"
    DEFERRED = "deferred"
    """Temporary, or the fault of the session: the same message may pass later."""
    REFUSED = "refused"
    """The same message will never pass."""


class Meaning(msgspec.Struct, frozen=True):
    """One row: the specification's name, what follows, our permanent code, a sentence for people."""

    name: str
    kind: Kind
    code: str
    sentence: str


_C, _D, _R = Kind.CARRIED, Kind.DEFERRED, Kind.REFUSED

MEANINGS: Mapping[int, Meaning] = MappingProxyType({
    status: Meaning(name, kind, code, sentence)
    for status, name, kind, code, sentence in (
        (0x00, "ESME_ROK", _C, "carried", "The provider took the message."),
        (0x01, "ESME_RINVMSGLEN", _R, "text_too_long", "The provider finds the text too long."),
        (0x02, "ESME_RINVCMDLEN", _R, "malformed", "The provider could not read the message (command length)."),
        (0x03, "ESME_RINVCMDID", _R, "not_supported", "The provider does not know this command."),
        (0x04, "ESME_RINVBNDSTS", _D, "session_lost", "The provider says the session is not bound for this."),
        (0x05, "ESME_RALYBND", _D, "session_lost", "The provider says the account is bound already."),
        (0x06, "ESME_RINVPRTFLG", _R, "bad_option", "The provider refuses the priority."),
        (0x07, "ESME_RINVREGDLVFLG", _R, "bad_option", "The provider refuses to send receipts for this message."),
        (0x08, "ESME_RSYSERR", _D, "provider_error", "The provider has an internal error."),
        (0x0A, "ESME_RINVSRCADR", _R, "invalid_sender", "The provider refuses the sender address."),
        (0x0B, "ESME_RINVDSTADR", _R, "invalid_address", "The provider refuses the recipient's number."),
        (0x0C, "ESME_RINVMSGID", _R, "malformed", "The provider does not know the message id."),
        (0x0D, "ESME_RBINDFAIL", _D, "bind_failed", "The provider refuses to open a session."),
        (0x0E, "ESME_RINVPASWD", _D, "bad_credentials", "The provider refuses the password."),
        (0x0F, "ESME_RINVSYSID", _D, "bad_credentials", "The provider does not know the system id."),
        (0x11, "ESME_RCANCELFAIL", _R, "provider_refused", "The provider could not cancel the message."),
        (0x13, "ESME_RREPLACEFAIL", _R, "provider_refused", "The provider could not replace the message."),
        (0x14, "ESME_RMSGQFUL", _D, "queue_full", "The provider's queue is full."),
        (0x15, "ESME_RINVSERTYP", _R, "bad_option", "The provider refuses the service type."),
        (0x33, "ESME_RINVNUMDESTS", _R, "malformed", "The provider refuses the number of recipients."),
        (0x34, "ESME_RINVDLNAME", _R, "malformed", "The provider does not know the distribution list."),
        (0x40, "ESME_RINVDESTFLAG", _R, "malformed", "The provider refuses the destination flag."),
        (0x42, "ESME_RINVSUBREP", _R, "malformed", "The provider does not replace messages on submission."),
        (0x43, "ESME_RINVESMCLASS", _R, "bad_option", "The provider refuses the message class."),
        (0x44, "ESME_RCNTSUBDL", _R, "provider_refused", "The provider cannot submit to the distribution list."),
        (0x45, "ESME_RSUBMITFAIL", _D, "submit_failed", "The provider could not take the message."),
        (0x48, "ESME_RINVSRCTON", _R, "invalid_sender", "The provider refuses the sender's type of number."),
        (0x49, "ESME_RINVSRCNPI", _R, "invalid_sender", "The provider refuses the sender's numbering plan."),
        (0x50, "ESME_RINVDSTTON", _R, "invalid_address", "The provider refuses the recipient's type of number."),
        (0x51, "ESME_RINVDSTNPI", _R, "invalid_address", "The provider refuses the recipient's numbering plan."),
        (0x53, "ESME_RINVSYSTYP", _D, "bad_credentials", "The provider refuses the system type."),
        (0x54, "ESME_RINVREPFLAG", _R, "bad_option", "The provider refuses the replace flag."),
        (0x55, "ESME_RINVNUMMSGS", _R, "malformed", "The provider refuses the number of messages."),
        (0x58, "ESME_RTHROTTLED", _D, "throttled", "The provider wants messages more slowly."),
        (0x61, "ESME_RINVSCHED", _R, "bad_option", "The provider refuses the delivery time."),
        (0x62, "ESME_RINVEXPIRY", _R, "bad_option", "The provider refuses the validity period."),
        (0x63, "ESME_RINVDFTMSGID", _R, "bad_option", "The provider does not know the predefined message."),
        (0x64, "ESME_RX_T_APPN", _D, "provider_error", "The receiving application has a temporary error."),
        (0x65, "ESME_RX_P_APPN", _R, "provider_refused", "The receiving application refuses the message for good."),
        (0x66, "ESME_RX_R_APPN", _R, "provider_refused", "The receiving application rejects the message."),
        (0x67, "ESME_RQUERYFAIL", _D, "provider_error", "The provider could not answer the query."),
        (0xC0, "ESME_RINVOPTPARSTREAM", _R, "malformed", "The provider could not read the optional parameters."),
        (0xC1, "ESME_ROPTPARNOTALLWD", _R, "bad_option", "The provider does not allow an optional parameter."),
        (0xC2, "ESME_RINVPARLEN", _R, "malformed", "The provider finds a parameter's length wrong."),
        (0xC3, "ESME_RMISSINGOPTPARAM", _R, "malformed", "The provider misses an optional parameter."),
        (0xC4, "ESME_RINVOPTPARAMVAL", _R, "bad_option", "The provider refuses an optional parameter's value."),
        (0xFE, "ESME_RDELIVERYFAILURE", _R, "provider_refused", "The provider could not deliver the message."),
        (0xFF, "ESME_RUNKNOWNERR", _D, "provider_error", "The provider has an error it does not name."),
    )
})  # fmt: skip
_VENDOR = range(0x0400, 0x0500)


def meaning(status: int) -> Meaning:
    """What `status` means. A provider's own code (0x400 to 0x4FF) refuses, any other unknown one defers.

    Providers use their own codes for what a second try does not cure: no credit, a barred recipient, an unknown sender.
    """
    known = MEANINGS.get(status)
    if known is not None:
        return known
    name = f"0x{status:08X}"
    if status in _VENDOR:
        return Meaning(name, Kind.REFUSED, "provider_refused", f"The provider refuses with its own code {name}.")
    return Meaning(name, Kind.DEFERRED, "provider_error", f"The provider answers with the unknown code {name}.")


def failure(status: int, *, after: timedelta | None = None) -> Deferred | Refused:
    """The outcome of a message that was answered with `status`, which is not OK."""
    row = meaning(status)
    detail = f"{row.sentence} ({row.name})"
    return Refused(row.code, detail) if row.kind is Kind.REFUSED else Deferred(row.code, detail, after)
