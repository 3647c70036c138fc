"""Assembles the fragments of changes/ into CHANGELOG.md under a version: `make news VERSION=1.2.3`."""

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECTIONS = ("added", "changed", "fixed", "removed", "security")
_UNRELEASED = "## [Unreleased]\n"


def fragments(folder: Path) -> list[tuple[str, Path]]:
    """Every (section, file) of `folder`, as they are printed. Raises ValueError for a name with no section."""
    found: list[tuple[str, Path]] = []
    for file in sorted(folder.glob("*.md")):
        if file.name == "README.md":
            continue
        section = file.stem.rpartition(".")[2]
        if section not in SECTIONS:
            raise ValueError(f"{file.name}: name it <slug>.<{'|'.join(SECTIONS)}>.md")
        found.append((section, file))
    return sorted(found, key=lambda each: SECTIONS.index(each[0]))


def release_notes(version: str, day: date, notes: list[tuple[str, str]]) -> str:
    """The changelog's part for `version`: `notes` are (section, text) in order."""
    lines = [f"## [{version}] - {day.isoformat()}", ""]
    for section in SECTIONS:
        texts = [text for wanted, text in notes if wanted == section]
        if texts:
            lines += [f"### {section.capitalize()}", "", *(_bullet(text) for text in texts), ""]
    return "\n".join(lines)


def _bullet(text: str) -> str:
    first, *rest = text.strip().splitlines()
    return "\n".join([f"- {first}", *(f"  {line}".rstrip() for line in rest)])


def main(version: str) -> int:
    """Write the release into CHANGELOG.md and remove the fragments; the exit code."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        print("say which release it is: make news VERSION=1.2.3", file=sys.stderr)
        return 2
    found = fragments(ROOT / "changes")
    if not found:
        print("there is no news in changes/", file=sys.stderr)
        return 1
    today = datetime.now(UTC).date()  # noqa: TID251 - a script of ours, not the server
    notes = release_notes(version, today, [(section, file.read_text(encoding="utf-8")) for section, file in found])
    changelog = ROOT / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(text.replace(_UNRELEASED, f"{_UNRELEASED}\n{notes.rstrip()}\n", 1), encoding="utf-8")
    for _, file in found:
        file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
