"""The log holds nothing personal, whoever wrote the line."""

import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from muster.telemetry.logs import LogFormat, configure

PHONE = "+15551231234"


def logged(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("key", ["phone", "address", "to_address", "text", "token", "api_key", "email", "note"])
def test_a_phone_number_never_reaches_the_log(key: str, log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure(log_format, "info", stream=stream)
    structlog.get_logger().info("something_happened", **{key: PHONE})
    assert "something_happened" in stream.getvalue()
    assert "5551231234" not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_librarys_line_and_a_crash_are_masked_too(log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure(log_format, "info", stream=stream)
    logging.getLogger("some.library").warning("cannot send to %s", PHONE)
    try:
        int(PHONE + "x")
    except ValueError:
        structlog.get_logger().exception("crashed")
    assert "ValueError" in stream.getvalue()
    assert "5551231234" not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_e_mail_address_never_reaches_the_log(log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure(log_format, "info", stream=stream)
    logging.getLogger("some.library").warning("RCPT TO:<ann.lee+tag@mail.example.com> refused")
    structlog.get_logger().info("something_happened", email="ann.lee@example.com", note="for ann.lee@example.com")
    assert stream.getvalue().count("\n") == 2
    assert "ann.lee" not in stream.getvalue()


def test_what_is_not_personal_stays_readable() -> None:
    stream = io.StringIO()
    configure("json", "info", stream=stream)
    structlog.get_logger().info("chunk_rests", batch="5b0e2f7a-0000-4000-8000-123456789012", first=500, code="refused")
    line = logged(stream.getvalue())[0]
    assert (line["batch"], line["first"], line["code"]) == ("5b0e2f7a-0000-4000-8000-123456789012", 500, "refused")
    assert {"event", "level", "timestamp"} <= set(line)


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    configure("json", "warning", stream=stream)
    structlog.get_logger().info("unimportant")
    structlog.get_logger().warning("important")
    assert [line["event"] for line in logged(stream.getvalue())] == ["important"]


@given(st.text())
def test_every_line_is_one_json_object(text: str) -> None:
    stream = io.StringIO()
    configure("json", "info", stream=stream)
    structlog.get_logger().info("said", words=text)
    assert len(logged(stream.getvalue())) == 1
