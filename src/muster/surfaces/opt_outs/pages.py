"""From what a contact may choose to HTML."""

from functools import partial
from pathlib import Path

import msgspec

from muster.journey.preferences import Choices
from muster.surfaces.pages.place import Place, enclosed, environment, plain, stylesheet

FOLDER = Path(__file__).parent
LANGUAGES = FOLDER / "languages"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One category as the page shows it."""

    number: int
    name: str
    description: str
    wanted: bool


class Pages:
    """Renders every page. Made once: templates are compiled with it."""

    def __init__(self) -> None:
        self.stylesheet = stylesheet()
        found = environment(FOLDER / "templates")
        self._templates = {name: found.get_template(f"{name}.html") for name in ("choices", "trouble")}

    def choices(self, choices: Choices, place: Place, *, saved: bool = False) -> str:
        """The page itself; `saved` says so at its top."""
        say = partial(place.voice.say, account=enclosed(choices.account), address=choices.address)
        offers = [
            Offer(
                number=choice.category,
                name=plain(choice.name).strip(),
                description=plain(choice.description).strip(),
                wanted=not choice.opted_out,
            )
            for choice in choices.choices
        ]
        about = next((offer for offer in offers if offer.number == choices.about and offer.wanted), None)
        return self._templates["choices"].render(
            stylesheet=self.stylesheet.name,
            place=place,
            voice=place.voice,
            account=plain(choices.account),
            title=say("choices.title"),
            say=say,
            saved=saved,
            offers=offers,
            about=None if about is None else enclosed(about.name),
            any_wanted=any(offer.wanted for offer in offers),
        )

    def trouble(self, kind: str, place: Place, *, reference: str = "") -> str:
        """The page for what went wrong: `kind` as in the words under `errors`."""
        say = place.voice.say
        return self._templates["trouble"].render(
            stylesheet=self.stylesheet.name,
            place=place,
            voice=place.voice,
            account="",
            title=say(f"errors.{kind}_title"),
            say=say,
            kind=kind,
            reference=reference,
        )
