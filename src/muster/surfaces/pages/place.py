"""Where a page stands, and what it is made with."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from muster.surfaces.pages.words import Voice

FOLDER = Path(__file__).parent
# What turns the direction of writing: it lets a text look like another one.
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_FIRST, _LAST = "\u2068", "\u2069"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page stands, and for whom: the prefix of all links, the token of this one, the reader's language."""

    prefix: str
    token: str = ""
    voice: Voice

    @property
    def home(self) -> str:
        """The path of the page itself."""
        return f"{self.prefix}/{self.token}"


class Stylesheet(msgspec.Struct, frozen=True):
    """The one file beside the pages, under a name that changes with its content."""

    name: str
    content: bytes


def stylesheet() -> Stylesheet:
    """Of all pages."""
    content = (FOLDER / "static" / "page.css").read_bytes()
    return Stylesheet(f"page.{sha256(content).hexdigest()[:16]}.css", content)


def environment(templates: Path) -> Environment:
    """For templates of one surface, which find the shared ones too."""
    folders: Sequence[Path] = (templates, FOLDER / "templates")
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def plain(text: str) -> str:
    """`text` without what turns the direction of writing."""
    return text if text.isascii() else text.translate(_TURNS)


def enclosed(text: str) -> str:
    """`text` for the middle of a sentence: a name written from right to left must not turn the sentence around it."""
    name = plain(text)
    return name if name.isascii() else f"{_FIRST}{name}{_LAST}"
