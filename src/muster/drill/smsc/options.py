"""How a simulated SMSC behaves as a whole."""

from enum import StrEnum

import msgspec


class IdStyle(StrEnum):
    """How message ids are spelled."""

    DECIMAL = "decimal"
    HEX = "hex"
    MIXED = "mixed"
    """Upper-case hexadecimal in answers, decimal in receipts, as some providers do."""


class ReceiptStyle(StrEnum):
    """Where a receipt says what it has to say."""

    TLV = "tlv"
    TEXT = "text"
    BOTH = "both"


class SmscOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated SMSC. Times are seconds."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 for any free one."""
    id_style: IdStyle = IdStyle.DECIMAL
    receipt_style: ReceiptStyle = ReceiptStyle.BOTH
    receipt_after: float = 0.05
    late_after: float = 3.0
    behaviours: bool = True
    """Whether a number's last four digits choose its fate; off, every message is taken and delivered."""
    times: int = 1
    """How often a number that fails first fails before it passes."""
    rate: int | None = None
    """Messages a second over all sessions; beyond it ESME_RTHROTTLED."""
    password: str | None = None
    """The password to insist on; None takes any."""
    window: int = 500
    """Receipts unanswered at a time on one session."""
    log: str | None = None
    """A file that gets one JSON line for each submit_sm, written before its answer."""
    keep: bool = True
    """Whether arrivals are also kept in memory."""
    seed: int | None = None
    """Makes message ids repeatable; two runs with one seed give the same ids to different messages."""
