"""Where a setting comes from, and what is said when it cannot be used."""

import stat
from pathlib import Path

import pytest

from muster.app.keyring import KEY_FILE, new_key, open_keyring
from muster.app.settings import load, unknown_in
from muster.domain.errors import BadInput


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No muster.toml lies about."""
    monkeypatch.chdir(tmp_path)


def a_file(folder: Path, text: str) -> Path:
    file = folder / "muster.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_anything_the_defaults_hold() -> None:
    settings = load(environment={})
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8400, 16)
    assert settings.embedded


def test_the_file_in_the_working_directory_wins_over_the_defaults(tmp_path: Path) -> None:
    a_file(tmp_path, "port = 1001\n")
    assert load(environment={}).port == 1001


def test_the_environment_wins_over_the_file_and_a_flag_over_both(tmp_path: Path) -> None:
    file = a_file(tmp_path, "port = 1001\nworkers = 7\nlog_level = 'error'\n")
    settings = load(
        file=file, environment={"MUSTER_PORT": "1002", "MUSTER_WORKERS": "8"}, flags={"port": 1003, "workers": None}
    )
    assert (settings.port, settings.workers, settings.log_level) == (1003, 8, "error")


def test_lists_and_switches_can_be_set_in_the_environment() -> None:
    settings = load(environment={"MUSTER_RETRY_SECONDS": "1, 2.5", "MUSTER_MIGRATE_ON_START": "false"})
    assert settings.retry_seconds == (1.0, 2.5)
    assert settings.migrate_on_start is False


def test_every_fault_of_every_source_is_told_at_once(tmp_path: Path) -> None:
    file = a_file(tmp_path, "prot = 1\nlog_format = 'xml'\n")
    with pytest.raises(BadInput) as refused:
        load(file=file, environment={"MUSTER_PORT": "http"}, flags={"workers": -1})
    told = {fault.path: fault.message for fault in refused.value.faults}
    assert set(told) == {f"{file}: prot", f"{file}: log_format", "MUSTER_PORT", "flag: workers"}
    assert "did you mean 'port'" in told[f"{file}: prot"]


def test_a_named_file_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load(environment={"MUSTER_CONFIG": str(tmp_path / "nowhere.toml")})
    assert refused.value.faults[0].code == "unreadable"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MUSTER_DATABASE_URL", "mysql://host/name"),
        ("MUSTER_SECRET_KEY", "short"),
        ("MUSTER_PUBLIC_URL", "batches.example.com"),
        ("MUSTER_WEBHOOK_ALLOW", "10.0.0.0/64"),
        ("MUSTER_CARRY_SECONDS", "500"),
    ],
)
def test_a_value_of_the_right_type_that_cannot_work_is_a_fault(name: str, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        load(environment={name: value})
    assert refused.value.faults[0].path == name.removeprefix("MUSTER_").lower()


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("postgresql://u@h/n", "postgresql+asyncpg://u@h/n"),
        ("postgres://u@h/n", "postgresql+asyncpg://u@h/n"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
    ],
)
def test_a_database_url_may_be_spelled_the_usual_way(given: str, spelled: str) -> None:
    assert load(environment={"MUSTER_DATABASE_URL": given}).store_url == spelled


def test_variables_that_mean_nothing_are_found() -> None:
    environment = {"MUSTER_PROT": "1", "MUSTER_PORT": "1", "PATH": "", "MUSTER_TEST_POSTGRES": ""}
    assert unknown_in(environment) == ["MUSTER_PROT"]


def test_the_key_file_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = load(environment={"MUSTER_DATA": str(tmp_path / "data")})
    first, second = open_keyring(settings), open_keyring(settings)
    assert first == second
    assert stat.S_IMODE((tmp_path / "data" / KEY_FILE).stat().st_mode) == 0o600


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = load(environment={"MUSTER_DATA": str(tmp_path)})
    open_keyring(settings)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(BadInput, match="open"):
        open_keyring(settings)


def test_links_survive_a_key_that_is_put_in_front() -> None:
    old, new = new_key(), new_key()
    before = open_keyring(load(environment={"MUSTER_SECRET_KEY": old}))
    after = open_keyring(load(environment={"MUSTER_SECRET_KEY": f"{new},{old}"}))
    assert after.keys == (new, old)
    assert after.link_key == before.link_key
