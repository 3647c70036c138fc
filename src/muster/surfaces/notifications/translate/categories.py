"""Categories: what is asked for, and as they are shown."""

from collections.abc import Mapping

from muster.catalog.categories import CategoryChange, CategoryWish
from muster.domain.category import Category, Statistics, Tally
from muster.domain.ids import CategoryNumber
from muster.lookup.shelves import Related
from muster.surfaces.notifications.translate.ids import spell
from muster.surfaces.notifications.translate.reading import Reading, given
from muster.surfaces.notifications.translate.references import audit, known, moment


def read_wish(reading: Reading) -> CategoryWish:
    """The category to be made; a name that is missing is empty."""
    return CategoryWish(
        name=given(reading.text("name"), ""),
        description=given(reading.perhaps("description"), None),
        short_description=given(reading.perhaps("shortDescription"), None),
        opt_out_allowed=given(reading.flag("optOutAllowed"), otherwise=True),
        delete_allowed=given(reading.flag("deleteAllowed"), otherwise=True),
        note=given(reading.perhaps("note"), None),
    )


def read_change(reading: Reading) -> CategoryChange:
    """What is to be different."""
    return CategoryChange(
        name=reading.text("name"),
        description=reading.perhaps("description"),
        short_description=reading.perhaps("shortDescription"),
        opt_out_allowed=reading.flag("optOutAllowed"),
        delete_allowed=reading.flag("deleteAllowed"),
        note=reading.perhaps("note"),
    )


def render_category(category: Category, related: Related) -> dict[str, object]:
    """Everything of a category; statistics where they were read."""
    statistics = related.statistics.get(category.number)
    return known(
        {
            "id": spell("NTC", category.number),
            "revision": category.revision,
            "name": category.name,
            "description": category.description,
            "shortDescription": category.short_description,
            "optOutAllowed": category.opt_out_allowed,
            "deleteAllowed": category.delete_allowed,
            "status": category.state.value.capitalize(),
            "note": category.note,
            "icon": category.icon,
            "lastUsed": moment(category.last_used),
            "statistics": None if statistics is None else _statistics(statistics),
            "audit": audit(category.marks, related),
        }
    )


def category_full(number: CategoryNumber, related: Related) -> dict[str, object]:
    """Everything of a category that something else refers to; its id where it was deleted."""
    category = related.categories.get(number)
    return {"id": spell("NTC", number)} if category is None else render_category(category, related)


def _statistics(statistics: Statistics) -> Mapping[str, object]:
    return {
        "today": _tally(statistics.today),
        "week": _tally(statistics.week),
        "month": _tally(statistics.month),
    }


def _tally(tally: Tally) -> Mapping[str, int]:
    counted = {
        "sent": tally.sent,
        "bounced": tally.bounced,
        "complained": tally.complained,
        "discarded": tally.discarded,
        "failed": tally.failed,
    }
    return {**counted, "total": sum(counted.values())}
