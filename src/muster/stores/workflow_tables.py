"""The schema of workflows and customers. Imported by whoever keeps them, so that `tables.metadata` knows them too."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from muster.domain.workflow import ENDS
from muster.stores.moments import Moment
from muster.stores.tables import metadata, tenant_column

_WAITS_FOR_ITS_TIME = text("state = 'active' AND payment IS NULL")
_PAYS = text("payment IS NOT NULL")
HAS_ENDED = f"state IN ({', '.join(repr(state.value) for state in ENDS)})"
"""Ended and not put away yet; the words of the index, so that SQLite uses it."""

workflows = Table(
    "workflows",
    metadata,
    Column("batch", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    # Its batch's; without a foreign key, which would cost as much as the rest of the row as a window leaves.
    Column("tenant", BigInteger, nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("ended_as", String(16)),
    Column("step", Integer, nullable=False),
    Column("answers", Text, nullable=False, server_default=text("''")),
    Column("customer_name", Text, nullable=False, server_default=text("''")),
    Column("email", Text, nullable=False, server_default=text("''")),
    Column("decline_reason", Text),
    Column("payment", String(16)),
    Column("payment_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("notice_at", BigInteger),
    # The earlier of the two above: one index finds reminders and ends.
    Column("next_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("batch", "position"),
    UniqueConstraint("token_hash"),
    sqlite_with_rowid=False,
)
Index("ix_workflows_tenant_created_at", workflows.c.tenant, workflows.c.created_at)
Index(
    "ix_workflows_due",
    workflows.c.next_at,
    workflows.c.batch,
    workflows.c.position,
    sqlite_where=_WAITS_FOR_ITS_TIME,
    postgresql_where=_WAITS_FOR_ITS_TIME,
)
Index("ix_workflows_paying", workflows.c.payment_at, sqlite_where=_PAYS, postgresql_where=_PAYS)
Index("ix_workflows_ended", workflows.c.ended_at, sqlite_where=text(HAS_ENDED), postgresql_where=text(HAS_ENDED))

workflow_notices = Table(
    "workflow_notices",
    metadata,
    Column("batch", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    tenant_column(),
    Column("origin", String(16), nullable=False),
    Column("made_by", Uuid(as_uuid=True)),
    Column("made_at", BigInteger, nullable=False),
    Column("message_batch", BigInteger),
    Column("message_position", Integer),
    PrimaryKeyConstraint("batch", "position", "serial"),
    sqlite_with_rowid=False,
)
Index(
    "ix_workflow_notices_waiting",
    workflow_notices.c.made_at,
    sqlite_where=text("message_batch IS NULL"),
    postgresql_where=text("message_batch IS NULL"),
)

customers = Table(
    "customers",
    metadata,
    tenant_column(),
    Column("id", Uuid(as_uuid=True), nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    sqlite_with_rowid=False,
)

customer_accounts = Table(
    "customer_accounts",
    metadata,
    tenant_column(),
    Column("id", Uuid(as_uuid=True), nullable=False),
    Column("customer", Uuid(as_uuid=True)),
    Column("subtype", String(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("sealed_token", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    sqlite_with_rowid=False,
)
