"""Addresses: what is one, and when two of them are the same."""

import re
import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

LONGEST_EMAIL = 320
"""Characters: 64 before the sign, 255 after it."""
_LONGEST_LOCAL, _LONGEST_DOMAIN = 64, 255

_PHONE = re.compile(r"\+?[1-9][0-9]{7,14}")
_SEPARATORS = str.maketrans("", "", " -.()")
matches_phone = _PHONE.fullmatch

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP}")
"""A dot-atom at a host name of two labels or more (RFC 5321): nearly every address there is."""


def digits(phone: str) -> str:
    """`phone` without the spaces, dashes, dots and parentheses that people put into numbers."""
    return phone.translate(_SEPARATORS)


def phone(address: str) -> str:
    """The phone number in E.164 form; what is no phone number comes back as it is."""
    if matches_phone(address):
        return address if address[0] == "+" else f"+{address}"
    number = digits(address)
    if not matches_phone(number):
        return address
    return number if number[0] == "+" else f"+{number}"


def comparable(address: str) -> str:
    """`address` in the form in which addresses are compared, so that no one gets a thing twice.

    An e-mail address trimmed, in small letters, its domain in the ASCII form of IDNA; else as `phone` has it.
    """
    if "@" not in address:
        return phone(address)
    small = address.strip().lower()
    if small.isascii():
        return small
    local, _, domain = _composed(small).rpartition("@")
    return f"{local}@{_ascii(domain)}"


def is_email(text: str) -> bool:
    """Whether `text` is an e-mail address that mail could go to, as far as its spelling tells; no name is looked up.

    Quoted local parts and literal IP addresses are not taken, nor is a domain without a dot.
    """
    if len(text) > LONGEST_EMAIL:
        return False
    if text.isascii() and "xn--" not in text.lower():
        return bool(_EMAIL.fullmatch(text)) and _fits(text)
    return "." in text.rpartition("@")[2] and _fits(text) and _is_international(text)


def _fits(text: str) -> bool:
    at = text.rfind("@")
    return at <= _LONGEST_LOCAL and len(text) - at - 1 <= _LONGEST_DOMAIN


def _is_international(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True


def _composed(text: str) -> str:
    """The one spelling of `text` among those that differ in how accents and letter case are encoded (NFC)."""
    # Not `casefold`: to mail, `straße` and `strasse` are two people, and `faß.de` and `fass.de` two domains.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _ascii(domain: str) -> str:
    if len(domain) > _LONGEST_DOMAIN:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain
