"""Workflows: their actions and statuses."""

from litestar import Response, get
from litestar.params import FromPath

from muster.surfaces.record_batches.documentation import answering, refusals
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, TheDoor
from muster.surfaces.record_batches.routes.segments import number_of
from muster.surfaces.record_batches.translate import configuration as shown
from muster.surfaces.record_batches.wire import configuration as wire
from muster.surfaces.record_batches.wire.paths import ACTION, ACTIONS, STATUSES

_Id = FromPath[str]


@get(ACTIONS, summary="List the actions of a process", responses=answering(wire.Actions) | refusals(404))
async def list_actions(process_id: _Id, door: TheDoor, acting: Caller) -> Response[bytes]:
    """In their order."""
    blueprint = await door.blueprints.current(acting.acting.tenant)
    return answer(shown.render_actions(shown.process_of(blueprint, number_of(process_id))))


@get(ACTION, summary="Read an action of a process", responses=answering(wire.ActionDetail) | refusals(404))
async def get_action(*, process_id: _Id, action_id: _Id, door: TheDoor, acting: Caller) -> Response[bytes]:
    """With who may take it, and what follows it."""
    blueprint = await door.blueprints.current(acting.acting.tenant)
    process = shown.process_of(blueprint, number_of(process_id))
    return answer(shown.render_action(blueprint, process, shown.action_of(process, number_of(action_id))))


@get(STATUSES, summary="List the statuses of a process", responses=answering(wire.Statuses) | refusals(404))
async def list_statuses(process_id: _Id, door: TheDoor, acting: Caller) -> Response[bytes]:
    """With what can be done in each."""
    blueprint = await door.blueprints.current(acting.acting.tenant)
    return answer(shown.render_statuses(blueprint, shown.process_of(blueprint, number_of(process_id))))


HANDLERS = (list_actions, get_action, list_statuses)
