"""Posting one message to a customer's URL, and nowhere else."""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from muster.channels.webhook.guard import Forbidden, Guard
from muster.ports.clock import Clock
from muster.ports.push import PushResult

MOST_BODY_BYTES = 64 * 1024
"""How much of an answer is read before the receiver is cut off."""
DEADLINE = timedelta(seconds=15)
"""How long one POST may take in all, from looking the host up to the last byte of the answer."""
_RESOLVERS = 16
_CONNECT_SECONDS = 5.0

LookUp = Callable[[str, int], Sequence[tuple[socket.AddressFamily, str]]]
"""Blocking: the addresses of a host, each with its family. Raises OSError."""


def look_up(host: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
    """What the system's resolver answers."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, _, _, _, address in found]


class GuardedResolver(AbstractResolver):
    """Gives the client only addresses that were checked; it connects to those, and no name is looked up twice.

    That closes the gap in which a name that was public when checked leads home when connected to (DNS rebinding).
    """

    def __init__(self, guard: Guard, look_up: LookUp) -> None:
        self._guard = guard
        self._look_up = look_up
        # Its own threads: names that are slow to resolve must not hold up the rest of the process.
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="webhook-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises Forbidden unless every one of them may be connected to."""
        del family
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._look_up, host, port)
        # One forbidden address among public ones is an attack or a broken zone: refused whole.
        if not found or not all(self._guard.allows(host, ip_address(address)) for _, address in found):
            raise Forbidden("the host does not resolve to public addresses only")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, address in found
        ]

    async def close(self) -> None:
        """Let the threads go; a look-up under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class HttpPush:
    """See ports.push. One pool of connections; TLS is verified, redirects are not followed, no cookie is kept."""

    def __init__(
        self,
        guard: Guard,
        clock: Clock,
        *,
        at_once: int = 100,
        deadline: timedelta = DEADLINE,
        look_up: LookUp = look_up,
    ) -> None:
        """At most `at_once` connections. To be made inside a running event loop."""
        self._guard = guard
        self._clock = clock
        self._resolver = GuardedResolver(guard, look_up)
        self._deadline = deadline.total_seconds()
        connector = aiohttp.TCPConnector(resolver=self._resolver, limit=at_once, ttl_dns_cache=10)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._deadline, sock_connect=_CONNECT_SECONDS),
            headers={"User-Agent": "Muster-Webhooks"},
            auto_decompress=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._session.close()
        await self._resolver.close()

    async def refusal(self, url: str) -> str | None:
        """Why nothing may be sent to `url`; None when it may. A name that cannot be looked up now is no refusal."""
        try:
            parsed = self._guard.parse(url)
            host = parsed.raw_host or ""
            if not _is_address(host):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await self._resolver.resolve(host, parsed.port or 0)
        except Forbidden as error:
            return error.reason
        except (OSError, TimeoutError):
            return None
        return None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PushResult:
        """POST `body`; never raises for what the receiver or the network does."""
        try:
            target = self._guard.parse(url)
            async with self._session.post(target, data=body, headers=headers, allow_redirects=False) as answer:
                # An answer read to its end leaves the connection fit for the next message.
                await _skip(answer)
                return PushResult(
                    status=answer.status,
                    detail=f"HTTP {answer.status}",
                    retry_after=self._retry_after(answer.headers.get("Retry-After", "")),
                )
        except Forbidden as error:
            return PushResult(status=None, detail=error.reason)
        except aiohttp.ClientConnectorDNSError as error:
            # The only failed look-up with words of its own is the guard's.
            forbidden = isinstance(error.os_error, Forbidden)
            return PushResult(status=None, detail=str(error.os_error) if forbidden else "the host cannot be resolved")
        except TimeoutError:
            return PushResult(status=None, detail=f"no full answer within {self._deadline:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return PushResult(status=None, detail=_why(error))

    def _retry_after(self, value: str) -> timedelta | None:
        """A `Retry-After` header as a wait: seconds or an HTTP date; None for anything else."""
        if value.isascii() and value.isdigit() and len(value) <= len("31536000"):
            return timedelta(seconds=int(value))
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(moment - self._clock.now(), timedelta())


async def _skip(answer: aiohttp.ClientResponse) -> None:
    """Read at most MOST_BODY_BYTES of the answer and forget them; cut the receiver off when there is more."""
    read = 0
    async for piece in answer.content.iter_any():
        read += len(piece)
        if read > MOST_BODY_BYTES:
            answer.close()
            return


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _why(error: Exception) -> str:
    """A sentence that names the kind of failure; never the address, which its owner may not be meant to learn."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "the receiver's TLS certificate is not accepted"
        case aiohttp.ClientConnectorError():
            return "no connection could be made"
        case aiohttp.ServerDisconnectedError():
            return "the receiver closed the connection without an answer"
        case _:
            return f"the answer could not be read ({type(error).__name__})"
