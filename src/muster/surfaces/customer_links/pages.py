"""From what a customer finds behind a link to HTML."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec

from muster.journey.guide import Standing, Visit
from muster.kinds.workflow_batches.journey import Ask, AskKind, Course, DeclineReason, first_step, next_step
from muster.surfaces.customer_links.fields import NOTHING, Control, Entered, groups_of
from muster.surfaces.pages.place import Place, enclosed, environment, plain, stylesheet
from muster.surfaces.pages.words import Voice

FOLDER = Path(__file__).parent
LANGUAGES = FOLDER / "languages"

Say = Callable[..., str]
"""A voice's `say` that knows who asks."""


class Fact(msgspec.Struct, frozen=True):
    """One line of a summary."""

    name: str
    value: str


class Pages:
    """Renders every page. Made once: templates are compiled with it."""

    def __init__(self, document_url: str) -> None:
        """`document_url` is where documents can be read, with `{documentId}` in it; empty: nowhere."""
        self._document_url = document_url
        self.stylesheet = stylesheet()
        found = environment(FOLDER / "templates")
        names = ("asking", "ended", "paying", "decline", "messages", "trouble")
        self._templates = {name: found.get_template(f"{name}.html") for name in names}

    def visit(self, visit: Visit, place: Place, entered: Entered = NOTHING) -> str:
        """The page itself: what is asked, or how it ended. `entered` is a form that came back with its faults."""
        if visit.standing is Standing.ASKING and visit.ask is not None:
            return self._asking(visit, visit.ask, place, entered=entered)
        voice, ends = place.voice, f"ends.{visit.standing}"
        say = _speaker(visit, voice)
        shown = {
            "title": say(f"{ends}_title"),
            "say": say,
            "sum": _outcome(visit.course, voice) if visit.standing is Standing.COMPLETED else None,
            "date": voice.moment(visit.workflow.expires_at),
            "ending": str(visit.standing),
        }
        template = "paying" if visit.standing is Standing.PAYING else "ended"
        return self._render(template, place, visit, **shown)

    def decline(self, visit: Visit, place: Place, *, faulty: bool = False) -> str:
        """The page that asks why a customer declines; `faulty` when no reason came."""
        say = _speaker(visit, place.voice)
        reasons = Control(
            name="reason",
            id="f-reason",
            shape="radios",
            label=say("decline.question"),
            error=say("decline.fault") if faulty else "",
            choices=[(reason.value, say(f"decline.{reason}")) for reason in DeclineReason],
        )
        return self._render("decline", place, visit, title=say("decline.title"), say=say, reasons=reasons)

    def messages(self, visit: Visit, place: Place) -> str:
        """The page on which text messages are stopped, or allowed again."""
        say, wish = _speaker(visit, place.voice), "start" if visit.opted_out else "stop"
        title = say(f"messages.{wish}_title")
        return self._render("messages", place, visit, title=title, say=say, wish=wish)

    def trouble(self, kind: str, place: Place, *, reference: str = "") -> str:
        """The page for what went wrong: `kind` as in the words under `errors`."""
        say = place.voice.say
        title = say(f"errors.{kind}_title")
        return self._render("trouble", place, title=title, say=say, kind=kind, reference=reference)

    def _asking(self, visit: Visit, ask: Ask, place: Place, *, entered: Entered) -> str:
        voice, key, steps = place.voice, f"asks.{ask.kind}", _steps(visit.course)
        say = _speaker(visit, voice)
        variant = ask.facts.get("direction", ask.facts.get("subtype", "")).lower()
        return self._render(
            "asking",
            place,
            visit,
            title=say(f"{key}.title_{variant}", f"{key}.title"),
            say=say,
            until=voice.moment(visit.workflow.expires_at),
            memo=plain(visit.course.memo).strip(),
            ask=ask,
            intro=say(f"{key}.intro_{variant}", f"{key}.intro"),
            button=say(f"{key}.button_{variant}", f"{key}.button", amount=_sum(ask, voice)),
            is_first=not steps or ask.step <= steps[0],
            progress=(steps.index(ask.step) + 1, len(steps)) if ask.step in steps else None,
            summary=_summary(visit, ask, voice) if ask.kind is AskKind.PAYMENT else (),
            document=self._document(ask, voice) if ask.kind is AskKind.DOCUMENT else None,
            declined=visit.answers.declined_code if ask.kind not in {AskKind.CUSTOMER, AskKind.PROFILE} else None,
            groups=groups_of(ask, voice, entered),
            is_faulty=bool(entered.faults),
            has_secrets=any(field.secret for field in ask.fields),
            months=voice.months,
        )

    def _document(self, ask: Ask, voice: Voice) -> tuple[str, str]:
        """Name of the document asked about, and the URL it can be read at."""
        identity = ask.facts.get("document_id", "")
        key = f"documents.{identity}"
        name = voice.say(key) if voice.knows(key) else plain(identity)
        return name, self._document_url.replace("{documentId}", quote(identity, safe=""))

    def _render(self, template: str, place: Place, visit: Visit | None = None, **shown: object) -> str:
        account = plain(visit.workflow.account) if visit else ""
        opted_out = visit is not None and visit.opted_out
        return self._templates[template].render(
            stylesheet=self.stylesheet.name,
            place=place,
            voice=place.voice,
            account=account,
            opted_out=opted_out,
            **shown,
        )


def _speaker(visit: Visit, voice: Voice) -> Say:
    return partial(voice.say, account=enclosed(visit.workflow.account))


def _steps(course: Course) -> Sequence[int]:
    """The indexes of the steps that need the customer."""
    steps: list[int] = []
    step = first_step(course)
    while step < len(course.steps):
        steps.append(step)
        step = next_step(course, step)
    return steps


def _sum(ask: Ask, voice: Voice) -> str:
    return voice.money(ask.facts["amount"], ask.facts["currency"]) if "amount" in ask.facts else ""


def _summary(visit: Visit, ask: Ask, voice: Voice) -> Sequence[Fact]:
    say, facts = _speaker(visit, voice), ask.facts
    them, theirs = plain(visit.workflow.account), plain(facts.get("account", "")) or say("facts.account_on_file")
    sides = (them, theirs) if facts.get("direction") == "SEND" else (theirs, them)
    priority = f"priorities.{facts.get('priority')}"
    rows = (
        ("amount", _sum(ask, voice)),
        ("from", sides[0]),
        ("to", sides[1]),
        ("speed", voice.say(priority) if voice.knows(priority) else ""),
        ("name", plain(visit.customer_name)),
        ("description", plain(facts.get("description", ""))),
        ("memo", plain(facts.get("memo", ""))),
    )
    return [Fact(say(f"facts.{name}"), value) for name, value in rows if value]


def _outcome(course: Course, voice: Voice) -> tuple[str, str] | None:
    """Which way the money of a completed course goes, and how much it is; None where none moves."""
    given = course.parameters
    amount, currency = given.get("amount"), given.get("currency")
    if amount is None or currency is None:
        return None
    return str(given.get("transactionType", "")).lower(), voice.money(str(amount), str(currency))
