"""The schema of parties, people, categories, contacts and subscribers, so that `tables.metadata` knows them too."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from muster.stores.tables import metadata, tenant_column

_IN_USE = text("state <> 'deleted'")

# `marks` is JSON: change → [microseconds, token or null, party or null]; the two that lists are sorted by have columns.

counters = Table(
    "counters",
    metadata,
    tenant_column(),
    Column("counter", String(16), nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "counter"),
    sqlite_with_rowid=False,
)

parties = Table(
    "parties",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("icon", Text),
    Column("details", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

buyers = Table(
    "buyers",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("party", BigInteger),
    Column("name", Text, nullable=False),
    Column("erp_customer", Text),
    PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

people = Table(
    "people",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("party", BigInteger),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("icon", Text),
    PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

people_groups = Table(
    "people_groups",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("party", BigInteger),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

group_members = Table(
    "group_members",
    metadata,
    tenant_column(),
    Column("grouping", BigInteger, nullable=False),
    Column("sort", String(8), nullable=False),  # person, buyer
    Column("member", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "grouping", "sort", "member"),
    Index("ix_group_members_member", "tenant", "sort", "member"),
    sqlite_with_rowid=False,
)

party_tokens = Table(
    "party_tokens",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("principal", Uuid(as_uuid=True), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

categories = Table(
    "categories",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("short_description", Text),
    Column("opt_out_allowed", Boolean, nullable=False),
    Column("delete_allowed", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("note", Text),
    Column("icon", Text),
    Column("last_used", BigInteger),
    Column("marks", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    sqlite_with_rowid=False,
)

contacts = Table(
    "contacts",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("email", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text),
    Column("state", String(16), nullable=False),
    Column("blocked_reason", Text),
    Column("person", BigInteger),
    Column("extras", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    Index("ix_contacts_person", "tenant", "person"),
    # In this order lists are read.
    Index("ix_contacts_created_at", "tenant", "created_at", "number"),
    sqlite_with_rowid=False,
)
Index(
    "uq_contacts_key_in_use",
    contacts.c.tenant,
    contacts.c.key,
    unique=True,
    sqlite_where=_IN_USE,
    postgresql_where=_IN_USE,
)

opt_outs = Table(
    "opt_outs",
    metadata,
    tenant_column(),
    Column("contact", BigInteger, nullable=False),
    Column("category", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "contact", "category"),
    sqlite_with_rowid=False,
)

subscribers = Table(
    "subscribers",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("category", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("note", Text),
    Column("marks", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    UniqueConstraint("tenant", "category", "party"),
    sqlite_with_rowid=False,
)

subscriber_recipients = Table(
    "subscriber_recipients",
    metadata,
    tenant_column(),
    Column("subscriber", BigInteger, nullable=False),
    Column("sort", String(8), nullable=False),  # person, group
    Column("recipient", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "subscriber", "sort", "recipient"),
    sqlite_with_rowid=False,
)
