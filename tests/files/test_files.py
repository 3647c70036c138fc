"""Keeping files: the same rules in a folder and in an object store."""

import asyncio
from pathlib import Path

import pytest

from muster.domain.errors import BadInput, NotFound, Unavailable
from muster.files.folder import FolderFiles
from muster.files.opening import open_files
from muster.ports.files import Files

KEY = "attachments/7/0a1b-2c.bin"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return open_files(str(tmp_path / "files") if request.param == "folder" else "memory://")


async def test_what_is_put_is_got_back(files: Files) -> None:
    content = bytes(range(256)) * 5000
    await files.put(KEY, content)
    assert await files.get(KEY) == content


async def test_an_empty_file_is_a_file(files: Files) -> None:
    await files.put(KEY, b"")
    assert await files.get(KEY) == b""


async def test_a_key_that_is_there_is_written_over(files: Files) -> None:
    await files.put(KEY, b"first")
    await files.put(KEY, b"second")
    assert await files.get(KEY) == b"second"


async def test_what_was_never_put_is_not_found(files: Files) -> None:
    with pytest.raises(NotFound):
        await files.get(KEY)


async def test_what_is_removed_is_gone_and_what_is_missing_is_left_alone(files: Files) -> None:
    await files.put(KEY, b"one")
    await files.put("b", b"two")
    await files.remove(["missing/one", KEY, KEY])
    with pytest.raises(NotFound):
        await files.get(KEY)
    assert await files.get("b") == b"two"


async def test_many_are_put_at_once(files: Files) -> None:
    await asyncio.gather(*(files.put(f"many/{number}", str(number).encode()) for number in range(50)))
    assert await asyncio.gather(*(files.get(f"many/{number}") for number in range(50))) == [
        str(number).encode() for number in range(50)
    ]


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "a/../../x", "a/..", ".", "a/.", ".hidden", "a//b", "a/", "a\\..\\b", "a\0b", "a%2e%2e",
     "ä", "a b", "a\n", "a" * 513],
)  # fmt: skip
async def test_a_key_never_leads_out_of_the_store(files: Files, key: str) -> None:
    for attempt in (files.put(key, b"x"), files.get(key), files.remove([key])):
        with pytest.raises(ValueError, match="not the key"):
            await attempt


async def test_a_folder_holds_nothing_but_whole_files(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.put(KEY, b"one")
    await files.put(KEY, b"two")
    assert files_in(tmp_path) == [tmp_path / KEY]


async def test_another_process_finds_what_was_put(tmp_path: Path) -> None:
    await FolderFiles(tmp_path).put(KEY, b"one")
    assert await open_files(tmp_path.as_uri()).get(KEY) == b"one"


async def test_a_folder_that_takes_nothing_is_unavailable_and_leaves_nothing_behind(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    (tmp_path / "a").write_bytes(b"a file where a folder is needed")
    with pytest.raises(Unavailable):
        await files.put("a/b", b"x")
    # A folder where a file is to go: the content is written, and cannot be given its name.
    (tmp_path / "c" / "d").mkdir(parents=True)
    with pytest.raises(Unavailable):
        await files.put("c", b"x")
    assert files_in(tmp_path) == [tmp_path / "a"]


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        open_files(str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://x/y", "s3://", "file://elsewhere/x", "gs:///x"])
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        open_files(url)


def test_an_object_store_is_opened_without_asking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert open_files("s3://bucket/prefix") is not None
