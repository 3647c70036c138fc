"""Paths and verbs of the page behind an e-mail's link. Looking changes nothing: scanners of mail look too."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

import msgspec
from litestar import HttpMethod, Response, Router, get, post, route
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation

from muster.domain.errors import NotFound
from muster.intake.allowance import Allowance
from muster.journey.preferences import MOST, Choices, Preferences
from muster.surfaces.access import Call
from muster.surfaces.multipart import MEDIA_TYPE, read_parts
from muster.surfaces.opt_outs.pages import LANGUAGES, Pages
from muster.surfaces.pages.answers import HEADERS, go_to, page, style
from muster.surfaces.pages.forms import LIMITS, read_fields
from muster.surfaces.pages.guesses import Guesses
from muster.surfaces.pages.place import Place
from muster.surfaces.pages.problems import Problems
from muster.surfaces.pages.words import Voices

LOOK = (HttpMethod.GET, HttpMethod.HEAD)
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The one field that a reader's mail server posts on its behalf (RFC 8058, section 3.1)."""
_MOST_PARTS = 8
_SAVED = "saved"


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    preferences: Preferences
    guesses: Guesses[Choices]
    pages: Pages
    voices: Voices


TheDesk = NamedDependency[SkipValidation[Desk]]
ThePrefix = NamedDependency[SkipValidation[str]]
Token = FromPath[str]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A contact at a link: what there is to choose, and where it is."""

    choices: Choices
    place: Place


TheCaller = NamedDependency[SkipValidation[Caller]]


async def _caller(*, request: Call, token: Token, desk: TheDesk, prefix: ThePrefix) -> Caller:
    address = request.client.host if request.client else ""
    choices = await desk.guesses.visit(token, address)
    voice = desk.voices.of(request.headers.get("accept-language", ""))
    return Caller(choices=choices, place=Place(prefix=prefix, token=token, voice=voice))


@get("/static/{file:str}", sync_to_thread=False)
def stylesheet(file: FromPath[str], desk: TheDesk) -> Response[object]:
    """The stylesheet; nothing else is there."""
    if file != desk.pages.stylesheet.name:
        raise NotFound("There is no such file")
    return style(desk.pages.stylesheet)


@route("/{token:str}", http_method=LOOK)
async def show(request: Call, caller: TheCaller, desk: TheDesk) -> Response[object]:
    """The page."""
    saved = request.scope["query_string"] == _SAVED.encode()
    return page(desk.pages.choices(caller.choices, caller.place, saved=saved), caller.place)


@post("/{token:str}", status_code=200)
async def choose(request: Call, caller: TheCaller, desk: TheDesk) -> Response[object]:
    """Take the page's form, or the one click of a mail server: that gets no page and is led nowhere."""
    token, fields = caller.place.token, await _fields(request)
    if fields.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        await desk.preferences.opt_out(token)
        return Response(b"", status_code=200, media_type="text/plain", headers=dict(HEADERS))
    match fields.get("wish"):
        case "stop":
            await desk.preferences.opt_out(token)
        case "save":
            wanted = [int(name[1:]) for name in fields if name[:1] == "c" and _is_number(name[1:])]
            await desk.preferences.choose(token, shown=_numbers(fields.get("shown", "")), wanted=wanted)
        case _:
            return go_to(caller.place.home)
    return go_to(f"{caller.place.home}?{_SAVED}")


async def _fields(call: Call) -> Mapping[str, str]:
    """The fields of a form in either encoding. Raises HTTPException 408 and 415, TooLarge, MalformedBody."""
    if call.headers.get("content-type", "").lower().startswith(MEDIA_TYPE):
        parts = await read_parts(call, LIMITS, most=_MOST_PARTS)
        return {part.name: part.content.decode("utf-8", "replace") for part in parts}
    return await read_fields(call, most=MOST + _MOST_PARTS)


def _numbers(listed: str) -> Sequence[int]:
    return [int(number) for number in listed.split(",") if _is_number(number)]


def _is_number(text: str) -> bool:
    """Whether `text` is a number that a category may have."""
    return text.isascii() and text.isdecimal() and len(text) <= 12  # noqa: PLR2004 - five octets, and no more


HANDLERS = (stylesheet, show, choose)


class OptOuts:
    """The page behind the links in e-mails, below one prefix or several."""

    def __init__(self, preferences: Preferences, *, prefixes: Sequence[str], misses: Allowance) -> None:
        """`prefixes` such as `/u`, the first for what belongs to none; `misses`: unknown links an address may try."""
        self._prefixes = prefixes
        pages, voices = Pages(), Voices(LANGUAGES)
        guesses = Guesses(preferences.find, misses)
        self._desk = Desk(preferences=preferences, guesses=guesses, pages=pages, voices=voices)
        self.problems = Problems(pages, voices, prefixes=prefixes, new_uuid=uuid4)
        """Answers what goes wrong below the prefixes."""

    def router(self) -> Router:
        """The routes, made anew each time."""
        problems = self.problems

        # A function, because the framework copies whatever else it is given, compiled templates and all.
        def trouble(call: Call, error: Exception) -> Response[object]:
            return problems(call, error)

        return Router(
            "/",
            route_handlers=[self._below(prefix) for prefix in self._prefixes],
            dependencies={
                "desk": Provide(lambda: self._desk, sync_to_thread=False),
                "caller": Provide(_caller),
            },
            exception_handlers={Exception: trouble},
            # Forms are read within limits of their own.
            request_max_body_size=None,
            include_in_schema=False,
        )

    def _below(self, prefix: str) -> Router:
        return Router(
            prefix,
            route_handlers=HANDLERS,
            dependencies={"prefix": Provide(lambda: prefix, sync_to_thread=False)},
        )
