"""Workflows, the texts sent about them, and customers.

Links that went out before this revision are gone: no workflow stood behind them, only an address that answered nobody.
Their entries and batches stay as they are, without workflows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_schema = sa.MetaData(naming_convention=_NAMES)

# What the new tables refer to; it stands already.
_tenants = sa.Table("tenants", _schema, sa.Column("number", sa.BigInteger, primary_key=True))

# Plain SQL, which both dialects read: Alembic adds no constraint to a table of SQLite without copying it whole.
_ADDED = (
    *(
        f"ALTER TABLE batches ADD COLUMN {name} INTEGER DEFAULT 0 NOT NULL"
        f" CONSTRAINT ck_batches_{name} CHECK ({name} >= 0)"
        for name in ("w_completed", "w_declined", "w_cancelled", "w_expired")
    ),
    "ALTER TABLE endpoints ADD COLUMN style VARCHAR(32) DEFAULT 'standard' NOT NULL",
)


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant", sa.BigInteger, sa.ForeignKey("tenants.number"), nullable=False)


_workflows = sa.Table(
    "workflows",
    _schema,
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("tenant", sa.BigInteger, nullable=False),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("ended_as", sa.String(16)),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("answers", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("customer_name", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("email", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("decline_reason", sa.Text),
    sa.Column("payment", sa.String(16)),
    sa.Column("payment_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("notice_at", sa.BigInteger),
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("revision", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.PrimaryKeyConstraint("batch", "position"),
    sa.UniqueConstraint("token_hash"),
    sqlite_with_rowid=False,
)
sa.Index("ix_workflows_tenant_created_at", _workflows.c.tenant, _workflows.c.created_at)
sa.Index(
    "ix_workflows_due",
    _workflows.c.next_at,
    _workflows.c.batch,
    _workflows.c.position,
    sqlite_where=sa.text("state = 'active' AND payment IS NULL"),
    postgresql_where=sa.text("state = 'active' AND payment IS NULL"),
)
sa.Index(
    "ix_workflows_paying",
    _workflows.c.payment_at,
    sqlite_where=sa.text("payment IS NOT NULL"),
    postgresql_where=sa.text("payment IS NOT NULL"),
)
sa.Index(
    "ix_workflows_ended",
    _workflows.c.ended_at,
    sqlite_where=sa.text("state IN ('completed', 'declined', 'cancelled', 'expired')"),
    postgresql_where=sa.text("state IN ('completed', 'declined', 'cancelled', 'expired')"),
)

_notices = sa.Table(
    "workflow_notices",
    _schema,
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    _tenant(),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("made_by", sa.Uuid(as_uuid=True)),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("message_batch", sa.BigInteger),
    sa.Column("message_position", sa.Integer),
    sa.PrimaryKeyConstraint("batch", "position", "serial"),
    sqlite_with_rowid=False,
)
sa.Index(
    "ix_workflow_notices_waiting",
    _notices.c.made_at,
    sqlite_where=sa.text("message_batch IS NULL"),
    postgresql_where=sa.text("message_batch IS NULL"),
)

_customers = sa.Table(
    "customers",
    _schema,
    _tenant(),
    sa.Column("id", sa.Uuid(as_uuid=True), nullable=False),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("last_name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("phone", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id"),
    sqlite_with_rowid=False,
)

_accounts = sa.Table(
    "customer_accounts",
    _schema,
    _tenant(),
    sa.Column("id", sa.Uuid(as_uuid=True), nullable=False),
    sa.Column("customer", sa.Uuid(as_uuid=True)),
    sa.Column("subtype", sa.String(32), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("sealed_token", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id"),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Add the columns and create the tables."""
    for statement in _ADDED:
        op.execute(statement)
    _schema.create_all(op.get_bind(), tables=[_workflows, _notices, _customers, _accounts], checkfirst=False)
