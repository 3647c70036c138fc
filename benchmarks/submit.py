"""`python -m benchmarks.submit`: keep one batch larger than a request may be, beside a server that runs.

The door refuses more than 10,000 entries, so this calls the same use case that the door calls, with the same checked
entries, in a process of its own. The server's upkeep finds the batch within about a second: its queue is in memory and
hears nothing of it. Prints `{"id": …, "seconds": …}`; the seconds are those of checking and storing.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Sequence

import msgspec

from benchmarks.people import TEMPLATE, draft
from muster.app.settings import load
from muster.app.wiring import opened
from muster.domain.entry import NewEntry
from muster.domain.ids import PrincipalId
from muster.domain.template import Template
from muster.domain.tenant import Principal, Role
from muster.intake.submit import Submission
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import Draft, validate


def main() -> None:
    """Keep the batch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--entries", type=int, required=True)
    arguments = parser.parse_args()
    print(msgspec.json.encode(asyncio.run(_submit(arguments))).decode())


async def _submit(arguments: argparse.Namespace) -> dict[str, object]:
    settings = load(environment=os.environ, flags={"data": arguments.data})
    drafts = [draft(i) for i in range(arguments.entries)]
    async with opened(settings) as core:
        tenant = await core.accounts.find(arguments.account)
        who = Principal(
            id=PrincipalId(tenant.account_id),
            tenant=tenant.number,
            role=Role.OWNER,
            token="benchmarks",  # noqa: S106
        )
        submission = Submission(
            kind=NAME,
            title="benchmark",
            total=len(drafts),
            template=TEMPLATE,
            entries=lambda template: _checked(drafts, template),
            idempotency_key=None,
            scope="benchmarks",
            fingerprint=b"",
        )
        began = time.perf_counter()
        made = await core.submit(who, submission)
        seconds = time.perf_counter() - began
        return {"id": str(made.batch), "seconds": seconds}


def _checked(drafts: list[Draft], template: Template | None) -> Sequence[NewEntry]:
    assert template is not None  # noqa: S101 - the house made it
    return validate(drafts, template)


if __name__ == "__main__":
    main()
