"""From errors to HTTP statuses."""

from litestar.exceptions import MethodNotAllowedException

from muster.domain import errors
from muster.surfaces.problems import STATUS, headers_of, status_of
from muster.surfaces.workflow_batches.problems import CODES


def every_error(root: type[errors.MusterError] = errors.MusterError) -> set[type[errors.MusterError]]:
    return {root}.union(*(every_error(leaf) for leaf in root.__subclasses__()))


def test_every_error_has_a_status_of_its_own() -> None:
    assert set(STATUS) == {error for error in every_error() if error.__module__ == errors.__name__}


def test_every_error_has_a_code_at_this_door() -> None:
    for error in every_error():
        assert any(kind in CODES for kind in error.__mro__)


def test_what_is_not_ours_is_an_internal_error() -> None:
    assert status_of(KeyError("x")) == 500
    assert status_of(errors.TooLarge("x")) == 413


def test_a_wrong_verb_is_told_the_right_ones() -> None:
    assert headers_of(MethodNotAllowedException(headers={"allow": "GET, PUT"}), 405) == {"Allow": "GET, PUT"}
