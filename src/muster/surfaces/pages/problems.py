"""What went wrong, as a page. Never more than the customer can use."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from litestar import Response

from muster.surfaces.access import Call
from muster.surfaces.pages.answers import page
from muster.surfaces.pages.place import Place
from muster.surfaces.pages.words import Voices
from muster.surfaces.problems import headers_of, log_failure, status_of

_KINDS: Mapping[int, str] = MappingProxyType(
    {
        HTTPStatus.NOT_FOUND: "unknown",
        HTTPStatus.REQUEST_TIMEOUT: "slow",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "large",
        HTTPStatus.TOO_MANY_REQUESTS: "often",
        HTTPStatus.SERVICE_UNAVAILABLE: "busy",
    }
)


class Troubled(Protocol):
    """Writes the page for what went wrong."""

    def trouble(self, kind: str, place: Place, *, reference: str = "") -> str:
        """The page: `kind` as in the words under `errors`, `reference` where somebody must look into it."""
        ...


class Problems:
    """Answers every exception below the prefixes."""

    def __init__(
        self, pages: Troubled, voices: Voices, *, prefixes: Sequence[str], new_uuid: Callable[[], UUID]
    ) -> None:
        """`prefixes` such as `/l`, the first for what belongs to none."""
        self._pages = pages
        self._voices = voices
        self._prefixes = prefixes
        self._new_uuid = new_uuid

    def __call__(self, call: Call, error: Exception) -> Response[object]:
        """The page for `error`; an unexpected one is logged under the reference that the customer can tell."""
        status, reference = status_of(error), ""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            reference = str(self._new_uuid())[:8]
            log_failure(error, reference, call)
        kind = _KINDS.get(status, "unreadable" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "broken")
        place = self._place(call)
        html = self._pages.trouble(kind, place, reference=reference)
        return page(html, place, status=status, headers=headers_of(error, status))

    def _place(self, call: Call) -> Place:
        path = call.scope["path"]
        mine = (prefix for prefix in self._prefixes if path == prefix or path.startswith(f"{prefix}/"))
        voice = self._voices.of(call.headers.get("accept-language", ""))
        return Place(prefix=next(mine, self._prefixes[0]), voice=voice)
