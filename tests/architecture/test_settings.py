"""Every setting is explained where its default stands."""

import re
import tomllib
from itertools import pairwise

from muster.app.settings import Settings
from tests.architecture.source import SRC

DEFAULTS = (SRC / "app" / "defaults.toml").read_text(encoding="utf-8")


def test_every_default_has_a_comment_above_it() -> None:
    lines = DEFAULTS.splitlines()
    bare = [line for above, line in pairwise(lines) if _is_setting(line) and not _explains(above)]
    assert bare == []


def test_the_defaults_are_the_settings_no_more_and_no_fewer() -> None:
    assert list(tomllib.loads(DEFAULTS)) == list(Settings.__struct_fields__)


def _is_setting(line: str) -> bool:
    return re.match(r"[a-z_]+ *=", line) is not None


def _explains(line: str) -> bool:
    return line.startswith("# ") and "──" not in line
