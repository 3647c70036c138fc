"""Paths and verbs of the page behind a link. Looking changes nothing: robots that preview links look too."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import msgspec
from litestar import HttpMethod, Response, Router, get, post, route
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation

from muster.domain.errors import NotFound
from muster.intake.allowance import Allowance
from muster.journey.guide import Guide, Standing, Visit
from muster.kinds.workflow_batches.journey import DeclineReason
from muster.ports.clock import Clock
from muster.surfaces.access import Call
from muster.surfaces.customer_links.fields import Entered, with_dates
from muster.surfaces.customer_links.pages import LANGUAGES, Pages
from muster.surfaces.pages.answers import go_to, page, style
from muster.surfaces.pages.forms import read_fields
from muster.surfaces.pages.guesses import Guesses
from muster.surfaces.pages.place import Place
from muster.surfaces.pages.problems import Problems
from muster.surfaces.pages.words import Voices

LOOK = (HttpMethod.GET, HttpMethod.HEAD)
_REASONS = frozenset(reason.value for reason in DeclineReason)
_NEWS_AFTER_S, _LATER_NEWS_AFTER_S = 3, 15
_SOON = timedelta(minutes=1)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call upon."""

    guide: Guide
    guesses: Guesses[Visit]
    pages: Pages
    voices: Voices
    clock: Clock


TheDesk = NamedDependency[SkipValidation[Desk]]
ThePrefix = NamedDependency[SkipValidation[str]]
Token = FromPath[str]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A customer at a link: what stands behind it, and where it is."""

    visit: Visit
    place: Place


TheCaller = NamedDependency[SkipValidation[Caller]]


async def _caller(*, request: Call, token: Token, desk: TheDesk, prefix: ThePrefix) -> Caller:
    address = request.client.host if request.client else ""
    visit = await desk.guesses.visit(token, address)
    voice = desk.voices.of(request.headers.get("accept-language", ""))
    return Caller(visit=visit, place=Place(prefix=prefix, token=token, voice=voice))


@get("/static/{file:str}", sync_to_thread=False)
def stylesheet(file: FromPath[str], desk: TheDesk) -> Response[object]:
    """The stylesheet; nothing else is there."""
    if file != desk.pages.stylesheet.name:
        raise NotFound("There is no such file")
    return style(desk.pages.stylesheet)


@route("/{token:str}", http_method=LOOK)
async def show(caller: TheCaller, desk: TheDesk) -> Response[object]:
    """The page."""
    html = desk.pages.visit(caller.visit, caller.place)
    return page(html, caller.place, headers=_news(caller.visit, desk.clock))


@post("/{token:str}/steps/{step:int}", status_code=200)
async def answer(*, request: Call, step: FromPath[int], caller: TheCaller, desk: TheDesk) -> Response[object]:
    """Take a form; show it again where something is wrong with it."""
    visit, form = caller.visit, await read_fields(request)
    if visit.ask is not None:
        form = with_dates(visit.ask, form)
    faults = await desk.guide.answer(visit, step, form)
    if not faults or visit.ask is None or visit.ask.step != step:
        return go_to(caller.place.home)
    html = desk.pages.visit(visit, caller.place, Entered(form=form, faults=faults))
    return page(html, caller.place, status=422)


@route("/{token:str}/decline", http_method=LOOK)
async def ask_why(caller: TheCaller, desk: TheDesk) -> Response[object]:
    """Ask for the reason of a decline."""
    if caller.visit.standing is not Standing.ASKING:
        return go_to(caller.place.home)
    return page(desk.pages.decline(caller.visit, caller.place), caller.place)


@post("/{token:str}/decline", status_code=200)
async def decline(request: Call, caller: TheCaller, desk: TheDesk) -> Response[object]:
    """Decline."""
    reason = (await read_fields(request)).get("reason", "")
    if caller.visit.standing is not Standing.ASKING:
        return go_to(caller.place.home)
    if reason not in _REASONS:
        html = desk.pages.decline(caller.visit, caller.place, faulty=True)
        return page(html, caller.place, status=422)
    await desk.guide.decline(caller.visit, DeclineReason(reason))
    return go_to(caller.place.home)


@route("/{token:str}/messages", http_method=LOOK)
async def ask_messages(caller: TheCaller, desk: TheDesk) -> Response[object]:
    """Ask whether text messages shall stop, or come again."""
    return page(desk.pages.messages(caller.visit, caller.place), caller.place)


@post("/{token:str}/messages", status_code=200)
async def messages(request: Call, caller: TheCaller, desk: TheDesk) -> Response[object]:
    """Stop text messages, or allow them again."""
    match (await read_fields(request)).get("wish"):
        case "stop":
            await desk.guide.opt_out(caller.visit)
        case "start":
            await desk.guide.opt_in(caller.visit)
        case _:
            return go_to(f"{caller.place.home}/messages")
    return go_to(caller.place.home)


HANDLERS = (stylesheet, show, answer, ask_why, decline, ask_messages, messages)


class CustomerLinks:
    """The page behind the links, below one prefix or several."""

    def __init__(
        self, guide: Guide, *, prefixes: Sequence[str], misses: Allowance, document_url: str, clock: Clock
    ) -> None:
        """`prefixes` such as `/l`, the first for what belongs to none; `misses`: unknown links an address may try."""
        self._prefixes = prefixes
        pages, voices = Pages(document_url), Voices(LANGUAGES)
        guesses = Guesses(guide.find, misses)
        self._desk = Desk(guide=guide, guesses=guesses, pages=pages, voices=voices, clock=clock)
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


def _news(visit: Visit, clock: Clock) -> dict[str, str]:
    """Have the browser look again while a payment is decided; less often when it takes long."""
    if visit.standing is not Standing.PAYING:
        return {}
    soon = clock.now() - visit.workflow.updated_at < _SOON
    return {"Refresh": str(_NEWS_AFTER_S if soon else _LATER_NEWS_AFTER_S)}
