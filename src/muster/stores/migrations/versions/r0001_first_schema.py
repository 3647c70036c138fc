"""The first schema.

A copy of what `tables.py` said when this revision was written, so that it stays what it was when `tables.py` goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_schema = sa.MetaData(naming_convention=_NAMES)

# SQLite gives out ascending row ids only for a column declared exactly INTEGER PRIMARY KEY.
_Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant", sa.BigInteger, sa.ForeignKey("tenants.number"), nullable=False)


sa.Table(
    "tenants",
    _schema,
    sa.Column("number", _Serial, primary_key=True, autoincrement=True),
    sa.Column("account_id", sa.Uuid(as_uuid=True), nullable=False, unique=True),
    sa.Column("name", sa.String(255), nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

sa.Table(
    "principals",
    _schema,
    sa.Column("id", sa.Uuid(as_uuid=True), primary_key=True),
    _tenant(),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

_credentials = sa.Table(
    "credentials",
    _schema,
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    _tenant(),
    sa.Column("principal", sa.Uuid(as_uuid=True), sa.ForeignKey("principals.id"), nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False),
    sa.Column("sealed_secret", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.PrimaryKeyConstraint("kind", "name"),
)
sa.Index("ix_credentials_expires_at", _credentials.c.expires_at)

_templates = sa.Table(
    "templates",
    _schema,
    sa.Column("id", sa.Uuid(as_uuid=True), primary_key=True),
    _tenant(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("current_version", sa.Integer, nullable=False),
    sa.Column("created_by", sa.Uuid(as_uuid=True)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
)
sa.Index(
    "uq_templates_name_in_use",
    _templates.c.tenant,
    _templates.c.kind,
    _templates.c.name,
    unique=True,
    sqlite_where=sa.text("state <> 'deleted'"),
    postgresql_where=sa.text("state <> 'deleted'"),
)

sa.Table(
    "template_versions",
    _schema,
    sa.Column("id", sa.Uuid(as_uuid=True), primary_key=True),
    _tenant(),
    sa.Column("template", sa.Uuid(as_uuid=True), sa.ForeignKey("templates.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("display_name", sa.String(255), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("created_by", sa.Uuid(as_uuid=True)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("template", "version"),
)

sa.Table(
    "channels",
    _schema,
    sa.Column("id", _Serial, primary_key=True, autoincrement=True),
    _tenant(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("sealed_options", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("removed_at", sa.BigInteger),
    sa.Index("ix_channels_tenant", "tenant"),
)

sa.Table(
    "suppressions",
    _schema,
    _tenant(),
    sa.Column("address", sa.String(320), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "address"),
    sqlite_with_rowid=False,
)


_COUNTS = (
    "n_accepted",
    "n_held",
    "n_dispatching",
    "n_sent",
    "n_delivered",
    "n_undelivered",
    "n_applied",
    "n_rejected",
    "n_suppressed",
    "n_duplicate",
    "n_failed",
    "n_expired",
    "n_cancelled",
    "n_unknown",
)

_batches = sa.Table(
    "batches",
    _schema,
    sa.Column("number", _Serial, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Uuid(as_uuid=True), nullable=False, unique=True),
    _tenant(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("title", sa.String(255), nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("cut_to", sa.Integer, nullable=False, server_default=sa.text("0")),
    *(sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0")) for name in _COUNTS),
    sa.Column("channel", sa.BigInteger),
    sa.Column("template", sa.Uuid(as_uuid=True)),
    sa.Column("template_version", sa.Uuid(as_uuid=True)),
    sa.Column("template_number", sa.Integer),
    sa.Column("template_title", sa.String(255), nullable=False),
    sa.Column("idempotency_key", sa.String(255), nullable=False),
    sa.Column("created_by", sa.Uuid(as_uuid=True)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.Uuid(as_uuid=True)),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("withdrawn_at", sa.BigInteger),
    # Conservation (design 1.1), checked by the database at every statement.
    sa.CheckConstraint("total = " + " + ".join(_COUNTS), name="conserved"),
    *(sa.CheckConstraint(f"{name} >= 0", name=name) for name in _COUNTS),
    sa.CheckConstraint("cut_to >= 0 AND cut_to <= total", name="cut_to"),
)
sa.Index("ix_batches_tenant_created_at", _batches.c.tenant, _batches.c.created_at)
sa.Index(
    "ix_batches_unfinished",
    _batches.c.state,
    sqlite_where=sa.text("state NOT IN ('completed', 'failed', 'cancelled')"),
    postgresql_where=sa.text("state NOT IN ('completed', 'failed', 'cancelled')"),
)

sa.Table(
    "entries",
    _schema,
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("faults", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("repeats", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("segments", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("due_at", sa.BigInteger),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("batch", "position"),
    sqlite_with_rowid=False,
)

_chunks = sa.Table(
    "chunks",
    _schema,
    _tenant(),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("first", sa.Integer, nullable=False),
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("fence", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("worker", sa.String(64), nullable=False, server_default=sa.text("''")),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("due_at", sa.BigInteger),
    sa.PrimaryKeyConstraint("batch", "first"),
    sqlite_with_rowid=False,
)
sa.Index(
    "ix_chunks_unfinished",
    _chunks.c.state,
    _chunks.c.batch,
    sqlite_where=sa.text("state <> 'done'"),
    postgresql_where=sa.text("state <> 'done'"),
)

_handovers = sa.Table(
    "handovers",
    _schema,
    sa.Column("channel", sa.BigInteger, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("verdict", sa.String(16)),
    sa.Column("handed_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("channel", "ref", "batch", "position", "part"),
    sqlite_with_rowid=False,
)

# Only messages of several segments are ever looked up by their entry.
sa.Index(
    "ix_handovers_segmented",
    _handovers.c.batch,
    _handovers.c.position,
    sqlite_where=sa.text("parts > 1"),
    postgresql_where=sa.text("parts > 1"),
)

_receipts = sa.Table(
    "receipts",
    _schema,
    sa.Column("id", _Serial, primary_key=True, autoincrement=True),
    _tenant(),
    sa.Column("channel", sa.BigInteger, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("alternates", sa.Text, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("batch", sa.BigInteger),
    sa.Column("position", sa.Integer),
)
sa.Index(
    "ix_receipts_waiting",
    _receipts.c.channel,
    _receipts.c.id,
    sqlite_where=sa.text("state = 'waiting'"),
    postgresql_where=sa.text("state = 'waiting'"),
)

_outbox = sa.Table(
    "outbox",
    _schema,
    sa.Column("sequence", _Serial, primary_key=True, autoincrement=True),
    _tenant(),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("batch", sa.Uuid(as_uuid=True)),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("told_at", sa.BigInteger),
    sqlite_autoincrement=True,
)
sa.Index(
    "ix_outbox_untold",
    _outbox.c.sequence,
    sqlite_where=sa.text("told_at IS NULL"),
    postgresql_where=sa.text("told_at IS NULL"),
)
sa.Index("ix_outbox_tenant_created_at", _outbox.c.tenant, _outbox.c.created_at)

sa.Table(
    "endpoints",
    _schema,
    sa.Column("id", sa.Uuid(as_uuid=True), primary_key=True),
    _tenant(),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("types", sa.Text, nullable=False),
    sa.Column("sealed_secrets", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("failing_since", sa.BigInteger),
    sa.Column("disabled_reason", sa.Text, nullable=False),
    sa.Index("ix_endpoints_tenant", "tenant"),
)

_deliveries = sa.Table(
    "deliveries",
    _schema,
    sa.Column("id", _Serial, primary_key=True, autoincrement=True),
    _tenant(),
    sa.Column("endpoint", sa.Uuid(as_uuid=True), sa.ForeignKey("endpoints.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", sa.BigInteger),
    sa.Column("claimed_until", sa.BigInteger),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Index("ix_deliveries_endpoint", "endpoint", "id"),
)
sa.Index("ix_deliveries_event", _deliveries.c.event)
sa.Index(
    "ix_deliveries_due",
    _deliveries.c.due_at,
    sqlite_where=sa.text("state = 'waiting'"),
    postgresql_where=sa.text("state = 'waiting'"),
)

_idempotency_keys = sa.Table(
    "idempotency_keys",
    _schema,
    _tenant(),
    sa.Column("scope", sa.String(64), nullable=False),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "scope", "key"),
)
sa.Index("ix_idempotency_keys_expires_at", _idempotency_keys.c.expires_at)

sa.Table(
    "audit",
    _schema,
    sa.Column("id", _Serial, primary_key=True, autoincrement=True),
    _tenant(),
    sa.Column("actor", sa.Uuid(as_uuid=True)),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Index("ix_audit_tenant_at", "tenant", "at"),
)


def upgrade() -> None:
    """Create every table."""
    _schema.create_all(op.get_bind(), checkfirst=False)
