"""The code as the architecture tests read it."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "muster"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules(folder: Path = SRC) -> Sequence[Path]:
    """Every Python file of ours under `folder`, in order: what is installed there lies in hidden folders."""
    found = (file.relative_to(folder) for file in folder.rglob("*.py"))
    return sorted(folder / file for file in found if not any(part.startswith(".") for part in file.parts))


@cache
def tree(module: Path) -> ast.Module:
    """The module, parsed."""
    return ast.parse(module.read_text(encoding="utf-8"))


def functions(module: Path) -> Iterator[Function]:
    """Every function and method of the module, nested ones too."""
    return (node for node in ast.walk(tree(module)) if isinstance(node, Function))


def classes(module: Path) -> Iterator[ast.ClassDef]:
    """Every class of the module."""
    return (node for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef))


def name_of(module: Path) -> str:
    """The module's path below src/muster or the repository, such as `stores/batches.py`."""
    return module.relative_to(SRC if module.is_relative_to(SRC) else ROOT).as_posix()


def line_of(module: Path, node: ast.stmt | ast.expr) -> str:
    """Where `node` stands, for a message."""
    return f"{name_of(module)}:{node.lineno}"
