"""Opening a session: connect, EHLO, STARTTLS, AUTH by aiosmtplib, whose connection our own session then takes over."""

import asyncio
import ssl
from typing import cast

import aiosmtplib

from muster.channels.smtp.address import ascii_domain
from muster.channels.smtp.options import Security, SmtpOptions
from muster.channels.smtp.session import Offers, Post, Session
from muster.domain.errors import ChannelDown

_LIMIT_DIGITS = 20
"""The longest number after SIZE (RFC 1870, 4)."""


async def open_session(options: SmtpOptions, post: Post, *, tls: ssl.SSLContext | None) -> Session:
    """A session that is ready for MAIL. Raises ChannelDown, with a sentence for people."""
    client = aiosmtplib.SMTP(
        hostname=ascii_domain(options.host) or options.host,
        port=options.at_port,
        username=options.username or None,
        password=options.password or None,
        local_hostname=helo_of(options),
        timeout=options.connect_timeout,
        use_tls=options.security is Security.TLS,
        start_tls=options.security is Security.STARTTLS,
        tls_context=tls,
    )
    try:
        async with asyncio.timeout(options.connect_timeout):
            await client.connect()
            await _greet(client)
        return _taken_over(client, post, most=options.messages_per_connection)
    except TimeoutError:
        raise ChannelDown("The mail server does not answer.") from None
    except (aiosmtplib.SMTPException, OSError) as problem:
        raise ChannelDown(_sentence(problem)) from None
    finally:
        # However it ended. Of a connection that was taken over the client knows nothing any more.
        client.close()


def context_of(options: SmtpOptions) -> ssl.SSLContext | None:
    """How the server proves who it is; None without TLS. Reads certificates: made once."""
    if options.security is Security.NONE:
        return None
    context = ssl.create_default_context(cadata=options.tls_ca)
    if not options.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def helo_of(options: SmtpOptions) -> str:
    """What we call ourselves."""
    return ascii_domain(options.helo or options.sender.rpartition("@")[2]) or "localhost"


async def _greet(client: aiosmtplib.SMTP) -> None:
    """EHLO, unless logging in has said it; HELO to a server that knows no better."""
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


def _taken_over(client: aiosmtplib.SMTP, post: Post, *, most: int) -> Session:
    """Our session on the client's connection, of which the client then knows nothing."""
    offers = Offers(
        pipelining=client.supports_extension("pipelining"),
        smtputf8=client.supports_extension("smtputf8"),
        size=_limit(client.esmtp_extensions.get("size", "")),
        sized=client.supports_extension("size"),
    )
    transport, client.transport, client.protocol = client.transport, None, None
    if transport is None or transport.is_closing():
        raise ChannelDown("The mail server closed the connection.")
    session = Session(post, offers, most=most)
    # uvloop's transports are no subclass of asyncio.Transport, so this cannot be checked.
    session.take_over(cast("asyncio.Transport", transport))
    return session


def _limit(size: str) -> int | None:
    """The most octets of a message. No number, or 0, is no limit that one could keep to (RFC 1870, 4)."""
    if not size.isascii() or not size.isdigit() or len(size) > _LIMIT_DIGITS:
        return None
    return int(size) or None


def _sentence(problem: Exception) -> str:
    """What went wrong, without the server's own words: they may repeat what it was told."""
    if isinstance(problem, ssl.SSLError) or isinstance(problem.__cause__, ssl.SSLError):
        return "The connection could not be protected: the server's certificate or its TLS is not acceptable."
    code = f" ({problem.code})" if isinstance(problem, aiosmtplib.SMTPResponseException) else ""
    for kind, sentence in _SENTENCES.items():
        if isinstance(problem, kind):
            return f"{sentence}{code}."
    return "The mail server lacks STARTTLS, or a way to log in that we know."


_SENTENCES: dict[type[Exception], str] = {
    aiosmtplib.SMTPAuthenticationError: "The mail server refuses the user name or the password",
    aiosmtplib.SMTPResponseException: "The mail server refuses the session",
    aiosmtplib.SMTPTimeoutError: "The mail server does not answer",
    OSError: "The mail server cannot be reached",
}
"""By what aiosmtplib raises; the first that fits counts."""
