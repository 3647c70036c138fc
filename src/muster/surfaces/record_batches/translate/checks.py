"""What is wrong with a record, and what keeps it from being deleted (specification A8.5, B7)."""

from collections.abc import Mapping

import msgspec

from muster.domain.errors import BadInput
from muster.records.reading.finding import Beside, DeleteCheck, Health
from muster.surfaces.record_batches.translate.bodies import whole
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.translate.relationships import render_link
from muster.surfaces.record_batches.translate.results import flaw_text
from muster.surfaces.record_batches.translate.search_fields import Refusals
from muster.surfaces.record_batches.wire import checks as wire

_LARGEST = 1_000_000_000


def render_health(health: Health) -> wire.ValidationErrors:
    """Every fault of a record."""
    message = wire.BLOCKING if health.blocking else wire.ERRORS if health.flaws else wire.NO_ERRORS
    return wire.ValidationErrors(
        has_errors=bool(health.flaws),
        errors=[
            wire.ValidationError(message=flaw_text(one), type=wire.SORT, workflow_blocking=one in health.blocking)
            for one in health.flaws
        ],
        message=message,
    )


def read_part(query: Mapping[str, str]) -> tuple[int, int]:
    """How many to skip, and how many to give: `skip` and `rows`. Raises BadInput with every fault."""
    given = {name.lower(): value for name, value in query.items()}
    refusals = Refusals()
    skip = _count(given, "skip", 0, refusals)
    rows = min(_count(given, "rows", wire.DEFAULT_ROWS, refusals), wire.MOST_ROWS)
    if refusals.faults:
        raise BadInput("The query is not valid.", refusals.faults)
    return skip, rows


def render_delete_check(check: DeleteCheck) -> wire.DeleteCheck:
    """Whether a record can be deleted."""
    shown = render_entity(check.view)
    template = msgspec.structs.asdict(shown.template)
    return wire.DeleteCheck(
        id=shown.id,
        template=wire.CheckedTemplate(**template, system_indicator_id=check.indicator),
        status=shown.status,
        is_locked=check.status.locked,
        is_deletable=check.status.deletable,
        has_locked_record_associations=check.total > 0,
        locked_record_association_count=check.total,
        locked_record_associations=[_association(one) for one in check.beside],
    )


def _association(beside: Beside) -> wire.LockedAssociation:
    shown = render_entity(beside.view)
    return wire.LockedAssociation(
        id=shown.id,
        title=shown.title,
        char_type_id=beside.view.record.ref.char_type,
        template=shown.template,
        status=shown.status,
        relationship_direction=wire.PARENT if beside.above else wire.CHILD,
        relationship_type=render_link(beside.link).relationship_type,
    )


def _count(given: Mapping[str, str], name: str, usual: int, refusals: Refusals) -> int:  # noqa: PLR0917 - each as plain as the next
    said = given.get(name, "").strip()
    if not said:
        return usual
    count = whole(said)
    if count is None or not 0 <= count <= _LARGEST:
        refusals.note(name, f"must be a whole number between 0 and {_LARGEST:,}")
        return usual
    return count
