"""Reading complaints that come from feedback loops."""

import pytest

from muster.channels.smtp.complaints import Complaint, read_complaint
from muster.channels.smtp.incoming_parts import read_message
from tests.channels.smtp.returned_mail import a_complaint, a_dsn, a_return_path


def read(content: bytes) -> Complaint | None:
    return read_complaint(read_message(content), content)


def test_a_complaint_names_the_return_path_that_the_message_was_sent_with() -> None:
    path = a_return_path()
    assert read(a_complaint(mail_from=f"{path}@bounces.example.org")) == Complaint("abuse", (path,))


def test_a_complaint_whose_fields_are_blackened_is_found_by_the_message_it_returns() -> None:
    path = a_return_path()
    complaint = read(a_complaint(mail_from="redacted", returned=f"{path.upper()}@bounces.example.org"))
    assert complaint == Complaint("abuse", (path,))


def test_a_complaint_that_names_nothing_of_ours_is_one_still() -> None:
    assert read(a_complaint()) == Complaint("abuse", ())


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "Not-Spam"])
def test_reports_that_are_no_complaints_are_left_alone(kind: str) -> None:
    assert read(a_complaint(kind=kind, returned=a_return_path())) is None


@pytest.mark.parametrize("content", [a_dsn(), b"", b"Subject: abuse\n\nFeedback-Type: abuse\n"])
def test_what_is_no_report_is_no_complaint(content: bytes) -> None:
    assert read(content) is None


def test_the_most_return_paths_are_few() -> None:
    paths = " ".join(a_return_path(attempt=attempt) for attempt in range(1, 100))
    complaint = read(a_complaint(returned=paths))
    assert complaint is not None
    assert len(complaint.return_paths) == 16
