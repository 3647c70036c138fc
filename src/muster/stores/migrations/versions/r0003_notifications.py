"""Notifications: parties and their people, categories, contacts, subscribers, mailings and their messages.

Entries get a state more (`complained`) and remember when they were handed over; of those that left before this
revision nobody knows when. Suppressions remember the message that they came from.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_schema = sa.MetaData(naming_convention=_NAMES)
_IN_USE = sa.text("state <> 'deleted'")

# What the new tables refer to; it stands already.
_tenants = sa.Table("tenants", _schema, sa.Column("number", sa.BigInteger, primary_key=True))

# Plain SQL, which both dialects read.
_ADDED = (
    "ALTER TABLE entries ADD COLUMN left_at BIGINT",
    "ALTER TABLE suppressions ADD COLUMN origin VARCHAR(64) DEFAULT '' NOT NULL",
)


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant", sa.BigInteger, sa.ForeignKey("tenants.number"), nullable=False)


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
    "n_complained",
)
_ENDS = ("w_completed", "w_declined", "w_cancelled", "w_expired")
_CONSERVED = "total = " + " + ".join(_COUNTS)
_BATCHES_CHANGED = (
    "ALTER TABLE batches ADD COLUMN n_complained INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE batches ADD CONSTRAINT ck_batches_n_complained CHECK (n_complained >= 0)",
    "ALTER TABLE batches DROP CONSTRAINT ck_batches_conserved",
    f"ALTER TABLE batches ADD CONSTRAINT ck_batches_conserved CHECK ({_CONSERVED})",
)

# As a whole for SQLite, which has to copy it.
_batches = sa.Table(
    "batches",
    _schema,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
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
    *(
        sa.Column(
            name,
            sa.Integer,
            sa.CheckConstraint(f"{name} >= 0", name=name),
            nullable=False,
            server_default=sa.text("0"),
        )
        for name in _ENDS
    ),
    # Conservation (design 1.1), checked by the database at every statement.
    sa.CheckConstraint(_CONSERVED, name="conserved"),
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

_counters = sa.Table(
    "counters",
    _schema,
    _tenant(),
    sa.Column("counter", sa.String(16), nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "counter"),
    sqlite_with_rowid=False,
)

_parties = sa.Table(
    "parties",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("icon", sa.Text),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("marks", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

_buyers = sa.Table(
    "buyers",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("party", sa.BigInteger),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("erp_customer", sa.Text),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

_people = sa.Table(
    "people",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("party", sa.BigInteger),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("icon", sa.Text),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

_people_groups = sa.Table(
    "people_groups",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("party", sa.BigInteger),
    sa.Column("name", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

_group_members = sa.Table(
    "group_members",
    _schema,
    _tenant(),
    sa.Column("grouping", sa.BigInteger, nullable=False),
    sa.Column("sort", sa.String(8), nullable=False),  # person, buyer
    sa.Column("member", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "grouping", "sort", "member"),
    sa.Index("ix_group_members_member", "tenant", "sort", "member"),
    sqlite_with_rowid=False,
)

_party_tokens = sa.Table(
    "party_tokens",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("party", sa.BigInteger, nullable=False),
    sa.Column("principal", sa.Uuid(as_uuid=True), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

_categories = sa.Table(
    "categories",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("short_description", sa.Text),
    sa.Column("opt_out_allowed", sa.Boolean, nullable=False),
    sa.Column("delete_allowed", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("icon", sa.Text),
    sa.Column("last_used", sa.BigInteger),
    sa.Column("marks", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

_contacts = sa.Table(
    "contacts",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("blocked_reason", sa.Text),
    sa.Column("person", sa.BigInteger),
    sa.Column("extras", sa.Text, nullable=False),
    sa.Column("marks", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.Index("ix_contacts_person", "tenant", "person"),
    # In this order lists are read.
    sa.Index("ix_contacts_created_at", "tenant", "created_at", "number"),
    sqlite_with_rowid=False,
)
sa.Index(
    "uq_contacts_key_in_use",
    _contacts.c.tenant,
    _contacts.c.key,
    unique=True,
    sqlite_where=_IN_USE,
    postgresql_where=_IN_USE,
)

_opt_outs = sa.Table(
    "opt_outs",
    _schema,
    _tenant(),
    sa.Column("contact", sa.BigInteger, nullable=False),
    sa.Column("category", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "contact", "category"),
    sqlite_with_rowid=False,
)

_subscribers = sa.Table(
    "subscribers",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("party", sa.BigInteger, nullable=False),
    sa.Column("category", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("marks", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.UniqueConstraint("tenant", "category", "party"),
    sqlite_with_rowid=False,
)

_subscriber_recipients = sa.Table(
    "subscriber_recipients",
    _schema,
    _tenant(),
    sa.Column("subscriber", sa.BigInteger, nullable=False),
    sa.Column("sort", sa.String(8), nullable=False),  # person, group
    sa.Column("recipient", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "subscriber", "sort", "recipient"),
    sqlite_with_rowid=False,
)

_mailings = sa.Table(
    "mailings",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False, unique=True),
    sa.Column("category", sa.BigInteger, nullable=False),
    sa.Column("party", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("made_by", sa.BigInteger),
    sa.Column("made_for", sa.BigInteger),
    # The batch's, so that statistics find the mailings of a month by one index.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.Index("ix_mailings_category_created_at", "tenant", "category", "created_at"),
    sa.Index("ix_mailings_tenant_created_at", "tenant", "created_at"),
)

_messages = sa.Table(
    "messages",
    _schema,
    # Its mailing's; without a foreign key, which would cost as much as the row itself.
    sa.Column("tenant", sa.BigInteger, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("contact", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.UniqueConstraint("batch", "position"),
    sa.Index("ix_messages_contact", "tenant", "contact", "batch"),
    sqlite_with_rowid=False,
)

_attachments = sa.Table(
    "attachments",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("mailing", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("content_type", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.Index("ix_attachments_mailing", "tenant", "mailing"),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Add the columns and create the tables."""
    for statement in _ADDED:
        op.execute(statement)
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_batches()
    else:
        for statement in _BATCHES_CHANGED:
            op.execute(statement)
    standing = {_tenants, _batches}
    _schema.create_all(op.get_bind(), tables=[t for t in _schema.sorted_tables if t not in standing], checkfirst=False)


def _rebuild_batches() -> None:
    """SQLite changes no constraint of a table that stands. The old one goes aside, so that no name comes in quotes."""
    bind = op.get_bind()
    columns = ", ".join(column.name for column in _batches.columns if column.name != "n_complained")
    for index in _batches.indexes:
        op.execute(f"DROP INDEX {index.name}")
    op.execute("ALTER TABLE batches RENAME TO batches_before")
    _batches.create(bind, checkfirst=False)
    op.execute(f"INSERT INTO batches ({columns}) SELECT {columns} FROM batches_before")
    op.execute("DROP TABLE batches_before")
