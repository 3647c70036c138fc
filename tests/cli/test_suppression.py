"""Lists of suppressions as files: in, out, and in again."""

import csv
import io
import json
from pathlib import Path

import pytest

from muster.domain.errors import BadInput
from tests.cli.conftest import Run

HOSTILE = '=HYPERLINK("http://x.example")'


@pytest.fixture
def acme(run: Run) -> None:
    assert run("account", "add", "acme", "--json").exit_code == 0


def imported(run: Run, text: str, *options: str) -> dict[str, object]:
    answer = run("suppression", "import", "acme", "-", "--json", *options, stdin=text)
    assert answer.exit_code == 0, answer.output
    told: dict[str, object] = json.loads(answer.stdout)
    return told


def listed(run: Run, account: str = "acme") -> dict[str, tuple[str, str]]:
    found = json.loads(run("suppression", "list", account, "--json").stdout)["suppressions"]
    return {one["address"]: (one["source"], one["created_at"]) for one in found}


pytestmark = pytest.mark.usefixtures("acme")


def test_a_plain_list_is_taken_a_line_an_address(run: Run) -> None:
    told = imported(run, "\ufeffAda@example.com\n\n  +49 151 0000001 \nada@EXAMPLE.com\n", "--source", "phone list")
    assert told == {"given": 3, "added": 2, "dry_run": False, "bad_rows": 0, "bad": []}
    assert {address: source for address, (source, _) in listed(run).items()} == {
        "ada@example.com": "phone list",
        "+491510000001": "phone list",
    }


def test_a_csv_may_say_why_and_since_when(run: Run) -> None:
    text = "name,email,source,created_at\nA,ada@example.com,asked,2025-01-02T03:04:05+01:00\nB,ben@example.com,,\n"
    assert imported(run, text)["added"] == 2
    found = listed(run)
    assert found["ada@example.com"] == ("asked", "2025-01-02T02:04:05Z")
    assert found["ben@example.com"][0] == "import"


def test_bad_rows_are_named_with_their_lines_and_the_rest_is_taken(run: Run) -> None:
    text = (
        "address,source,created_at\n"
        "ada@example.com\n"
        "nobody\n"
        '"ben@example.com\n'
        ",asked\n"
        "cem@example.com,asked,yesterday\n"
        "dan@example.com,asked,2999-01-01T00:00:00Z\n"
        f"eve@example.com,{'x' * 65}\n"
        f"{'f' * 20_000}@example.com\n"
        "0151 2345678\n"
        "gil\0@example.com\n"
        "zoe@example.com\n"
    )
    told = imported(run, text)
    assert (told["given"], told["added"], told["bad_rows"]) == (11, 3, 8)
    lines = [row["line"] for row in told["bad"]]  # type: ignore[attr-defined]  # the JSON says what it is
    assert lines == [3, 5, 6, 7, 8, 9, 10, 11]
    assert set(listed(run)) == {"ada@example.com", "ben@example.com", "zoe@example.com"}


def test_a_list_of_which_nothing_can_be_used_is_refused(run: Run) -> None:
    refused = run("suppression", "import", "acme", "-", stdin="nobody\nno one\n")
    assert isinstance(refused.exception, BadInput)
    assert "line 2" in refused.stderr


def test_another_encoding_is_named_row_by_row(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("ada@example.com\nzoë@example.com\n".encode("latin-1"))
    told = json.loads(run("suppression", "import", "acme", str(file), "--json").stdout)
    assert (told["added"], told["bad"][0]) == (1, {"line": 2, "message": "is not UTF-8 text"})


def test_a_dry_run_counts_and_keeps_nothing(run: Run) -> None:
    imported(run, "ada@example.com\n")
    told = imported(run, "ADA@example.com\nben@example.com\nBen@example.com\nnobody\n", "--dry-run")
    assert (told["given"], told["added"], told["bad_rows"]) == (4, 1, 1)
    assert set(listed(run)) == {"ada@example.com"}


def test_what_is_exported_is_no_formula_and_reads_back_as_it_was(run: Run, tmp_path: Path) -> None:
    addresses = ["+491510000001", "'+quoted@example.com", "=sum@example.com", "-dash@example.com", "plain@example.com"]
    assert run("suppression", "add", "acme", "--source", HOSTILE, "--", *addresses).exit_code == 0
    file = tmp_path / "list.csv"

    assert run("suppression", "export", "acme", str(file)).exit_code == 0

    cells = [cell for row in csv.reader(io.StringIO(file.read_text(encoding="utf-8"))) for cell in row]
    assert [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}] == []
    assert run("account", "add", "other", "--json").exit_code == 0
    assert json.loads(run("suppression", "import", "other", str(file), "--json").stdout)["added"] == len(addresses)
    assert listed(run, "other") == listed(run)
    assert set(listed(run)) == set(addresses)


def test_an_export_goes_to_standard_output_unless_told_otherwise(run: Run) -> None:
    imported(run, "ada@example.com\n")
    assert run("suppression", "export", "acme").stdout.splitlines()[0] == "address,source,created_at,origin"


def test_the_message_that_it_came_from_is_shown_and_kept(run: Run) -> None:
    origin = "0195a0c8-0000-7000-8000-000000000001/4"
    text = f"address,source,created_at,origin\nada@example.com,bounced,2026-01-02T03:04:05Z,{origin}\n"
    assert imported(run, text)["added"] == 1
    shown = run("suppression", "list", "acme").stdout
    assert (origin in shown, "bounced" in shown, "2026-01-02 03:04:05" in shown) == (True, True, True)
    assert f"2026-01-02T03:04:05Z,{origin}" in run("suppression", "export", "acme").stdout


def test_a_long_list_is_taken_in_pieces(run: Run) -> None:
    many = "".join(f"reader{n}@example.com\n" for n in range(12_000))
    assert imported(run, many)["added"] == 12_000
    assert len(run("suppression", "export", "acme").stdout.splitlines()) == 12_001


@pytest.mark.parametrize("source", ["", "x" * 65, "two\nlines"])
def test_a_source_that_cannot_be_kept_is_refused(run: Run, source: str) -> None:
    assert run("suppression", "add", "acme", "ada@example.com", "--source", source).exit_code == 2
    assert run("suppression", "import", "acme", "-", "--source", source, stdin="a@example.com").exit_code == 2


def test_a_header_without_addresses_is_refused(run: Run) -> None:
    refused = run("suppression", "import", "acme", "-", stdin="name,town\nx,y\n")
    assert isinstance(refused.exception, BadInput)
