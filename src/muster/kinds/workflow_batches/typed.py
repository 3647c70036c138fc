"""What people type into a form: tidied, and checked. Each check answers the tidy value and None, or a fault's code."""

import re
import unicodedata
from datetime import date, timedelta

from muster.kinds.workflow_batches import rules

Checked = tuple[str, str | None]
"""The value as it is kept, and None; or the value as it came, and the code of what is wrong with it."""

LONGEST_EMAIL = 254
"""RFC 5321 4.5.3.1.3, less the brackets."""
_LONGEST_LOCAL, _LONGEST_LABEL = 64, 63
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])+"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})\s?[/.-]\s?((?:[0-9]{2})?[0-9]{2})|([0-9]{2})([0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})\s?[/.-]\s?([0-9]{1,2})")
_CARD = re.compile(r"[0-9]{11,19}")
_ACCOUNT = re.compile(r"[0-9]{4,17}")
_NINE = re.compile(r"[0-9]{9}")
_TRANSIT_FIRST = re.compile(r"([0-9]{5})\s?-\s?([0-9]{3})")
_GAPS = str.maketrans("", "", " -.")

OLDEST_YEAR = 1900
_YEARS_AHEAD = 30
"""No card is valid for longer."""
_MONTHS = 12
_CENTURY = 2000
# What turns the direction of writing: it lets a text look like another one.
_TURNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
# Control, half of a pair, private use, and what ends a line or a paragraph.
_REFUSED = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})


def text(raw: str, *, longest: int) -> Checked:
    """Any text of `longest` characters at most, on one line: trimmed, in Unicode's form C."""
    # Normalising what is far too long would be work for nothing.
    if len(raw) > 4 * longest + 16:
        return raw, "too_long"
    value = unicodedata.normalize("NFC", raw.strip())
    if any(unicodedata.category(char) in _REFUSED or char in _TURNS for char in value):
        return value, "characters"
    return value, "too_long" if len(value) > longest else None


def email(value: str) -> Checked:
    """An e-mail address; its domain in lower case, and in Unicode where it is international."""
    local, at, domain = value.rpartition("@")
    tidy = f"{local}@{domain.lower()}"
    if not (at and _is_local(local) and _is_domain(domain.lower())):
        return value, "email"
    return tidy, None


def phone(value: str) -> Checked:
    """A phone number, its separators removed."""
    number = rules.digits(_ascii(value))
    return (number, None) if rules.matches_phone(number) else (value, "phone")


def date_of_birth(value: str, today: date) -> Checked:
    """A day (`YYYY-MM-DD`) since 1900 and not after `today`."""
    value = _ascii(value)
    if not _ISO_DATE.fullmatch(value):
        return value, "date"
    try:
        born = date.fromisoformat(value)
    except ValueError:
        return value, "date"
    return value, None if born.year >= OLDEST_YEAR and born <= today else "date_of_birth"


def card_number(value: str) -> Checked:
    """11 to 19 digits that pass the Luhn check, without what stood between them."""
    number = _ascii(value).translate(_GAPS)
    return (number, None) if _CARD.fullmatch(number) and passes_luhn(number) else (value, "card_number")


def card_expiry(value: str, today: date) -> Checked:
    """A month as `YYYY-MM`, from `MM/YY`, `MM/YYYY`, `MMYY` or `YYYY-MM`; the card is good until it ends."""
    month, year = _month_of(_ascii(value))
    if not 1 <= month <= _MONTHS:
        return value, "card_expiry"
    # Where the customer lives the new month may not have begun.
    here = today - timedelta(days=1)
    if (year, month) < (here.year, here.month):
        return value, "card_expired"
    return f"{year}-{month:02}", "card_expiry" if year > today.year + _YEARS_AHEAD else None


def routing_number(value: str) -> Checked:
    """Nine digits: an ABA routing number, or `0`, institution and transit of a Canadian one (also `TTTTT-III`)."""
    written = _ascii(value)
    canadian = _TRANSIT_FIRST.fullmatch(written)
    number = f"0{canadian[2]}{canadian[1]}" if canadian else written.translate(_GAPS)
    if not _NINE.fullmatch(number):
        return value, "routing_number"
    fine = number[1:4] != "000" if canadian else is_aba(number) or _is_canadian(number)
    return (number, None) if fine else (value, "routing_number")


def account_number(value: str) -> Checked:
    """4 to 17 digits, without what stood between them."""
    number = _ascii(value).translate(_GAPS)
    return (number, None) if _ACCOUNT.fullmatch(number) else (value, "account_number")


def passes_luhn(number: str) -> bool:
    """Whether the last of these digits checks the others (ISO/IEC 7812-1, annex B)."""
    doubled = (2 * int(digit) for digit in number[-2::-2])
    total = sum(int(digit) for digit in number[::-2]) + sum(n - 9 if n > 9 else n for n in doubled)  # noqa: PLR2004
    return total % 10 == 0 and number.strip("0") != ""


def is_aba(number: str) -> bool:
    """Whether these nine digits are a routing number as the American Bankers Association gives them out."""
    prefix = int(number[:2])
    known = any(first <= prefix <= last for first, last in ((1, 12), (21, 32), (61, 72), (80, 80)))
    total = sum(weight * int(digit) for weight, digit in zip((3, 7, 1) * 3, number, strict=True))
    return known and total % 10 == 0


def _is_canadian(number: str) -> bool:
    """Whether nine digits without a dash can be Canadian: they have no check, so only where no ABA number begins so.

    That is so for the banks (`00`; of the ABA's only the Treasury's begin so), and, as it is the one that many people
    in Québec have, taken to be so for the Desjardins group (`0815`). Others write theirs with the dash.
    """
    return number.startswith(("00", "0815")) and number[1:4] != "000"


def _is_local(local: str) -> bool:
    return len(local) <= _LONGEST_LOCAL and bool(_ATOM.fullmatch(local) or _QUOTED.fullmatch(local))


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit():  # noqa: PLR2004
        return False
    return all(_is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    if not label.isascii():
        try:
            label = label.encode("idna").decode()
        except UnicodeError:
            return False
    return len(label) <= _LONGEST_LABEL and bool(_LABEL.fullmatch(label))


def _month_of(value: str) -> tuple[int, int]:
    """Month and year; a month of 0 where there is none."""
    found = _YEAR_FIRST.fullmatch(value)
    if found:
        return int(found[2]), int(found[1])
    found = _MONTH_FIRST.fullmatch(value)
    if not found:
        return 0, 0
    month, year = int(found[1] or found[3]), int(found[2] or found[4])
    return month, year if year >= 100 else _CENTURY + year  # noqa: PLR2004


def _ascii(value: str) -> str:
    """`value` with the digits of other scripts' full width as plain ones."""
    return unicodedata.normalize("NFKC", value)
