"""What the page says in the customer's language: words from the files in `languages`, dates and money by region."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import cast

from babel import Locale
from babel.dates import format_date, format_time, get_month_names
from babel.numbers import format_currency

from muster.surfaces.bodies import is_object

REGIONS: Mapping[str, str] = MappingProxyType(
    {
        # Whoever names no region lives most likely where the money of this page can go: its dollars are "$".
        "en": "en_US",
        "es": "es_US",
        "fr": "fr_CA",
        **{tag.lower().replace("_", "-"): tag for tag in ("en_US", "en_CA", "en_GB", "en_AU", "en_IE", "en_NZ")},
        **{tag.lower().replace("_", "-"): tag for tag in ("es_US", "es_MX", "es_ES", "es_419", "es_PR", "es_CO")},
        **{tag.lower().replace("_", "-"): tag for tag in ("fr_CA", "fr_FR", "fr_BE", "fr_CH")},
    }
)
"""From what a browser asks for to how dates and money are written."""
FALLBACK = "en"
_MOST_WISHES = 20
"""Of a longer list of languages the rest is not looked at."""


class Voice:
    """One language as one region writes it. Made once and used by every page."""

    def __init__(self, region: str, texts: Mapping[str, str]) -> None:
        """`region` such as `en_US`; `texts` by key, such as `page.continue`."""
        self._locale = Locale.parse(region)
        self._texts = texts
        self.tag = region.replace("_", "-")
        """For the attribute `lang`."""
        names = get_month_names("wide", locale=self._locale)
        self.months: Sequence[tuple[str, str]] = [(str(month), names[month]) for month in range(1, 13)]
        """Number and name of each month."""
        # Every form asks for the same countries.
        self._countries: tuple[tuple[str, ...], Sequence[tuple[str, str]]] = ((), ())

    def say(self, *keys: str, **values: str) -> str:
        """The text under the first of `keys` that there is, its places filled in; KeyError when there is none."""
        for key in keys:
            text = self._texts.get(key)
            if text is not None:
                return text.format_map(values)
        raise KeyError(keys)

    def knows(self, key: str) -> bool:
        """Whether there is a text under `key`."""
        return key in self._texts

    def moment(self, at: datetime) -> str:
        """A day and a time of day in UTC: no customer's time zone is known."""
        utc = at.astimezone(UTC)
        time = format_time(utc, "short", locale=self._locale).replace(" ", "\u00a0")
        return self.say("page.until_at", day=self.day(utc.date()), time=time)

    def day(self, day: date) -> str:
        """A day with its weekday."""
        return format_date(day, "full", locale=self._locale)

    def money(self, amount: str, currency: str) -> str:
        """An amount (a decimal) of a currency (ISO 4217)."""
        return format_currency(Decimal(amount), currency, locale=self._locale)

    def countries(self, codes: tuple[str, ...]) -> Sequence[tuple[str, str]]:
        """Each of `codes` (ISO 3166-1 alpha-2) with the country's name, or with itself where there is none."""
        if codes != self._countries[0]:
            territories = cast("Mapping[str, str]", self._locale.territories)
            self._countries = (codes, [(code, territories.get(code, code)) for code in codes])
        return self._countries[1]


class Voices:
    """Every language of the page."""

    def __init__(self, folder: Path) -> None:
        """Read the files of `folder`: `en.toml` and so on, one for each language of REGIONS."""
        texts = {file.stem: read(file) for file in folder.glob("*.toml")}
        made = {region: Voice(region, texts[region[:2]]) for region in set(REGIONS.values())}
        self._by_wish = {wish: made[region] for wish, region in REGIONS.items()}
        self.fallback = self._by_wish[FALLBACK]

    def of(self, accept_language: str) -> Voice:
        """The voice for an Accept-Language header (RFC 9110, 12.5.4): the most wanted one that there is."""
        for wish in _wishes(accept_language):
            voice = self._by_wish.get(wish) or self._by_wish.get(wish.partition("-")[0])
            if voice is not None:
                return voice
        return self.fallback


def read(file: Path) -> dict[str, str]:
    """The texts of one language, by keys such as `page.continue`."""
    return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, object], before: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if is_object(value):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)


def _wishes(accept_language: str) -> Sequence[str]:
    """The languages asked for, the most wanted first; those refused (`q=0`) are left out."""
    weighed: list[tuple[float, str]] = []
    for wish in accept_language.split(",")[:_MOST_WISHES]:
        tag, _, parameter = wish.partition(";")
        weight = _weight(parameter)
        if weight > 0:
            weighed.append((-weight, tag.strip().lower()))
    return [tag for _, tag in sorted(weighed, key=lambda one: one[0])]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1
    try:
        return float(value)
    except ValueError:
        return 0
