"""A job as PgQueuer keeps it: names of its tables, and a chunk as the payload."""

import msgspec
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueEntrypoint

from muster.domain.chunk import ChunkRef
from muster.domain.ids import BatchNumber, TenantId

ENTRYPOINT = QueueEntrypoint("chunk")
"""The one sort of job there is."""

# Every name is given, because PgQueuer would else read it from the environment, also from variables with names as
# common as CHANNEL or TRIGGER, and two processes might then wait on two different queues.
SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    # Jobs survive a crash of the database; the log of what became of them, which nothing reads, need not.
    durability=Durability.balanced,
    widen_id=True,
)

_decoder = msgspec.json.Decoder(tuple[int, int, int])


def payload_of(chunk: ChunkRef) -> bytes:
    """Write the chunk as a job's payload: `[tenant,batch,first]`, the same bytes for the same chunk."""
    return msgspec.json.encode((chunk.tenant, chunk.batch, chunk.first))


def chunk_in(payload: bytes) -> ChunkRef:
    """Read the chunk a payload names; raises msgspec.MsgspecError when it names none."""
    tenant, batch, first = _decoder.decode(payload)
    return ChunkRef(TenantId(tenant), BatchNumber(batch), first)
