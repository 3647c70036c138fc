"""The schema: one description for both dialects. What is kept of a single door stands in `*_tables.py` beside it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from muster.domain.entry import EntryState
from muster.domain.workflow import ENDS, WorkflowState
from muster.stores.moments import Moment

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=_NAMES)

# SQLite gives out ascending row ids only for a column declared exactly INTEGER PRIMARY KEY.
_Serial = BigInteger().with_variant(Integer, "sqlite")


def tenant_column() -> Column[int]:
    """Whose row it is."""
    return Column("tenant", BigInteger, ForeignKey("tenants.number"), nullable=False)


tenants = Table(
    "tenants",
    metadata,
    Column("number", _Serial, primary_key=True, autoincrement=True),
    Column("account_id", Uuid(as_uuid=True), nullable=False, unique=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

principals = Table(
    "principals",
    metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    tenant_column(),
    Column("name", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("kind", String(16), nullable=False),
    Column("name", String(128), nullable=False),
    tenant_column(),
    Column("principal", Uuid(as_uuid=True), ForeignKey("principals.id"), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    PrimaryKeyConstraint("kind", "name"),
)
Index("ix_credentials_expires_at", credentials.c.expires_at)

templates = Table(
    "templates",
    metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    tenant_column(),
    Column("kind", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("current_version", Integer, nullable=False),
    Column("created_by", Uuid(as_uuid=True)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
Index(
    "uq_templates_name_in_use",
    templates.c.tenant,
    templates.c.kind,
    templates.c.name,
    unique=True,
    sqlite_where=text("state <> 'deleted'"),
    postgresql_where=text("state <> 'deleted'"),
)

template_versions = Table(
    "template_versions",
    metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    tenant_column(),
    Column("template", Uuid(as_uuid=True), ForeignKey("templates.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("created_by", Uuid(as_uuid=True)),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("template", "version"),
)

channels = Table(
    "channels",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    tenant_column(),
    Column("kind", String(16), nullable=False),
    Column("sealed_options", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    Index("ix_channels_tenant", "tenant"),
)

suppressions = Table(
    "suppressions",
    metadata,
    tenant_column(),
    Column("address", String(320), nullable=False),
    Column("source", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("origin", String(64), nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("tenant", "address"),
    sqlite_with_rowid=False,
)


def count_column(state: EntryState) -> str:
    """The column of `batches` that counts the entries in `state`."""
    return f"n_{state.value}"


COUNT_COLUMNS = tuple(count_column(state) for state in EntryState)


def end_column(state: WorkflowState) -> str:
    """The column of `batches` that counts the workflows that came to the end `state`."""
    return f"w_{state.value}"


END_COLUMNS = tuple(end_column(state) for state in ENDS)

batches = Table(
    "batches",
    metadata,
    Column("number", _Serial, primary_key=True, autoincrement=True),
    Column("id", Uuid(as_uuid=True), nullable=False, unique=True),
    tenant_column(),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", String(255), nullable=False),
    Column("total", Integer, nullable=False),
    Column("cut_to", Integer, nullable=False, server_default=text("0")),
    *(Column(name, Integer, nullable=False, server_default=text("0")) for name in COUNT_COLUMNS),
    Column("channel", BigInteger),
    Column("template", Uuid(as_uuid=True)),
    Column("template_version", Uuid(as_uuid=True)),
    Column("template_number", Integer),
    Column("template_title", String(255), nullable=False),
    Column("idempotency_key", String(255), nullable=False),
    Column("created_by", Uuid(as_uuid=True)),
    Column("created_at", Moment, nullable=False),
    Column("updated_by", Uuid(as_uuid=True)),
    Column("updated_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("withdrawn_at", Moment),
    *(
        Column(name, Integer, CheckConstraint(f"{name} >= 0", name=name), nullable=False, server_default=text("0"))
        for name in END_COLUMNS
    ),
    # Conservation (design 1.1), checked by the database at every statement.
    CheckConstraint("total = " + " + ".join(COUNT_COLUMNS), name="conserved"),
    *(CheckConstraint(f"{name} >= 0", name=name) for name in COUNT_COLUMNS),
    CheckConstraint("cut_to >= 0 AND cut_to <= total", name="cut_to"),
)
Index("ix_batches_tenant_created_at", batches.c.tenant, batches.c.created_at)
Index(
    "ix_batches_unfinished",
    batches.c.state,
    sqlite_where=text("state NOT IN ('completed', 'failed', 'cancelled')"),
    postgresql_where=text("state NOT IN ('completed', 'failed', 'cancelled')"),
)

entries = Table(
    "entries",
    metadata,
    Column("batch", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("faults", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("repeats", Integer, nullable=False, server_default=text("0")),
    Column("segments", Integer, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("left_at", BigInteger),
    PrimaryKeyConstraint("batch", "position"),
    sqlite_with_rowid=False,
)

chunks = Table(
    "chunks",
    metadata,
    tenant_column(),
    Column("batch", BigInteger, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("worker", String(64), nullable=False, server_default=text("''")),
    Column("lease_until", BigInteger),
    Column("due_at", BigInteger),
    PrimaryKeyConstraint("batch", "first"),
    sqlite_with_rowid=False,
)
Index(
    "ix_chunks_unfinished",
    chunks.c.state,
    chunks.c.batch,
    sqlite_where=text("state <> 'done'"),
    postgresql_where=text("state <> 'done'"),
)

handovers = Table(
    "handovers",
    metadata,
    Column("channel", BigInteger, nullable=False),
    Column("ref", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("verdict", String(16)),
    Column("handed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "ref", "batch", "position", "part"),
    sqlite_with_rowid=False,
)

# Only messages of several segments are ever looked up by their entry.
Index(
    "ix_handovers_segmented",
    handovers.c.batch,
    handovers.c.position,
    sqlite_where=text("parts > 1"),
    postgresql_where=text("parts > 1"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    tenant_column(),
    Column("channel", BigInteger, nullable=False),
    Column("ref", Text, nullable=False),
    Column("alternates", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("code", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("batch", BigInteger),
    Column("position", Integer),
)
Index(
    "ix_receipts_waiting",
    receipts.c.channel,
    receipts.c.id,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", _Serial, primary_key=True, autoincrement=True),
    tenant_column(),
    Column("type", String(32), nullable=False),
    Column("batch", Uuid(as_uuid=True)),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("told_at", Moment),
    sqlite_autoincrement=True,
)
Index(
    "ix_outbox_untold",
    outbox.c.sequence,
    sqlite_where=text("told_at IS NULL"),
    postgresql_where=text("told_at IS NULL"),
)
Index("ix_outbox_tenant_created_at", outbox.c.tenant, outbox.c.created_at)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    tenant_column(),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("sealed_secrets", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("failing_since", Moment),
    Column("disabled_reason", Text, nullable=False),
    Column("style", String(32), nullable=False, server_default=text("'standard'")),
    Index("ix_endpoints_tenant", "tenant"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    tenant_column(),
    Column("endpoint", Uuid(as_uuid=True), ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("event", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment),
    Column("claimed_until", Moment),
    Column("detail", Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_deliveries_endpoint", "endpoint", "id"),
)
Index("ix_deliveries_event", deliveries.c.event)
Index(
    "ix_deliveries_due",
    deliveries.c.due_at,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    tenant_column(),
    Column("scope", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("tenant", "scope", "key"),
)
Index("ix_idempotency_keys_expires_at", idempotency_keys.c.expires_at)

audit = Table(
    "audit",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    tenant_column(),
    Column("actor", Uuid(as_uuid=True)),
    Column("action", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_audit_tenant_at", "tenant", "at"),
)
