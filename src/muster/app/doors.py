"""The doors of this server: one function each."""

from collections.abc import Sequence
from uuid import uuid4

from litestar import Router

from muster.app.http import Door
from muster.app.wiring import Core
from muster.surfaces.access import Access
from muster.surfaces.bodies import Limits
from muster.surfaces.workflow_batches import routes, wire
from muster.surfaces.workflow_batches.problems import Problems


def doors(core: Core) -> Sequence[Door]:
    """Every door, in the order they are listed in."""
    access = Access(core.keys, core.allowance)
    limits = Limits(
        body_bytes=core.settings.body_limit_bytes,
        # The silence between two pieces is watched elsewhere; this bounds a body that drips.
        body_seconds=3 * core.settings.client_timeout_seconds,
    )
    return [_workflow_batches(core, access, limits)]


def _workflow_batches(core: Core, access: Access, limits: Limits) -> Door:
    problems = Problems(core.clock, uuid4)
    inside = routes.Door(
        submit=core.submit,
        control=core.control,
        batches=core.batches,
        entries=core.entries,
        templates=core.templates,
        access=access,
        limits=limits,
    )

    def routers() -> Sequence[Router]:
        return [routes.workflow_batches(inside, problems)]

    return Door(
        name="workflow-batches",
        title="Workflow batches",
        routers=routers,
        problems=dict.fromkeys(wire.PATHS, problems),
    )
