"""The same letter as plain text, for readers without HTML."""

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of `text`, for a long list of names that reads better without commas."""
    return frozenset(text.split())


_LINES: Final = words(
    "address article blockquote caption center dd div dl dt figcaption figure footer header li main section table tbody"
    " tfoot thead tr"
)
"""Each begins and ends a line."""
_HEADINGS: Final[Mapping[str, str]] = MappingProxyType({"h1": "=", "h2": "-", "h3": "", "h4": "", "h5": "", "h6": ""})
"""With what each is underlined."""
_PARAGRAPHS: Final = frozenset({"p", "pre", "ul", "ol", "hr", *_HEADINGS})
"""Each stands between empty lines."""
_BLANK: Final = re.compile(r"[ \t\n\r\f\u00a0]+")
_RULE: Final = "-" * 20
_LONGEST_UNDERLINE, _DEEPEST = 60, 8

Attributes = Sequence[tuple[str, str | None]]


def text_of(html: str) -> str:
    """`html` (well formed: what `letters.sanitised` answers) as text; empty where it says nothing.

    Links as `text (url)`, list items behind a dash or their number, the cells of a row side by side, pictures by their
    alternative text.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()


class _Writer(HTMLParser):
    """Writes as the elements come by. Its work and its memory grow with the length of the text, not with its depth."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        # What is to be written before the next text, and is not when none follows.
        self._ends = 0
        self._space = ""
        self._mark = ""
        self._lists: list[int | None] = []
        """The next number of each open list; None: its items have dashes."""
        self._cells = 0
        """How many cells the row has so far."""
        self._verbatim = 0
        """How many `pre` are open."""
        self._link: tuple[str, int] | None = None
        """Where the open link leads, and where its text begins."""
        self._heading = 0
        """Where the open heading begins."""

    def text(self) -> str:
        """What was written, with an end of line at its end."""
        return "".join([*self._written, "\n"]) if self._written else ""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Begin an element."""
        self._part(tag)
        match tag:
            case "br":
                self._ends, self._space = min(self._ends + 1, 2), ""
            case "hr":
                self._say(_RULE)
                self._part(tag)
            case "img":
                self.handle_data(f" {dict(attrs).get('alt') or ''} ")
            case "a":
                self._link = dict(attrs).get("href") or "", len(self._written)
            case "pre":
                self._verbatim += 1
            case _:
                self._begin(tag, attrs)

    def _begin(self, tag: str, attrs: Attributes) -> None:
        match tag:
            case "ul":
                self._lists.append(None)
            case "ol":
                self._lists.append(_number(dict(attrs).get("start")))
            case "li":
                self._mark = self._next_mark()
            case "tr":
                self._cells = 0
            case "td" | "th":
                self._cells += 1
                if self._cells > 1 and not self._ends:
                    self._space = " | "
            case _ if tag in _HEADINGS:
                self._heading = len(self._written)
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        match tag:
            case "a":
                self._end_link()
            case "pre":
                self._verbatim -= 1
            case "ul" | "ol":
                self._lists.pop()
                self._mark = ""
            case _ if tag in _HEADINGS:
                self._underline(_HEADINGS[tag])
            case _:
                pass
        self._part(tag)

    def handle_data(self, data: str) -> None:
        """Write text, its runs of blanks as one space; in `pre` as it is."""
        if self._verbatim:
            self._say(data)
            return
        text = _BLANK.sub(" ", data)
        if text.startswith(" "):
            self._space = self._space or " "
        if text not in {"", " "}:
            self._say(text.strip(" "))
            self._space = " " if text.endswith(" ") else ""

    def _say(self, text: str) -> None:
        if self._written:
            self._written.append("\n" * self._ends or self._space)
        self._written.append(self._mark + text)
        self._ends, self._space, self._mark = 0, "", ""

    def _part(self, tag: str) -> None:
        """Keep what follows apart from what precedes, as `tag` asks; lists in lists stand close."""
        close = tag in {"ul", "ol"} and self._lists
        least = 2 if tag in _PARAGRAPHS and not close else 1 if tag in _PARAGRAPHS or tag in _LINES else 0
        if least:
            self._ends, self._space = max(self._ends, least), ""

    def _next_mark(self) -> str:
        indent = "  " * min(max(len(self._lists) - 1, 0), _DEEPEST)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _end_link(self) -> None:
        if self._link is None:
            return
        (target, begins), self._link = self._link, None
        shown = target.removeprefix("mailto:")
        text = "".join(self._written[begins:]).strip()
        if not text:
            self._say(shown)
        elif shown and text not in {target, shown, shown.removeprefix("https://").removeprefix("http://")}:
            after, self._space = self._space, " "
            self._say(f"({shown})")
            self._space = after

    def _underline(self, sign: str) -> None:
        title = "".join(self._written[self._heading :]).strip().rpartition("\n")[2]
        if title and sign:
            self._ends = 1
            self._say(sign * min(len(title), _LONGEST_UNDERLINE))


def _number(start: str | None) -> int:
    return int(start) if start and start.isascii() and start.isdecimal() and len(start) < _DEEPEST else 1
