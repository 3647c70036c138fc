"""Every error has a code of its own, a place in the tree that is drawn, and a status."""

import inspect
import re
from collections import Counter

from muster.domain import errors
from muster.surfaces.problems import STATUS


def _all() -> list[type[errors.MusterError]]:
    found = [value for _, value in inspect.getmembers(errors, inspect.isclass)]
    return [each for each in found if issubclass(each, errors.MusterError)]


def test_every_error_has_a_status() -> None:
    assert set(STATUS) == set(_all())


def test_no_two_errors_share_a_code() -> None:
    counts = Counter(error.code for error in _all())
    assert [code for code, times in counts.items() if times > 1] == []


def test_the_tree_drawn_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = set(re.findall(r"(?:^|── )([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)) - {"What"}
    assert drawn == {error.__name__ for error in _all()}
