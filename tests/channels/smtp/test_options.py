"""What can be set."""

import re
from pathlib import Path

import pytest

from muster.channels.smtp.options import Security, SmtpOptions, options_from
from muster.domain.errors import BadInput

NEEDED = {"host": "mail.example", "sender": "news@muster.example"}


def faults(**given: str) -> dict[str, str]:
    with pytest.raises(BadInput) as caught:
        options_from(NEEDED | given)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_a_host_and_a_sender_are_enough() -> None:
    options = options_from(NEEDED)
    assert options.security is Security.STARTTLS
    assert (options.connections, options.verify, options.at_port) == (4, True, 587)


@pytest.mark.parametrize(("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_port_follows_the_security(security: str, port: int) -> None:
    assert options_from(NEEDED | {"security": security}).at_port == port
    assert options_from(NEEDED | {"security": security, "port": "2525"}).at_port == 2525


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        options_from({"port": "x", "connections": "51", "colour": "red", "verify": "perhaps", "security": "ssl"})
    assert {fault.path for fault in caught.value.faults} == {
        f"options.{name}" for name in ("host", "sender", "port", "connections", "colour", "verify", "security")
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sender", "nobody"),
        ("sender", "jürgen@muster.example"),
        ("sender", "a@b\r\nBcc: x@y"),
        ("host", "mail example"),
        ("helo", "a b"),
        ("return_domain", "bounces@muster.example"),
        ("tls_ca", "no certificate"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    assert set(faults(**{name: value})) == {f"options.{name}"}


@pytest.mark.parametrize("name", ["username", "password"])
def test_username_and_password_go_together(name: str) -> None:
    assert len(faults(**{name: "x"})) == 1


def test_all_of_dkim_or_nothing_of_it() -> None:
    assert set(faults(dkim_domain="muster.example")) == {"options.dkim_selector", "options.dkim_key"}
    wrong = faults(dkim_domain="muster.example", dkim_selector="s 1", dkim_key="x")
    assert set(wrong) == {"options.dkim_selector", "options.dkim_key"}


def test_the_reference_has_every_option_in_order() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "smtp-channel.md").read_text(encoding="utf-8")
    table = page.partition("## Options")[2].partition("\n## ")[0]
    rows = [
        name for row in re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert rows == list(SmtpOptions.__struct_fields__)
