"""What the commands do and print."""

import json
from pathlib import Path

import pytest

from muster.domain.errors import BadInput, NameTaken, NotFound
from tests.cli.conftest import Run

PEOPLE = "title,phone,hours\nfirst,+15552000001,2\nsecond,+15552000002,\nbad,nobody,\n"


@pytest.fixture
def people(tmp_path: Path) -> str:
    """Two good entries and a bad one."""
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    return str(file)


def test_an_account_comes_with_credentials_and_a_sandbox(account: dict[str, str], run: Run) -> None:
    names = {"account_id", "tenant", "token", "api_key", "api_secret", "access_key", "secret_key"}
    assert names <= account.keys()
    channels = json.loads(run("channel", "list", "acme", "--json").stdout)["channels"]
    assert [channel["kind"] for channel in channels] == ["sandbox"]


def test_an_account_is_found_by_name_number_and_id(account: dict[str, str], run: Run) -> None:
    for name in ("acme", str(account["tenant"]), account["account_id"]):
        assert run("channel", "list", name).exit_code == 0


@pytest.mark.usefixtures("account")
def test_a_name_is_taken_once(run: Run) -> None:
    assert isinstance(run("account", "add", "acme").exception, NameTaken)


def test_a_second_service_account_has_a_role_and_credentials_of_its_own(account: dict[str, str], run: Run) -> None:
    made = json.loads(run("account", "add-user", "acme", "reader", "--role", "viewer", "--json").stdout)
    assert (made["name"], made["role"]) == ("reader", "viewer")
    assert [made[key] for key in ("tenant", "account_id")] == [account[key] for key in ("tenant", "account_id")]
    secrets = ("token", "api_key", "api_secret", "access_key", "secret_key")
    assert not {made[key] for key in secrets} & {account[key] for key in secrets}
    shown = run("account", "add-user", str(account["tenant"]), "clerk", "--role", "clerk")
    assert ("secret_key" in shown.stdout, "cannot be shown again" in shown.stdout) == (True, True)
    assert len(json.loads(run("account", "list", "--json").stdout)["accounts"]) == 1


@pytest.mark.usefixtures("account")
def test_a_service_account_needs_an_account_a_name_and_a_role(run: Run) -> None:
    assert isinstance(run("account", "add-user", "nobody", "reader", "--role", "viewer").exception, NotFound)
    assert isinstance(run("account", "add-user", "acme", "", "--role", "viewer").exception, BadInput)
    for role in ([], ["--role", "party"], ["--role", "king"]):
        assert run("account", "add-user", "acme", "reader", *role).exit_code == 2


@pytest.mark.usefixtures("account")
def test_a_channels_secrets_are_not_shown(run: Run) -> None:
    options = ["--option", "host=127.0.0.1", "--option", "system_id=me", "--option", "password=hush"]
    assert run("channel", "add", "acme", "smpp", *options).exit_code == 0
    listed = run("channel", "list", "acme")
    assert "system_id=me" in listed.stdout
    assert "hush" not in listed.stdout


@pytest.mark.usefixtures("account")
def test_every_fault_of_a_channels_options_is_told(run: Run) -> None:
    refused = run("channel", "add", "acme", "sandbox", "--option", "delay_ms=x", "--option", "unknown=maybe")
    assert isinstance(refused.exception, BadInput)
    assert {fault.path for fault in refused.exception.faults} == {"options.delay_ms", "options.unknown"}


@pytest.mark.usefixtures("account")
def test_a_fault_in_an_option_is_told_in_words(run: Run) -> None:
    refused = run("channel", "add", "acme", "sandbox", "--option", "rate=abc", "--option", "bogus=1")
    assert isinstance(refused.exception, BadInput)
    said = {fault.path: fault.message for fault in refused.exception.faults}
    assert said["options.rate"] == "must be a number above 0, at most 1,000,000"
    assert said["options.bogus"].startswith("is not an option of sandbox; there are delay_ms,")


def test_the_options_of_every_kind_are_listed(run: Run) -> None:
    kinds = json.loads(run("channel", "kinds", "--json").stdout)
    assert kinds["smpp"]["host"]["needed"]
    assert kinds["sandbox"]["unknown"]["default"] == "prefer_once"
    assert "system_id" in run("channel", "kinds").stdout
    helped = run("channel", "add", "--help").stdout
    assert [name for options in kinds.values() for name in options if name not in helped] == []


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("command", ["batch list", "batch entries last", "template list acme", "suppression list acme"])
def test_a_page_beyond_all_counting_is_refused(run: Run, command: str) -> None:
    for option in ("--page", "--limit"):
        assert run(*command.split(), option, "9" * 20).exit_code == 2


