"""How a simulated mail server behaves as a whole."""

import msgspec


class MailOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated mail server. Times are seconds."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 for any free one."""
    pipelining: bool = True
    smtputf8: bool = True
    size: int = 10_485_760
    """The most octets of a message; 0 for no limit, and no mention of one."""
    starttls: bool = False
    """Whether STARTTLS is offered; then nothing is taken without it."""
    tls: bool = False
    """Whether it speaks TLS from the first octet."""
    username: str | None = None
    """Who has to log in (AUTH PLAIN or LOGIN); None: nobody needs to."""
    password: str = ""
    messages_per_connection: int | None = None
    """After as many, MAIL is answered with 421, and the connection closed."""
    connections: int | None = None
    """Beyond as many at a time, the greeting is 421."""
    greylisting: bool = False
    """Whether every recipient is refused the first time."""
    byte_by_byte: float | None = None
    """Seconds between the octets of every answer; None for whole answers."""
    answer_after: float = 0.0
    """How long every answer to a final dot takes."""
    slow_after: float = 1.0
    """How long it takes for those who are slow."""
    times: int = 1
    """How often a recipient that fails first fails before it passes."""
    behaviours: bool = True
    """Whether a recipient's local part chooses its fate; off, everything is taken."""
    log: str | None = None
    """A file that gets one JSON line for each message or refused recipient, written before its answer."""
    folder: str | None = None
    """A folder that gets the newest message to each recipient, as `<recipient>.eml`."""
    keep: bool = True
    """Whether arrivals are also kept in memory, contents included."""
