"""E-mail addresses as SMTP takes them. Pure."""

import re
from functools import lru_cache

import idna
import msgspec

_LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASCII = re.compile(rf"({_LOCAL})@({_DOMAIN})")
_ASCII_DOMAIN = re.compile(_DOMAIN)
# Whatever could end an address, a command or a header, or would need quoting.
_NOT_LOCAL = re.compile(r'[\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:"@\u2028\u2029\ud800-\udfff]')
_LOCAL_OCTETS, _DOMAIN_OCTETS = 64, 253


class Mailbox(msgspec.Struct, frozen=True, gc=False):
    """An address in two parts; the domain is ASCII, in lower case."""

    local: str
    domain: str

    @property
    def utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()

    @property
    def spelled(self) -> bytes:
        """As it stands in commands and headers."""
        return f"{self.local}@{self.domain}".encode()


def read_address(text: str) -> Mailbox | None:
    """The address, or None where `text` is none that SMTP could take. Quoted local parts and literals are none."""
    plain = _ASCII.fullmatch(text)
    if plain is not None:
        domain = plain[2].lower()
        return Mailbox(plain[1], domain) if len(domain) <= _DOMAIN_OCTETS else None
    local, at, name = text.rpartition("@")
    if not at or not local or _NOT_LOCAL.search(local) or len(local.encode()) > _LOCAL_OCTETS:
        return None
    found = ascii_domain(name)
    return Mailbox(local, found) if found is not None else None


@lru_cache(maxsize=4096)
def ascii_domain(name: str) -> str | None:
    """The domain in ASCII (IDNA 2008) and lower case; None where it is no domain's name."""
    if len(name) > _DOMAIN_OCTETS:
        return None
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    return name.lower() if len(name) <= _DOMAIN_OCTETS and _ASCII_DOMAIN.fullmatch(name) else None
