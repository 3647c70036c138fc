"""Taking what comes back by mail: bounces and complaints, over SMTP and LMTP."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec
import structlog

from muster.channels.smtp.bounces import Bounce, read_bounce
from muster.channels.smtp.complaints import Complaint, read_complaint
from muster.channels.smtp.conversation import Conversation, Full, LmtpConversation, Mailroom
from muster.channels.smtp.incoming_parts import read_message
from muster.channels.smtp.verp import Returned
from muster.domain.errors import Unavailable
from muster.domain.ids import ChannelId, TenantId
from muster.domain.receipt import Receipt, Verdict
from muster.ports.channel import ReceiptSink
from muster.ports.clock import Clock
from muster.ports.meter import Meter

log = structlog.stdlib.get_logger(__name__)

_CLOSING_S: Final = 5.0
_BACKLOG: Final = 100
TAKEN: Final = "250 2.0.0 taken"
AGAIN: Final = "451 4.3.0 cannot be kept now; send it again"
NOBODY: Final = "550 5.1.1 no such address here"


class Protocols(StrEnum):
    """What is spoken."""

    SMTP = "smtp"
    LMTP = "lmtp"


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to listen."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: any that is free."""
    protocol: Protocols = Protocols.SMTP
    name: str = "localhost"
    """What it calls itself."""
    domains: frozenset[str] = frozenset()
    """The domains of addresses here, in lower case; empty: whatever the domain."""
    complaints: str = "complaints"
    """The local part that complaints may be sent to, in lower case; empty: there is none."""
    size_bytes: int = 10 << 20
    """The largest message."""
    connections: int = 100
    """The most at once."""
    patience: float = 60.0
    """Seconds for one command, and for one whole message."""
    longest: float = 600.0
    """Seconds for one connection."""
    tls: ssl.SSLContext | None = None
    """Offers STARTTLS."""


class InboundMail(Mailroom):
    """A server for mail that comes back. Only what names an entry of ours, signed by us, is taken.

    A message is answered with 250 when what it says is durable, and with 451 when that cannot be had now.
    """

    def __init__(
        self,
        listening: Listening,
        *,
        read: Callable[[str], Returned | None],
        sink_for: Callable[[TenantId, ChannelId], ReceiptSink],
        clock: Clock,
        meter: Meter,
    ) -> None:
        """`read`, given the local part of an address, tells what it stands for; None when we have not signed it."""
        self.listening = listening
        self._read = read
        self._sink_for = sink_for
        self._clock = clock
        self._meter = meter
        self._server: asyncio.Server | None = None
        self._conversations: set[Conversation] = set()
        self._stopping = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def port(self) -> int:
        """The port it listens on; 0 before it does."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else 0

    async def listen(self) -> None:
        """Begin to take connections. Raises Unavailable when the address cannot be had. May be repeated."""
        if self._server is not None:
            return
        host, port = self.listening.host, self.listening.port
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connected, host, port, backlog=_BACKLOG)
        except OSError as error:
            raise Unavailable(f"cannot listen for mail on {host}:{port}: {error.strerror}") from error
        log.info("mail_listening", protocol=self.listening.protocol.value, bind_address=f"{host}:{self.port}")

    async def run(self) -> None:
        """Listen until `stop`, then until the messages under way are answered, a few seconds at most."""
        await self.listen()
        await self._stopping.wait()
        if self._server is not None:
            self._server.close()
        for conversation in tuple(self._conversations):
            conversation.leave()
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self._empty.wait()
        except TimeoutError:
            for conversation in tuple(self._conversations):
                conversation.cut()

    def stop(self) -> None:
        """Take no further connection."""
        self._stopping.set()

    # For its conversations.

    def joined(self, conversation: Conversation) -> None:
        """Somebody connected."""
        self._conversations.add(conversation)
        self._empty.clear()

    def left(self, conversation: Conversation) -> None:
        """Somebody is gone."""
        self._conversations.discard(conversation)
        if not self._conversations:
            self._empty.set()

    def refusal(self, address: str) -> str | None:
        """Why no mail is taken for `address`; None when it is."""
        local, _, domain = address.rpartition("@")
        here = not self.listening.domains or domain.lower() in self.listening.domains
        if here and (self._is_for_complaints(local) or self._read(local) is not None):
            return None
        self._meter.count("mail_recipients_refused")
        return NOBODY

    async def take(self, content: bytes, recipients: Sequence[str]) -> Sequence[str]:
        """Keep what a message says; the answer for each recipient, in order.

        `content` may be the beginning of a message.
        """
        # In a thread, so that a message made to be hard to read holds nobody else up for long.
        bounce, complaint = await asyncio.to_thread(_said_in, content)
        receipts = [self._receipt(recipient.rpartition("@")[0], bounce, complaint) for recipient in recipients]
        to_keep: dict[tuple[TenantId, ChannelId], list[Receipt]] = defaultdict(list)
        for found in receipts:
            if found is not None:
                path, receipt = found
                to_keep[path.tenant, path.channel].append(receipt)
        lost: set[tuple[TenantId, ChannelId]] = set()
        for (tenant, channel), told in to_keep.items():
            if not await self._keep(tenant, channel, told):
                lost.add((tenant, channel))
        return [AGAIN if found and (found[0].tenant, found[0].channel) in lost else TAKEN for found in receipts]

    def _connected(self) -> asyncio.Protocol:
        if len(self._conversations) >= self.listening.connections or self._stopping.is_set():
            self._meter.count("mail_connections_refused")
            return Full()
        limits = self.listening
        spoken = LmtpConversation if limits.protocol is Protocols.LMTP else Conversation
        return spoken(
            self,
            hostname=limits.name,
            size=limits.size_bytes,
            patience=limits.patience,
            longest=limits.longest,
            tls=limits.tls,
        )

    def _is_for_complaints(self, local: str) -> bool:
        return bool(local) and local.lower() == self.listening.complaints

    def _receipt(
        self, local: str, bounce: Bounce | None, complaint: Complaint | None
    ) -> tuple[Returned, Receipt] | None:
        """What the message says of the entry that `local` names, or the entry named in a complaint."""
        path = self._read(local)
        if path is None and complaint is not None:
            path = next((found for one in complaint.return_paths if (found := self._read(one)) is not None), None)
        if complaint is not None:
            verdict, code = Verdict.COMPLAINED, complaint.kind
        elif bounce is not None:
            verdict, code = bounce.verdict, bounce.code
        else:
            self._meter.count("mail_reports", said="nothing")
            return None
        if path is None:
            self._meter.count("mail_reports", said="of_nobody")
            log.info("mail_report_names_nobody", verdict=verdict.value)
            return None
        self._meter.count("mail_reports", said=verdict.value)
        return path, Receipt(ref=path.ref, verdict=verdict, code=code, received_at=self._clock.now())

    async def _keep(self, tenant: TenantId, channel: ChannelId, receipts: Sequence[Receipt]) -> bool:
        """Whether they are durable now."""
        try:
            await self._sink_for(tenant, channel)(receipts)
        except (Unavailable, OSError) as error:
            self._meter.count("mail_reports_not_kept", len(receipts))
            log.warning("mail_reports_not_kept", error=type(error).__name__, count=len(receipts))
            return False
        return True


def _said_in(content: bytes) -> tuple[Bounce | None, Complaint | None]:
    message = read_message(content)
    complaint = read_complaint(message, content)
    return (None, complaint) if complaint is not None else (read_bounce(message, content), None)