@pytest.mark.usefixtures("account")
def test_the_last_page_that_can_be_asked_for_is_empty(run: Run) -> None:
    listed = run("batch", "list", "--page", "1000000000", "--limit", "10000", "--json")
    assert json.loads(listed.stdout) == {"total": 0, "batches": []}


@pytest.mark.usefixtures("account")
def test_a_removed_channel_is_not_listed(run: Run) -> None:
    assert run("channel", "remove", "acme", "1").exit_code == 0
    assert json.loads(run("channel", "list", "acme", "--json").stdout)["channels"] == []


@pytest.mark.usefixtures("account")
def test_a_file_of_entries_becomes_a_batch(run: Run, people: str) -> None:
    made = json.loads(run("batch", "submit", "acme", people, "--template", "Refund", "--json").stdout)
    assert (made["total"], made["counts"]["accepted"], made["counts"]["rejected"]) == (3, 2, 1)
    rejected = json.loads(run("batch", "entries", "last", "--state", "rejected", "--json").stdout)["entries"]
    assert [(entry["position"], entry["faults"][0]["path"]) for entry in rejected] == [(2, "phoneNumber")]


@pytest.mark.usefixtures("account")
def test_the_same_key_and_file_again_change_nothing(run: Run, people: str) -> None:
    submit = ("batch", "submit", "acme", people, "--template", "Refund", "--key", "monday-1", "--json")
    first, second = json.loads(run(*submit).stdout), json.loads(run(*submit).stdout)
    assert (first["batch"], first["replayed"], second["replayed"]) == (second["batch"], False, True)


@pytest.mark.usefixtures("account")
def test_json_lines_are_taken(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "entries.jsonl"
    file.write_text('{"title": "t", "phone": "+15552000001"}\n{"phone": "+15552000002"}\n', encoding="utf-8")
    given = run("batch", "submit", "acme", str(file), "--template", "Refund", "--json")
    assert json.loads(given.stdout)["counts"]["accepted"] == 2


@pytest.mark.usefixtures("account")
def test_standard_input_is_taken(run: Run) -> None:
    given = run("batch", "submit", "acme", "-", "--template", "Refund", "--json", stdin=PEOPLE)
    assert json.loads(given.stdout)["counts"]["accepted"] == 2


@pytest.mark.usefixtures("account")
def test_the_doors_own_body_is_taken(run: Run) -> None:
    entry = {"title": "t", "parameters": {"phoneNumber": "+15552000001"}}
    header = {"useTemplate": {"templateName": "Refund"}, "requestsInBatch": 1, "idempotencyKey": "order-0001"}
    body = json.dumps({"header": header, "payload": {"batchEntries": [entry]}})
    made = json.loads(run("batch", "submit", "acme", "-", "--json", stdin=body).stdout)
    assert (made["idempotency_key"], made["total"]) == ("order-0001", 1)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name\nx\n", "phone"),
        ("phone\n", "no entries"),
        ('{"header": {}}', "leave --template out"),
        ('phone\n"unended\n', "Line"),
    ],
)
def test_a_file_that_is_no_batch_is_refused_with_a_reason(run: Run, text: str, sentence: str) -> None:
    refused = run("batch", "submit", "acme", "-", "--template", "Refund", stdin=text)
    assert isinstance(refused.exception, BadInput)
    assert sentence in refused.exception.message


@pytest.mark.usefixtures("account")
def test_a_batch_is_paused_resumed_and_cancelled(run: Run, people: str) -> None:
    run("batch", "submit", "acme", people, "--template", "Refund")
    steps = ("pause", "resume", "cancel")
    states = [json.loads(run("batch", step, "last", "--json").stdout)["state"] for step in steps]
    assert states == ["paused", "running", "cancelling"]


@pytest.mark.usefixtures("account")
def test_batches_are_listed_newest_first_and_by_page(run: Run, people: str) -> None:
    made = [json.loads(run("batch", "submit", "acme", people, "--template", "Refund", "--json").stdout) for _ in "12"]
    page = json.loads(run("batch", "list", "--limit", "1", "--page", "2", "--json").stdout)
    assert (page["total"], [one["batch"] for one in page["batches"]]) == (2, [made[0]["batch"]])


