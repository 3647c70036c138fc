"""What is rewritten means what it meant, and the rest stays as it was."""

from typing import Any, Generic, TypeVar, get_type_hints

import pytest

from tests.peers.newer_python import rewritten

SOURCE = '''
"""A module."""
from typing import Any, override
from itertools import batched, chain

class Model: pass

class Base[Model]:
    def first(self, model: Model) -> Model: return self.Model(Model=model)

class Box[Item: "Later", Model](Base[Model]):
    @override
    def first(self, model: Model) -> Model: return model
    def both[Key](self, item: Item, key: Key) -> dict[Key, Item]: return {key: item}

type Pair = tuple[int, int]
class Later: pass
def plain(Model: Any) -> type[Model]: return Model
'''


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(rewritten(source), "module", "exec"), names)  # noqa: S102 - it is ours
    return names


def test_a_class_keeps_its_bases_and_its_variables_their_names() -> None:
    names = run(SOURCE)
    box = names["Box"]
    assert box.__mro__ == (box, names["Base"], Generic, object)
    assert [variable.__name__ for variable in box.__parameters__] == ["Item", "Model"]
    assert box[int, str]().both(1, "a") == {"a": 1}
    assert names["Pair"] == tuple[int, int]
    assert list(names["batched"]("abc", 2)) == [("a", "b"), ("c",)]


def test_a_variable_is_not_mistaken_for_what_has_the_same_name_elsewhere() -> None:
    names = run(SOURCE)
    hints = get_type_hints(names["Base"].first)
    assert isinstance(hints["model"], TypeVar)
    assert names["Base"].__parameters__ == (hints["model"],)
    assert names["plain"](names["Model"]) is names["Model"]
    assert ".Model(Model=model)" in rewritten(SOURCE)


@pytest.mark.parametrize("source", ["x = [1]\n", "class A(list[int]):\n    type = 1\n", "from typing import Any\n"])
def test_a_module_without_newer_syntax_stays_as_it_is(source: str) -> None:
    assert rewritten(source) == source
