"""The table of answers."""

from datetime import timedelta

import pytest

from muster.channels.smpp.codes import MEANINGS, Kind, failure, meaning
from muster.domain.outcome import Deferred, Refused


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (0x00, Kind.CARRIED, "carried"),
        (0x01, Kind.REFUSED, "text_too_long"),
        (0x08, Kind.DEFERRED, "provider_error"),
        (0x0A, Kind.REFUSED, "invalid_sender"),
        (0x0B, Kind.REFUSED, "invalid_address"),
        (0x0E, Kind.DEFERRED, "bad_credentials"),
        (0x14, Kind.DEFERRED, "queue_full"),
        (0x58, Kind.DEFERRED, "throttled"),
        (0x64, Kind.DEFERRED, "provider_error"),
        (0x65, Kind.REFUSED, "provider_refused"),
        (0x0400, Kind.REFUSED, "provider_refused"),
        (0x04FF, Kind.REFUSED, "provider_refused"),
        (0x0500, Kind.DEFERRED, "provider_error"),
        (0xDEADBEEF, Kind.DEFERRED, "provider_error"),
    ],
)
def test_every_answer_has_its_meaning(status: int, kind: Kind, code: str) -> None:
    assert (meaning(status).kind, meaning(status).code) == (kind, code)


def test_only_zero_carries() -> None:
    assert [status for status, row in MEANINGS.items() if row.kind is Kind.CARRIED] == [0]


def test_every_code_of_the_specification_has_a_name_and_a_sentence() -> None:
    assert len({row.name for row in MEANINGS.values()}) == len(MEANINGS) == 48
    assert all(row.name.startswith("ESME_R") and row.sentence.endswith(".") for row in MEANINGS.values())


def test_a_failure_names_the_code_of_the_specification() -> None:
    refused, deferred = failure(0x0B), failure(0x58, after=timedelta(seconds=1))
    assert isinstance(refused, Refused)
    assert "ESME_RINVDSTADR" in refused.detail
    assert isinstance(deferred, Deferred)
    assert deferred.after == timedelta(seconds=1)