@pytest.mark.usefixtures("account")
def test_what_is_not_there_is_said_with_a_hint(run: Run) -> None:
    missing = run("batch", "show", "abc")
    assert isinstance(missing.exception, NotFound)
    assert "batch list" in missing.exception.message
    nobody = run("template", "list", "nobody")
    assert isinstance(nobody.exception, NotFound)
    assert "account list" in nobody.exception.message


@pytest.mark.usefixtures("account")
def test_suppressions_are_compared_in_one_form(run: Run) -> None:
    assert json.loads(run("suppression", "add", "acme", "1 555 200-0001", "--json").stdout)["added"] == 1
    listed = "name,phone\nx,+15552000001\ny,+15552000002\n"
    assert json.loads(run("suppression", "import", "acme", "-", "--json", stdin=listed).stdout)["added"] == 1
    found = json.loads(run("suppression", "list", "acme", "--search", "0001", "--json").stdout)
    assert [one["address"] for one in found["suppressions"]] == ["+15552000001"]
    assert json.loads(run("suppression", "remove", "acme", "+15552000001", "--json").stdout)["removed"] == 1


@pytest.mark.usefixtures("account")
def test_a_template_changes_state(run: Run, people: str) -> None:
    assert json.loads(run("template", "state", "acme", "Refund", "suspended", "--json").stdout)["state"] == "suspended"
    assert run("batch", "submit", "acme", people, "--template", "Refund").exit_code == 1


@pytest.mark.usefixtures("account")
def test_a_private_url_is_no_endpoint(run: Run) -> None:
    refused = run("endpoint", "add", "acme", "http://127.0.0.1/hook")
    assert isinstance(refused.exception, BadInput)
    assert "webhook_allow" in refused.exception.faults[0].message


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("name", ["batch.completed", "batch:completed"])
def test_an_event_is_named_as_messages_name_it(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MUSTER_WEBHOOK_ALLOW", "127.0.0.0/8")
    made = json.loads(run("endpoint", "add", "acme", "http://127.0.0.1:9/hook", "--type", name, "--json").stdout)
    assert made["types"] == ["batch.completed"]
    assert "batch.completed" in run("endpoint", "list", "acme").stdout


@pytest.mark.usefixtures("account")
def test_an_endpoints_secret_is_shown_when_made_and_not_in_the_list(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_WEBHOOK_ALLOW", "127.0.0.0/8")
    made = json.loads(run("endpoint", "add", "acme", "http://127.0.0.1:9/hook", "--json").stdout)
    assert made["secret"].startswith("whsec_")
    listed = run("endpoint", "list", "acme", "--json").stdout
    assert made["endpoint"] in listed
    assert "whsec_" not in listed
    rotated = json.loads(run("endpoint", "rotate", "acme", made["endpoint"], "--json").stdout)
    assert rotated["secret"] != made["secret"]


@pytest.mark.usefixtures("account")
def test_a_sound_installation_has_no_problems(run: Run) -> None:
    looked = run("doctor", "--json")
    assert looked.exit_code == 0
    assert {finding["level"] for finding in json.loads(looked.stdout)["findings"]} == {"ok"}


@pytest.mark.usefixtures("account")
def test_a_batch_that_no_channel_can_carry_is_a_problem(run: Run, people: str) -> None:
    run("batch", "submit", "acme", people, "--template", "Refund")
    for channel in json.loads(run("channel", "list", "acme", "--json").stdout)["channels"]:
        assert run("channel", "remove", "acme", str(channel["channel"])).exit_code == 0
    looked = run("doctor", "--json")
    assert looked.exit_code == 1
    (found,) = [one for one in json.loads(looked.stdout)["findings"] if one["level"] == "problem"]
    assert found["check"] == "routes"
    assert "account acme: no channel carries a text; 1 batches wait" in found["detail"]


def test_an_installation_that_is_not_there_is_a_problem(run: Run) -> None:
    looked = run("doctor")
    assert looked.exit_code == 1
    # A long path before it may break the line anywhere between words.
    assert "muster migrate" in " ".join(looked.stdout.split())


@pytest.mark.usefixtures("account")
def test_what_is_printed_for_people_fits_a_pipe(run: Run, people: str) -> None:
    run("batch", "submit", "acme", people, "--template", "Refund")
    for command in ("list", "show last", "entries last"):
        printed = run("batch", *command.split())
        assert printed.exit_code == 0
        assert "\x1b" not in printed.stdout
