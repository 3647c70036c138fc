"""From what stands in an expression to what it says: which calls there are, and what they take."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from muster.surfaces.notifications.translate.rql.refusals import (
    NO_VALUES,
    NOT_ONE,
    NOT_TWO,
    SHORTCUT,
    UNKNOWN_CALL,
    UNKNOWN_PATH,
    refusal,
)
from muster.surfaces.notifications.translate.rql.syntax import Call, Choice, Node, Sequence, Short, Value
from muster.surfaces.notifications.translate.rql.tree import (
    All,
    Comparing,
    Elements,
    Expression,
    Listed,
    Literal,
    Negated,
    Operator,
    Some,
    Wrapped,
)

_NO_EXPRESSION: Final = "An expression is expected here."
_NO_VALUE: Final = "A value is expected here."
_EMPTY: Final = {"null": Literal(None), "empty": Literal("")}
_TWO: Final = 2


def meaning(node: Node) -> Expression:
    """What an expression says. Raises BadInput; no deeper than the expression itself."""
    match node:
        case Call(name):
            return _CALLS.get(name.lower(), _unknown)(node)
        case Short(path, value):
            literal = _literal(value)
            if literal is None or path.lower() == "rql":
                raise refusal(path, SHORTCUT)
            return Comparing(Operator.EQ, path, literal)
        case Sequence(of) if of:
            return All(tuple(map(meaning, of)))
        case Choice(of):
            return Some(tuple(map(meaning, of)))
        case Value() | Sequence():
            raise refusal(node.text if isinstance(node, Value) else "()", _NO_EXPRESSION)


def _unknown(call: Call) -> Expression:
    raise refusal(call.name, UNKNOWN_CALL)


def _compare(call: Call) -> Expression:
    path, value = _pair(call)
    literal = _literal(value)
    if literal is None:
        raise refusal(path, _NO_VALUE)
    return Comparing(Operator(call.name.lower()), path, literal)


def _among(call: Call) -> Expression:
    if len(call.arguments) != _TWO:
        raise refusal(call.name, NOT_TWO)
    path, values = _path(call.arguments[0]), call.arguments[1]
    several = values.of if isinstance(values, Sequence) else () if values is None else (values,)
    if not several:
        raise refusal(path, NO_VALUES)
    literals = [literal for literal in map(_literal, several) if literal is not None]
    if len(literals) < len(several):
        raise refusal(path, _NO_VALUE)
    return Listed(path, tuple(literals), outside=call.name.lower() == "out")


def _join(call: Call) -> Expression:
    of = [argument for argument in call.arguments if argument is not None]
    if not of or len(of) < len(call.arguments):
        raise refusal(call.name, NOT_TWO)
    parts = tuple(map(meaning, of))
    return All(parts) if call.name.lower() == "and" else Some(parts)


def _negate(call: Call) -> Expression:
    if len(call.arguments) != 1 or call.arguments[0] is None:
        raise refusal(call.name, NOT_ONE)
    return Negated(meaning(call.arguments[0]))


def _elements(call: Call) -> Expression:
    throughout = call.name.lower() == "all"
    if len(call.arguments) == 1 and not throughout:
        return Elements(_path(call.arguments[0]), None, throughout=False)
    path, where = _pair(call)
    return Elements(path, meaning(where), throughout=throughout)


def _wrap(call: Call) -> Expression:
    path, value = _pair(call)
    literal = _literal(value)
    if literal is None:
        raise refusal(path, _NO_VALUE)
    return Wrapped(path, literal)


_CALLS: Final[Mapping[str, Callable[[Call], Expression]]] = MappingProxyType(
    {
        **{test.value: _compare for test in Operator},
        "in": _among,
        "out": _among,
        "and": _join,
        "or": _join,
        "not": _negate,
        "any": _elements,
        "all": _elements,
        "filter": _wrap,
    }
)


def _pair(call: Call) -> tuple[str, Node]:
    """The path and the other argument of a call that takes two."""
    if len(call.arguments) != _TWO or call.arguments[1] is None:
        raise refusal(call.name, NOT_TWO)
    return _path(call.arguments[0]), call.arguments[1]


def _path(node: Node | None) -> str:
    match node:
        case Value(text, bare=True):
            return text
        case Value(text):
            raise refusal(text, UNKNOWN_PATH)
        case Call(name):
            raise refusal(name, UNKNOWN_PATH)
        case _:
            raise refusal("()", UNKNOWN_PATH)


def _literal(node: Node) -> Literal | None:
    """The value; None where the node is none."""
    match node:
        case Value(text):
            return Literal(text)
        case Call(name, ()):
            return _EMPTY.get(name.lower())
        case _:
            return None
