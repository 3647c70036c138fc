"""The page about blueprints knows every key and every word that is read."""

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest

from muster.records.configuring.blueprint import read_blueprint
from muster.records.configuring.parts import METHODS, RELATIONSHIPS, ROLES, TYPES
from muster.records.configuring.templates import INDICATORS, WORDS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "record-blueprint.md").read_text(encoding="utf-8")
READERS = ("blueprint", "lists", "parts", "processes", "templates")
ASKING = re.compile(r"text|whole|numbers?|flag|moment|choices?|texts|references?|rows?|rows_or_words|each|take")


def keys_read() -> set[str]:
    """Every key that the readers ask a table for."""
    found: set[str] = set()
    for name in READERS:
        source = files("muster.records.configuring").joinpath(f"{name}.py").read_text(encoding="utf-8")
        for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
            asks = isinstance(call.func, ast.Attribute) and ASKING.fullmatch(call.func.attr)
            if asks and call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
                found.add(call.args[0].value)
    return found


def keys_told() -> set[str]:
    """Every key in the first column of a table, or before a star."""
    cells = re.findall(r"^\| (?!Key)([^|]+) \|", PAGE, re.MULTILINE)
    told = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    headings = re.findall(r"^## .*", PAGE, re.MULTILINE)
    return told | {key for line in headings for key in re.findall(r"`(\w+)`", line)}


def test_every_key_is_on_the_page_and_no_other() -> None:
    mentioned = set(re.findall(r"`(\w+)`", PAGE))
    assert keys_read() - mentioned == set()
    assert keys_told() - keys_read() - {"parents", "children"} == set()


@pytest.mark.parametrize("words", [METHODS, ROLES, TYPES, INDICATORS, WORDS, (RELATIONSHIPS,)])
def test_every_word_is_on_the_page(words: tuple[str, ...]) -> None:
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_the_example_of_the_page_is_sound() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert [one.name for one in read_blueprint(example.encode(), form="toml").templates] == ["Feature"]
