"""Links to attachments: whoever has one may fetch the file for a few minutes, without a token."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import msgspec

from muster.domain.letter import Enclosure

LIFETIME: Final = timedelta(minutes=5)
_PURPOSE: Final = b"download"
"""The key signs other things too."""
_MAC: Final = 16
_LONGEST: Final = 4_096
_SPELLED = re.compile(r"[A-Za-z0-9_-]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\/]")


class Download(msgspec.Struct, frozen=True, array_like=True):
    """What a link stands for."""

    key: str
    """Where the content stands in the file store."""
    file_name: str
    content_type: str
    expires: int
    """Seconds of the Unix epoch."""


_decoder = msgspec.msgpack.Decoder(Download)


def make_link(link_key: bytes, file: Enclosure, *, now: datetime) -> str:
    """The last part of the link's path."""
    expires = int((now + LIFETIME).timestamp())
    said = msgspec.msgpack.encode(Download(file.key, file.file_name, file.content_type, expires))
    return urlsafe_b64encode(_mac(link_key, said) + said).decode().rstrip("=")


def read_link(link_key: bytes, link: str, *, now: datetime) -> Download | None:
    """What `link` stands for; None for one that was not made under this key, or whose time is over."""
    if len(link) > _LONGEST or not _SPELLED.fullmatch(link):
        return None
    try:
        octets = urlsafe_b64decode(link + "=" * (-len(link) % 4))
    except NotBase64:
        return None
    mac, said = octets[:_MAC], octets[_MAC:]
    if not hmac.compare_digest(mac, _mac(link_key, said)):
        return None
    found = _decoder.decode(said)
    return found if now.timestamp() < found.expires else None


def headers_of(file: Download) -> dict[str, str]:
    """The headers of the file's answer: it is saved and not shown, and can do nothing where it is shown after all."""
    name = _UNSAFE.sub("_", file.file_name)
    # Clients that know `filename*` prefer it; the vendor's takes the first, as it stands. HTTP libraries want text that
    # fits Latin-1: the octets are those of UTF-8 all the same.
    plain = name.replace('"', "'").encode().decode("latin-1")
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-store",
    }


def _mac(link_key: bytes, said: bytes) -> bytes:
    return hmac.digest(link_key, _PURPOSE + said, "sha256")[:_MAC]
