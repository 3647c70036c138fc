"""What the books cannot take, answered in the vendor's words."""

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus

from muster.domain.errors import NotFound
from muster.records.books.rules import BadBooks
from muster.surfaces.record_batches.translate.periods import text_of
from muster.surfaces.record_batches.wire.periods import NO_SUCH
from muster.surfaces.record_batches.wire.problems import Refused


@contextmanager
def booked() -> Generator[None]:
    """Refuse the call where the books cannot take what is asked. Raises Refused."""
    try:
        yield
    except BadBooks as error:
        raise Refused(HTTPStatus.BAD_REQUEST, text_of(error)) from error


@contextmanager
def of_period(number: str) -> Generator[None]:
    """The same for one period, which may not be there. `number`: as it was asked for. Raises Refused."""
    try:
        with booked():
            yield
    except NotFound as error:
        raise Refused(HTTPStatus.NOT_FOUND, NO_SUCH.format(number[:20])) from error
