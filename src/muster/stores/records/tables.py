"""The schema of the record store, so that `tables.metadata` knows it too.

What is written in bulk has no foreign keys, which would cost as much as the rows themselves.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
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

SEARCHED = 200
"""Characters of a value that are searched by."""

# By code point, whatever language the database was made for: so both dialects sort alike, and prefixes use indexes.
_Sorted = Text().with_variant(Text(collation="C"), "postgresql")


def _whose() -> Column[int]:
    return Column("tenant", BigInteger, nullable=False)


def _record_columns() -> tuple[Column[int] | Column[str], ...]:
    return (
        _whose(),
        Column("char_type", Integer, nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("template", BigInteger, nullable=False),
        Column("status", BigInteger, nullable=False),
        Column("title", _Sorted, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("origin", BigInteger),
        # JSON; numbers in them are exact.
        Column("characteristics", Text, nullable=False),
        Column("flags", Text),
        Column("created_at", BigInteger, nullable=False),
        Column("created_by", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("updated_by", BigInteger, nullable=False),
        Column("moved_at", BigInteger, nullable=False),
        Column("moved_by", BigInteger, nullable=False),
    )


def _link_columns() -> tuple[Column[int], ...]:
    return (
        _whose(),
        Column("number", BigInteger, nullable=False),
        Column("kind", BigInteger, nullable=False),
        Column("parent_type", Integer, nullable=False),
        Column("parent", BigInteger, nullable=False),
        Column("child_type", Integer, nullable=False),
        Column("child", BigInteger, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("created_by", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("updated_by", BigInteger, nullable=False),
    )


def _gone_columns() -> tuple[Column[int], ...]:
    return Column("gone_at", BigInteger, nullable=False), Column("gone_by", BigInteger, nullable=False)


records = Table(
    "records",
    metadata,
    *_record_columns(),
    PrimaryKeyConstraint("tenant", "char_type", "number", postgresql_include=["title"]),
    Index("ix_records_title", "tenant", "char_type", "title", "number"),
    Index("ix_records_updated_at", "tenant", "char_type", "updated_at", "number"),
    # What nearly every search asks for: answered without a look at the rows themselves.
    Index("ix_records_template", "tenant", "char_type", "template", "number"),
    Index("ix_records_status", "tenant", "char_type", "status", "number", postgresql_include=["title"]),
)
Index(
    "ix_records_origin",
    records.c.tenant,
    records.c.origin,
    sqlite_where=text("origin IS NOT NULL"),
    postgresql_where=text("origin IS NOT NULL"),
)

# One row for each single value, for searching: `text` is its first characters as people read them, `digits` its number
# where it has one. The values themselves stand in `records.characteristics`.
record_values = Table(
    "record_values",
    metadata,
    _whose(),
    Column("char_type", Integer, nullable=False),
    Column("label", _Sorted, nullable=False),
    Column("text", _Sorted, nullable=False),
    Column("digits", Double),
    Column("record", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    # With the values in it, a search asks it about a record without a look at the rows.
    PrimaryKeyConstraint("tenant", "char_type", "record", "label", "ordinal", postgresql_include=["text", "digits"]),
    Index("ix_record_values_text", "tenant", "char_type", "label", "text", "record"),
    sqlite_with_rowid=False,
)
Index(
    "ix_record_values_digits",
    record_values.c.tenant,
    record_values.c.char_type,
    record_values.c.label,
    record_values.c.digits,
    record_values.c.record,
    sqlite_where=text("digits IS NOT NULL"),
    postgresql_where=text("digits IS NOT NULL"),
)

record_links = Table(
    "record_links",
    metadata,
    *_link_columns(),
    PrimaryKeyConstraint("tenant", "number"),
    UniqueConstraint("tenant", "parent_type", "parent", "child_type", "child", "kind", name="uq_record_links_ends"),
    Index("ix_record_links_child", "tenant", "child_type", "child"),
    sqlite_with_rowid=False,
)

# Numbers are never used again, so what is gone keeps its key.
records_gone = Table(
    "records_gone",
    metadata,
    *_record_columns(),
    *_gone_columns(),
    PrimaryKeyConstraint("tenant", "char_type", "number"),
    Index("ix_records_gone_gone_at", "tenant", "char_type", "gone_at"),
)

record_links_gone = Table(
    "record_links_gone",
    metadata,
    *_link_columns(),
    *_gone_columns(),
    PrimaryKeyConstraint("tenant", "number"),
    Index("ix_record_links_gone_gone_at", "tenant", "gone_at"),
    sqlite_with_rowid=False,
)

date_rules = Table(
    "date_rules",
    metadata,
    _whose(),
    Column("number", BigInteger, nullable=False),
    Column("char_type", Integer, nullable=False),
    Column("record", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("choosing", String(16), nullable=False),
    Column("compare_to", String(10)),
    Column("recalculation", String(16), nullable=False),
    Column("awaiting", String(16), nullable=False),
    # 0 or 1: rows of these tables come as JSON, which has no column type.
    Column("first_of_month", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    UniqueConstraint("tenant", "char_type", "record", "label", name="uq_date_rules_spot"),
    sqlite_with_rowid=False,
)

date_rule_sources = Table(
    "date_rule_sources",
    metadata,
    _whose(),
    Column("number", BigInteger, nullable=False),
    Column("rule", BigInteger, nullable=False),
    Column("char_type", Integer, nullable=False),
    Column("record", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("years", Integer, nullable=False),
    Column("months", Integer, nullable=False),
    Column("weeks", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("back", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    Index("ix_date_rule_sources_rule", "tenant", "rule"),
    Index("ix_date_rule_sources_record", "tenant", "char_type", "record"),
    sqlite_with_rowid=False,
)

record_traces = Table(
    "record_traces",
    metadata,
    _whose(),
    Column("number", BigInteger, nullable=False),
    Column("char_type", Integer, nullable=False),
    Column("record", BigInteger, nullable=False),
    Column("operation", BigInteger, nullable=False),
    Column("deed", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("template", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    Index("ix_record_traces_record", "tenant", "char_type", "record", "number"),
)

blueprints = Table(
    "blueprints",
    metadata,
    tenant_column(),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("tenant"),
)

record_users = Table(
    "record_users",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("principal", Uuid(as_uuid=True), nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    UniqueConstraint("tenant", "principal"),
    sqlite_with_rowid=False,
)

currency_rates = Table(
    "currency_rates",
    metadata,
    tenant_column(),
    Column("id", Uuid(as_uuid=True), nullable=False),
    Column("company", String(3), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("rate", Text, nullable=False),
    Column("since", String(10), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    sqlite_with_rowid=False,
)

financial_periods = Table(
    "financial_periods",
    metadata,
    tenant_column(),
    Column("id", BigInteger, nullable=False),
    Column("year", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("closed", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "year", "period"),
    sqlite_with_rowid=False,
)

record_batches = Table(
    "record_batches",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("id", Uuid(as_uuid=True), nullable=False),
    Column("batch", BigInteger, nullable=False, unique=True),
    Column("method", String(64), nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("dry", Boolean, nullable=False),
    Column("asked_by", BigInteger, nullable=False),
    Column("role", String(16), nullable=False),
    Column("groups", Text, nullable=False),
    Column("outcome", String(16)),
    Column("results", Text),
    Column("ended_at", BigInteger),
    PrimaryKeyConstraint("tenant", "number"),
)
Index(
    "ix_record_batches_open",
    record_batches.c.tenant,
    record_batches.c.batch,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
Index(
    "ix_record_batches_ended_at",
    record_batches.c.ended_at,
    sqlite_where=text("ended_at IS NOT NULL"),
    postgresql_where=text("ended_at IS NOT NULL"),
)
