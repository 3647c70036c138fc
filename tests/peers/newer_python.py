"""Lets a program that is written for Python 3.12 be imported on 3.11, where only its syntax is too new.

`understand(packages)` puts a finder in front of the import system. For modules of these packages, and only on 3.11, it
rewrites, in memory, three things and nothing else:

- `class Box[T: Bound](Base):` and `def first[T](…)` (PEP 695) become what they were before: a `TypeVar` of this name
  and bound, made ahead of them under a name that no other scope has, and `Generic[…]` as the last base;
- `type Name = value` becomes `Name = value`;
- `from typing import override` takes it from `typing_extensions`, and `from itertools import batched` from here.

What the program does is untouched: these are annotations, and the standard library's own equivalents. On 3.12 and later
`understand` does nothing.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import islice
from types import ModuleType
from typing import TypeVar

import libcst as cst

_Item = TypeVar("_Item")
_MOVED = {("typing", "override"): "typing_extensions", ("itertools", "batched"): __name__}
_TELLTALE = re.compile(rb"\b(override|batched)\b|^\s*(class|(async )?def) \w+\[|^\s*type \w", re.MULTILINE)
"""In modules without it there is nothing to do."""
_TYPING = '__import__("typing")'
"""Spelled so that it needs no import, and no name that the module might use."""


def understand(packages: Iterable[str]) -> None:
    """Make these packages, which are installed, importable."""
    if sys.version_info < (3, 12):
        sys.meta_path.insert(0, _Finder(frozenset(packages)))


def batched(items: Iterable[_Item], size: int) -> Iterator[tuple[_Item, ...]]:
    """As itertools.batched of 3.12."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def rewritten(source: str) -> str:
    """The module in the syntax of 3.11."""
    return cst.parse_module(source).visit(_Older()).code


class _Finder(MetaPathFinder):
    """Finds what the usual one finds, for a few packages, and has it read by us."""

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._packages:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Compiles what was rewritten, each time anew."""

    def path_stats(self, path: str) -> Mapping[str, int]:
        # What has no age is not cached.
        raise OSError(path)

    def get_data(self, path: str) -> bytes:
        data = super().get_data(path)
        return rewritten(data.decode()).encode() if _TELLTALE.search(data) else data


class _Older(cst.CSTTransformer):
    """Rewrites one module."""

    def __init__(self) -> None:
        super().__init__()
        self._scopes: list[dict[str, str]] = []
        """Of each class and function we are in, innermost last: its type variables and what they are called now."""
        self._made: list[str] = []

    # ruff: noqa: N802 - the names are libcst's
    # Classes and functions.

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._enter(node.type_parameters)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        names = self._scopes.pop().values()
        made = updated_node.with_changes(name=original_node.name, type_parameters=None)
        if not names:
            return made
        # Without its keywords, `Generic[…]` is the last base, where Python itself puts it.
        generic = cst.Arg(cst.parse_expression(f"{_TYPING}.Generic[{', '.join(names)}]"))
        return made.with_changes(bases=(*made.bases, generic), lpar=cst.LeftParen(), rpar=cst.RightParen())

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._enter(node.type_parameters)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        self._scopes.pop()
        return updated_node.with_changes(name=original_node.name, type_parameters=None)

    def _enter(self, parameters: cst.TypeParameters | None) -> None:
        scope: dict[str, str] = {}
        for parameter in parameters.params if parameters else ():
            variable = parameter.param
            if not isinstance(variable, cst.TypeVar) or parameter.default is not None:
                raise SyntaxError("only plain type variables are understood")
            name = variable.name.value
            scope[name] = own = f"_{name}_{len(self._made)}"
            # As text, because it is looked up late in the newer syntax, too.
            bound = f", bound={_text_of(variable.bound)!r}" if variable.bound else ""
            self._made.append(f"{own} = {_TYPING}.TypeVar({name!r}{bound})\n")
        self._scopes.append(scope)

    # Where the variables are used; what merely has the same name stays.

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        for scope in reversed(self._scopes):
            if original_node.value in scope:
                return updated_node.with_changes(value=scope[original_node.value])
        return updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        return updated_node.with_changes(name=original_node.name)

    # The rest.

    def leave_TypeAlias(self, original_node: cst.TypeAlias, updated_node: cst.TypeAlias) -> cst.Assign:
        if original_node.type_parameters is not None:
            raise SyntaxError("only plain aliases are understood")
        return cst.Assign([cst.AssignTarget(original_node.name)], updated_node.value)

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.FlattenSentinel[cst.BaseSmallStatement]:
        module, names = original_node.module, original_node.names
        if not isinstance(module, cst.Name) or isinstance(names, cst.ImportStar):
            return updated_node
        moved = [one for one in names if (module.value, one.evaluated_name) in _MOVED]
        if not moved:
            return updated_node
        stay = [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in names if one not in moved]
        found = [
            cst.parse_statement(f"from {_MOVED[module.value, one.evaluated_name]} import {_text_of(one.name)}")
            for one in moved
        ]
        return cst.FlattenSentinel(
            [
                *([updated_node.with_changes(names=stay)] if stay else []),
                *(small for line in found if isinstance(line, cst.SimpleStatementLine) for small in line.body),
            ]
        )

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        body = list(updated_node.body)
        # What must be first, a docstring, has no part in this.
        first = 1 if original_node.get_docstring() is not None else 0
        body[first:first] = [cst.parse_statement(made) for made in self._made]
        return updated_node.with_changes(body=body)


def _text_of(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)
