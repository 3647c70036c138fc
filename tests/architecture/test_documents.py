"""The documents say what the code says, and point at what exists."""

import re
from pathlib import Path

import pytest

from scripts import state_diagrams
from tests.architecture.source import ROOT, SRC

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")])
_START = ROOT / "docs" / "README.md"
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def test_the_state_diagrams_are_what_the_tables_say() -> None:
    assert state_diagrams.PAGE.read_text(encoding="utf-8") == state_diagrams.page(), "run make docs"


def test_every_room_stands_on_the_map() -> None:
    written = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    rooms = [folder.name for folder in SRC.iterdir() if (folder / "__init__.py").exists()]
    assert [room for room in rooms if f"`{room}/`" not in written] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_linked_from_the_first_page_of_the_documents() -> None:
    linked = {(_START.parent / target).resolve() for target in _LINK.findall(_START.read_text(encoding="utf-8"))}
    pages = {page.resolve() for page in _START.parent.rglob("*.md")} - {_START.resolve()}
    assert sorted(page.name for page in pages - linked) == []
