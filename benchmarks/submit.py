"""Keep one batch larger than a request may be, beside a server that runs.

The door refuses more than 10,000 entries, so this calls the use case that the door calls, with entries checked by the
same rules, in the process of the benchmark. The server's upkeep finds the batch within about a second: its queue is in
memory and hears nothing of it.
"""

import time
from collections.abc import Sequence

from benchmarks.people import TEMPLATE, draft
from muster.app.wiring import Core
from muster.domain.entry import NewEntry
from muster.domain.errors import NotFound
from muster.domain.template import Template
from muster.domain.tenant import Principal
from muster.intake.submit import Submission
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import validate


async def submit(core: Core, who: Principal, entries: int) -> tuple[str, float]:
    """Check and store the batch; its id, and the seconds that took."""
    drafts = [draft(i) for i in range(entries)]

    def checked(template: Template | None) -> Sequence[NewEntry]:
        if template is None:
            raise NotFound("the house makes the template first")
        return validate(drafts, template)

    submission = Submission(
        kind=NAME,
        title="benchmark",
        template=TEMPLATE,
        entries=checked,
        idempotency_key=None,
        scope="benchmarks",
        fingerprint=b"",
    )
    began = time.perf_counter()
    made = await core.submit(who, submission)
    return str(made.batch), time.perf_counter() - began
