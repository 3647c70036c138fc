"""What people type."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.kinds.workflow_batches import typed

TODAY = date(2026, 3, 2)
ABA = ("021000021", "011401533", "322271627", "091000019")


def luhn_digit(digits: str) -> str:
    return next(digit for digit in "0123456789" if typed.passes_luhn(digits + digit))


cards = st.from_regex(r"[1-9][0-9]{9,17}", fullmatch=True).map(lambda digits: digits + luhn_digit(digits))


def changed(digits: str, place: int, by: int) -> str:
    place %= len(digits)
    return digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]


@given(cards, st.integers(0, 18), st.integers(1, 9))
def test_a_changed_digit_of_a_card_is_found(number: str, place: int, by: int) -> None:
    assert typed.card_number(number) == (number, None)
    assert typed.card_number(changed(number, place, by))[1] == "card_number"


@given(st.sampled_from(ABA), st.integers(0, 8), st.integers(1, 9))
def test_a_changed_digit_of_a_routing_number_is_found(number: str, place: int, by: int) -> None:
    assert typed.routing_number(number) == (number, None)
    assert not typed.is_aba(changed(number, place, by))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("4242 4242 4242 4242", "4242424242424242"),
        ("4242-4242-4242-4242", "4242424242424242"),
        ("378282246310005", "378282246310005"),
        (
            "\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12",
            "4242424242424242",
        ),
    ],
)
def test_card_numbers_are_kept_without_what_stands_between(written: str, kept: str) -> None:
    assert typed.card_number(written) == (kept, None)


@pytest.mark.parametrize("written", ["4242424242424241", "4242", "0" * 16, "4242 4242 4242 424x", "4" * 20, ""])
def test_other_card_numbers_are_not_taken(written: str) -> None:
    assert typed.card_number(written) == (written, "card_number")


@pytest.mark.parametrize("written", ["03/26", "3/26", "03 / 2026", "0326", "2026-03", "03-2026", "2026/3"])
def test_a_card_is_good_until_its_month_ends(written: str) -> None:
    assert typed.card_expiry(written, date(2026, 3, 31)) == ("2026-03", None)
    # It is still March somewhere.
    assert typed.card_expiry(written, date(2026, 4, 1)) == ("2026-03", None)
    assert typed.card_expiry(written, date(2026, 4, 2))[1] == "card_expired"


@pytest.mark.parametrize("written", ["13/26", "00/26", "26", "2026", "03/1", "03/20261", "soon", "01/99", "0000-01-01"])
def test_other_expiries_are_not_taken(written: str) -> None:
    assert typed.card_expiry(written, TODAY)[1] in {"card_expiry", "card_expired"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("021000021", "021000021"),
        ("0210-0002-1", "021000021"),
        ("12345-003", "000312345"),
        ("12345 - 815", "081512345"),
        ("000312345", "000312345"),
        ("081512345", "081512345"),
    ],
)
def test_routing_numbers_of_both_countries_are_taken(written: str, kept: str) -> None:
    assert typed.routing_number(written) == (kept, None)


@pytest.mark.parametrize("written", ["021000022", "000000000", "12345-000", "1234-003", "990000009", "02100002", "x"])
def test_other_routing_numbers_are_not(written: str) -> None:
    assert typed.routing_number(written) == (written, "routing_number")


@pytest.mark.parametrize(
    ("written", "code"), [("1234", None), ("12-34 5", None), ("123", "x"), ("1" * 18, "x"), ("a1234", "x")]
)
def test_account_numbers_have_4_to_17_digits(written: str, code: str | None) -> None:
    assert typed.account_number(written)[1] == (code and "account_number")


@pytest.mark.parametrize(
    "address",
    [
        "jo@example.com",
        "jo.o'neil+tag@mail.example.co.uk",
        '"jo @ home"@example.com',
        "jo@müller.de",
        "jo@例え.jp",
        "jo@xn--mller-kva.de",
    ],
)
def test_email_addresses_are_taken(address: str) -> None:
    assert typed.email(address) == (address, None)


@pytest.mark.parametrize(
    "address",
    [
        "jo",
        "@example.com",
        "jo@",
        "jo@localhost",
        "a@b@c.com",
        "jo..x@example.com",
        ".jo@example.com",
        "jo @example.com",
        "jo@exa mple.com",
        "jo@-example.com",
        "jo@example..com",
        "jo@192.0.2.1",
        "jo@[192.0.2.1]",
        "x" * 65 + "@example.com",
        "jo@" + "x" * 64 + ".com",
        "jo@ü" + "x" * 64 + ".com",
    ],
)
def test_other_email_addresses_are_not(address: str) -> None:
    assert typed.email(address) == (address, "email")


def test_the_domain_of_an_email_address_is_kept_in_lower_case() -> None:
    assert typed.email("Jo@Example.COM") == ("Jo@example.com", None)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1990-02-28", None),
        ("1900-01-01", None),
        (TODAY.isoformat(), None),
        ((TODAY + timedelta(days=1)).isoformat(), "date_of_birth"),
        ("1899-12-31", "date_of_birth"),
        ("1990-02-30", "date"),
        ("90-02-28", "date"),
        ("28/02/1990", "date"),
    ],
)
def test_dates_of_birth_are_days_since_1900(written: str, code: str | None) -> None:
    assert typed.date_of_birth(written, TODAY)[1] == code


@pytest.mark.parametrize(("written", "kept"), [("+1 (647) 555-0100", "+16475550100"), ("647.555.0100", "6475550100")])
def test_phone_numbers_are_kept_without_separators(written: str, kept: str) -> None:
    assert typed.phone(written) == (kept, None)
    assert typed.phone("0800") == ("0800", "phone")


@pytest.mark.parametrize("raw", ["a\x00b", "a\nb", "a\u202eb", "a\u2028b", "a\ud800b", "a\x7fb"])
def test_characters_that_break_or_turn_a_line_are_refused(raw: str) -> None:
    assert typed.text(raw, longest=100)[1] == "characters"


@pytest.mark.parametrize("raw", ["Zoë", "José Ñandú", "李小龍", "O\u2019Neil", "क्\u200dष", "👩\u200d👧"])
def test_names_of_all_languages_are_taken(raw: str) -> None:
    assert typed.text(f"  {raw} ", longest=100) == (raw, None)


@given(st.text(max_size=60), st.integers(0, 20))
def test_a_text_that_is_taken_is_short_trimmed_composed_and_taken_again(raw: str, longest: int) -> None:
    value, code = typed.text(raw, longest=longest)

    if code is None:
        assert len(value) <= longest
        assert typed.text(value, longest=longest) == (value, None)


@given(st.text(max_size=300))
def test_whatever_is_typed_every_check_answers(raw: str) -> None:
    for check in (typed.email, typed.phone, typed.card_number, typed.routing_number, typed.account_number):
        value, code = check(raw)
        assert value == raw if code else check(value) == (value, None)
    for dated in (typed.card_expiry, typed.date_of_birth):
        value, code = dated(raw, TODAY)
        assert code or dated(value, TODAY) == (value, None)
