"""The tables of a blueprint's document, each key read by its type. What is wrong is collected, with its place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Final, TypeGuard, TypeVar

from muster.domain.document import is_list, is_table
from muster.domain.fault import Fault

MOST_ID: Final = 2**31 - 1
MOST_NAME: Final = 200
MOST_TEXT: Final = 2_000
_SHOWN: Final = 60
_MOST_BITS: Final = 128
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")
T = TypeVar("T")


class Findings:
    """The faults of one document, in the order in which they were found."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}

    @property
    def faults(self) -> Sequence[Fault]:
        """All of them, each once."""
        return list(self._faults)

    def note(self, path: str, code: str, message: str) -> None:
        """Keep a fault, told once."""
        self._faults[Fault(printable(path), code, printable(message))] = None


class Index:
    """Things that the document names by id or by name: what sort of thing, and the id of each."""

    def __init__(self, sort: str, known: Iterable[tuple[int, str]] = ()) -> None:
        self.sort = sort
        self.ids: dict[int, str] = {}
        self._names: dict[str, list[int]] = {}
        for number, name in known:
            self.ids[number] = name
            self._names.setdefault(name, []).append(number)

    def find(self, said: int | str) -> tuple[int | None, str]:
        """The id meant, or None and why nothing is."""
        if isinstance(said, int):
            known = ", ".join(map(str, sorted(self.ids)[:10])) or "none at all"
            return (said, "") if said in self.ids else (None, f"there is no {self.sort} {said} (there is: {known})")
        found = self._names.get(said, [])
        if len(found) > 1:
            ids = ", ".join(map(str, found))
            return None, f"more than one {self.sort} is called {cut(said)!r} (ids {ids}): give the id"
        return (found[0], "") if found else (None, f"there is no {self.sort} {cut(said)!r}{meant(said, self._names)}")


class Row:
    """One table. Each key is asked for once; `done` then tells what nobody asked for."""

    def __init__(self, content: Mapping[str, object], path: str, findings: Findings) -> None:
        self.path = path
        self.findings = findings
        self._content = content
        self._asked: dict[str, None] = {}

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def fault(self, key: str, code: str, message: str) -> None:
        """Keep a fault of a key; of the whole table where it is empty."""
        self.findings.note(self.at(key), code, message)

    def has(self, key: str) -> bool:
        """Whether the key is there. Who asks knows the key."""
        self._asked[key] = None
        return key in self._content

    def done(self) -> None:
        """Keep a fault for each key that nobody asked for, and what may have been meant."""
        for key in self._content:
            if key not in self._asked:
                self.fault(cut(key), "unknown_key", f"there is no such key here{meant(key, self._asked)}")

    def labels(self) -> Sequence[str]:
        """Every key, where each is a name of the author's."""
        return list(self._content)

    def take(self, key: str) -> object:
        """Whatever stands there; None where nothing does."""
        self._asked[key] = None
        return self._content.get(key)

    def text(self, key: str, otherwise: str = "", *, most: int = MOST_NAME, required: bool = False) -> str:
        """Text: of one line if it is at most a name long, else of any number of lines."""
        value = self.take(key)
        if value is None:
            if required:
                self.fault(key, "missing", "must be given")
            return otherwise
        if not isinstance(value, str):
            self.fault(key, "not_text", f"must be text, not {shown(value)}")
        elif (wrong := text_fault(value, most=most, required=required)) is not None:
            self.fault(key, "bad_text", wrong)
        else:
            return value
        return otherwise

    def whole(self, key: str, otherwise: int, *, low: int = 0, high: int = MOST_ID) -> int:
        """A whole number between two bounds."""
        value = self.take(key)
        if value is None:
            return otherwise
        if not is_whole(value):
            self.fault(key, "not_whole", f"must be a whole number, not {shown(value)}")
        elif not low <= value <= high:
            self.fault(key, "out_of_bounds", f"must be from {low:,} to {high:,}, not {shown(value)}")
        else:
            return value
        return otherwise

    def number(self, key: str, otherwise: Decimal) -> Decimal:
        """An exact number, 0 or more and below a million."""
        value = self.take(key)
        return otherwise if value is None else self._number(key, value, otherwise)

    def _number(self, key: str, value: object, otherwise: Decimal) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.fault(key, "not_a_number", f"must be a number, not {shown(value)}")
        elif not 0 <= value < 10**6:
            self.fault(key, "out_of_bounds", f"must be 0 or more and below 1,000,000, not {shown(value)}")
        else:
            return Decimal(value)
        return otherwise

    def numbers(self, key: str) -> list[Decimal] | None:
        """A list of exact numbers; None where there is none."""
        value = self.take(key)
        if value is None:
            return None
        if not is_list(value):
            self.fault(key, "not_a_list", f"must be a list of numbers, not {shown(value)}")
            return []
        return [self._number(f"{key}[{place}]", one, Decimal(0)) for place, one in enumerate(value, 1)]

    def flag(self, key: str, *, otherwise: bool) -> bool:
        """True or false."""
        value = self.take(key)
        if value is None:
            return otherwise
        if not isinstance(value, bool):
            self.fault(key, "not_a_flag", f"must be true or false, not {shown(value)}")
            return otherwise
        return value

    def moment(self, key: str) -> datetime | None:
        """A time with its offset; None where there is none."""
        value = self.take(key)
        if isinstance(value, str):
            with suppress(ValueError):
                value = datetime.fromisoformat(value)
        if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
            return None if value is None else value.astimezone(UTC)
        self.fault(
            key, "not_a_time", f"must be a time with its offset, such as 2024-01-31T00:00:00Z, not {shown(value)}"
        )
        return None

    def choice(self, key: str, words: Mapping[str, T], otherwise: T) -> T:
        """One of the words, in any case."""
        value = self.take(key)
        return otherwise if value is None else self._word(key, value, words=words, otherwise=otherwise)

    def choices(self, key: str, words: Mapping[str, T]) -> tuple[T, ...]:
        """Some of the words: a list, or one alone."""
        return tuple(
            found
            for place, one in self.each(key)
            if (found := self._word(place, one, words=words, otherwise=None)) is not None
        )

    def _word(self, key: str, value: object, *, words: Mapping[str, T], otherwise: T | None) -> T:
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        guess = meant(value.lower(), words) if isinstance(value, str) else ""
        self.fault(key, "unknown", f"there is no {shown(value)}{guess}; there is: {', '.join(words)}")
        return otherwise  # type: ignore[return-value]  # None only where the caller leaves it out

    def texts(self, key: str, otherwise: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Names: a list, or one alone."""
        if not self.has(key):
            self.take(key)
            return otherwise
        found: list[str] = []
        for place, one in self.each(key):
            if not isinstance(one, str):
                self.fault(place, "not_text", f"must be text, not {shown(one)}")
            elif (wrong := text_fault(one, most=MOST_NAME, required=True)) is not None:
                self.fault(place, "bad_text", wrong)
            else:
                found.append(one)
        return tuple(found)

    def each(self, key: str) -> Iterator[tuple[str, object]]:
        """The items of a list, or the one thing that stands alone, each with its place."""
        value = self.take(key)
        if is_list(value):
            yield from ((f"{key}[{place}]", one) for place, one in enumerate(value, 1))
        elif value is not None:
            yield key, value

    def reference(self, key: str, index: Index) -> int | None:
        """The id of a thing that is named by id or by name; None where nothing is named, or nothing that there is."""
        value = self.take(key)
        return None if value is None else self.resolved(key, value, index)

    def references(self, key: str, index: Index) -> tuple[int, ...]:
        """The ids of things that are named by id or by name, each once."""
        found = [number for place, one in self.each(key) if (number := self.resolved(place, one, index)) is not None]
        return tuple(dict.fromkeys(found))

    def resolved(self, place: str, said: object, index: Index) -> int | None:
        """The id of what is said; a fault and None where there is no such thing."""
        if not isinstance(said, str) and not is_whole(said):
            self.fault(place, "not_a_reference", f"must be the id or the name of a {index.sort}, not {shown(said)}")
            return None
        number, why = index.find(said)
        if number is None:
            self.fault(place, "unknown", why)
        return number

    def row(self, key: str) -> "Row | None":
        """A table within this one; None where there is none."""
        value = self.take(key)
        if value is None:
            return None
        if not is_table(value):
            self.fault(key, "not_a_table", f"must be a table, not {shown(value)}")
            return None
        return Row(value, self.at(key), self.findings)

    def rows(self, key: str) -> Iterator["Row"]:
        """The tables of a list; each is called by its id where it has one, else by its place."""
        for row, _ in self.rows_or_words(key, words=False):
            if row is not None:
                yield row

    def rows_or_words(self, key: str, *, words: bool = True) -> Iterator[tuple["Row | None", object]]:
        """As `rows`, but what is no table comes as it is, or as a fault where only tables may stand."""
        value = self.take(key)
        if value is None:
            return
        if not is_list(value):
            self.fault(key, "not_a_list", f"must be a list, not {shown(value)}")
            return
        for place, one in enumerate(value, 1):
            if is_table(one):
                yield Row(one, self.at(f"{key}[{_called(one, place)}]"), self.findings), one
            elif words:
                yield None, one
            else:
                self.fault(f"{key}[#{place}]", "not_a_table", f"must be a table, not {shown(one)}")


def _called(one: Mapping[str, object], place: int) -> str:
    """How people find a table of a list: by char type and id, by id, else by its place."""
    sort, number = one.get("type"), one.get("id")
    if not is_whole(number):
        return f"#{place}"
    return f"{cut(sort)}/{cut(str(number))}" if isinstance(sort, str) else cut(str(number))


def once(row: Row, key: str, number: int | str, *, seen: set[object]) -> None:
    """Keep a fault if something before had this id or name already."""
    if number in seen:
        row.fault(key, "duplicate", f"{shown(number)} is taken already")
    seen.add(number)


def identity(row: Row, seen: set[object]) -> int:
    """The id of what a table describes, from 1; 0 where there is none that can be used."""
    number = row.whole("id", 0, low=1)
    if not row.has("id"):
        row.fault("id", "missing", "must be given")
    if number:
        once(row, "id", number, seen=seen)
    return number


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_fault(value: str, *, most: int, required: bool) -> str | None:
    """What is wrong with a text; a name has one line."""
    if required and not value.strip():
        return "must not be empty"
    if len(value) > most:
        return f"must have at most {most:,} characters"
    if (_UNSEEN if most <= MOST_NAME else _UNKEPT).search(value):
        return "must not hold control characters"
    return None


def cut(text: str) -> str:
    """The beginning of a text, enough to know it by."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def shown(value: object) -> str:
    """A value of the document, for a sentence."""
    if isinstance(value, str):
        return repr(cut(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a number of very many digits"
    if isinstance(value, int | Decimal):
        return cut(str(value))
    return "a table" if is_table(value) else "a list" if is_list(value) else "that"


def printable(text: str) -> str:
    """A text that every terminal and every database takes."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def meant(word: str, known: Iterable[str]) -> str:
    """`: did you mean …?` where a known word is near."""
    close = get_close_matches(word[:MOST_NAME], list(known), n=1, cutoff=0.6)
    return f": did you mean {close[0]!r}?" if close else ""
