"""The schema of mailings, their messages and attachments, so that `tables.metadata` knows them too."""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text, UniqueConstraint

from muster.stores.tables import metadata, tenant_column

mailings = Table(
    "mailings",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False, unique=True),
    Column("category", BigInteger, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_by", BigInteger),
    Column("made_for", BigInteger),
    # The batch's, so that statistics find the mailings of a month by one index.
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    Index("ix_mailings_category_created_at", "tenant", "category", "created_at"),
    # Lists are in this order unless they are asked for in another.
    Index("ix_mailings_tenant_created_at", "tenant", "created_at"),
)

messages = Table(
    "messages",
    metadata,
    # Its mailing's; without a foreign key, which would cost as much as the row itself.
    Column("tenant", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("contact", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    UniqueConstraint("batch", "position"),
    Index("ix_messages_contact", "tenant", "contact", "batch"),
    sqlite_with_rowid=False,
)

attachments = Table(
    "attachments",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("mailing", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    Index("ix_attachments_mailing", "tenant", "mailing"),
    sqlite_with_rowid=False,
)
