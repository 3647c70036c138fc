"""The record store: records and their values, relationships, tombstones, date rules, audit history, configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

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


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant", sa.BigInteger, sa.ForeignKey("tenants.number"), nullable=False)


# By code point, whatever language the database was made for: so both dialects sort alike, and prefixes use indexes.
_Sorted = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _whose() -> sa.Column[int]:
    return sa.Column("tenant", sa.BigInteger, nullable=False)


def _record_columns() -> tuple[sa.Column[int] | sa.Column[str], ...]:
    return (
        _whose(),
        sa.Column("char_type", sa.Integer, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("template", sa.BigInteger, nullable=False),
        sa.Column("status", sa.BigInteger, nullable=False),
        sa.Column("title", _Sorted, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("origin", sa.BigInteger),
        # JSON; numbers in them are exact.
        sa.Column("characteristics", sa.Text, nullable=False),
        sa.Column("flags", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("updated_by", sa.BigInteger, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.Column("moved_by", sa.BigInteger, nullable=False),
    )


def _link_columns() -> tuple[sa.Column[int], ...]:
    return (
        _whose(),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.BigInteger, nullable=False),
        sa.Column("parent_type", sa.Integer, nullable=False),
        sa.Column("parent", sa.BigInteger, nullable=False),
        sa.Column("child_type", sa.Integer, nullable=False),
        sa.Column("child", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("updated_by", sa.BigInteger, nullable=False),
    )


def _gone_columns() -> tuple[sa.Column[int], ...]:
    return sa.Column("gone_at", sa.BigInteger, nullable=False), sa.Column("gone_by", sa.BigInteger, nullable=False)


_records = sa.Table(
    "records",
    _schema,
    *_record_columns(),
    sa.PrimaryKeyConstraint("tenant", "char_type", "number", postgresql_include=["title"]),
    sa.Index("ix_records_title", "tenant", "char_type", "title", "number"),
    sa.Index("ix_records_updated_at", "tenant", "char_type", "updated_at", "number"),
    sa.Index("ix_records_template", "tenant", "char_type", "template", "number"),
    sa.Index("ix_records_status", "tenant", "char_type", "status", "number", postgresql_include=["title"]),
)
sa.Index(
    "ix_records_origin",
    _records.c.tenant,
    _records.c.origin,
    sqlite_where=sa.text("origin IS NOT NULL"),
    postgresql_where=sa.text("origin IS NOT NULL"),
)

# One row for each single value, for searching: `text` is its first characters as people read them, `digits` its number
# where it has one. The values themselves stand in `records.characteristics`.
_record_values = sa.Table(
    "record_values",
    _schema,
    _whose(),
    sa.Column("char_type", sa.Integer, nullable=False),
    sa.Column("label", _Sorted, nullable=False),
    sa.Column("text", _Sorted, nullable=False),
    sa.Column("digits", sa.Double),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "char_type", "record", "label", "ordinal", postgresql_include=["text", "digits"]),
    sa.Index("ix_record_values_text", "tenant", "char_type", "label", "text", "record"),
    sqlite_with_rowid=False,
)
sa.Index(
    "ix_record_values_digits",
    _record_values.c.tenant,
    _record_values.c.char_type,
    _record_values.c.label,
    _record_values.c.digits,
    _record_values.c.record,
    sqlite_where=sa.text("digits IS NOT NULL"),
    postgresql_where=sa.text("digits IS NOT NULL"),
)

_record_links = sa.Table(
    "record_links",
    _schema,
    *_link_columns(),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.UniqueConstraint("tenant", "parent_type", "parent", "child_type", "child", "kind", name="uq_record_links_ends"),
    sa.Index("ix_record_links_child", "tenant", "child_type", "child"),
    sqlite_with_rowid=False,
)

# Numbers are never used again, so what is gone keeps its key.
_records_gone = sa.Table(
    "records_gone",
    _schema,
    *_record_columns(),
    *_gone_columns(),
    sa.PrimaryKeyConstraint("tenant", "char_type", "number"),
    sa.Index("ix_records_gone_gone_at", "tenant", "char_type", "gone_at"),
)

_record_links_gone = sa.Table(
    "record_links_gone",
    _schema,
    *_link_columns(),
    *_gone_columns(),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.Index("ix_record_links_gone_gone_at", "tenant", "gone_at"),
    sqlite_with_rowid=False,
)

_date_rules = sa.Table(
    "date_rules",
    _schema,
    _whose(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("char_type", sa.Integer, nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("choosing", sa.String(16), nullable=False),
    sa.Column("compare_to", sa.String(10)),
    sa.Column("recalculation", sa.String(16), nullable=False),
    sa.Column("awaiting", sa.String(16), nullable=False),
    # 0 or 1: rows of these tables come as JSON, which has no column type.
    sa.Column("first_of_month", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.UniqueConstraint("tenant", "char_type", "record", "label", name="uq_date_rules_spot"),
    sqlite_with_rowid=False,
)

_date_rule_sources = sa.Table(
    "date_rule_sources",
    _schema,
    _whose(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("rule", sa.BigInteger, nullable=False),
    sa.Column("char_type", sa.Integer, nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("years", sa.Integer, nullable=False),
    sa.Column("months", sa.Integer, nullable=False),
    sa.Column("weeks", sa.Integer, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("back", sa.Integer, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.Index("ix_date_rule_sources_rule", "tenant", "rule"),
    sa.Index("ix_date_rule_sources_record", "tenant", "char_type", "record"),
    sqlite_with_rowid=False,
)

_record_traces = sa.Table(
    "record_traces",
    _schema,
    _whose(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("char_type", sa.Integer, nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.BigInteger, nullable=False),
    sa.Column("deed", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("template", sa.BigInteger, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("old", sa.Text, nullable=False),
    sa.Column("new", sa.Text, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("made_by", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.Index("ix_record_traces_record", "tenant", "char_type", "record", "number"),
)

_blueprints = sa.Table(
    "blueprints",
    _schema,
    _tenant(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("tenant"),
)

_record_users = sa.Table(
    "record_users",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("principal", sa.Uuid(as_uuid=True), nullable=False),
    sa.PrimaryKeyConstraint("tenant", "number"),
    sa.UniqueConstraint("tenant", "principal"),
    sqlite_with_rowid=False,
)

_currency_rates = sa.Table(
    "currency_rates",
    _schema,
    _tenant(),
    sa.Column("id", sa.Uuid(as_uuid=True), nullable=False),
    sa.Column("company", sa.String(3), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("rate", sa.Text, nullable=False),
    sa.Column("since", sa.String(10), nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id"),
    sqlite_with_rowid=False,
)

_financial_periods = sa.Table(
    "financial_periods",
    _schema,
    _tenant(),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("period", sa.Integer, nullable=False),
    sa.Column("first_day", sa.String(10), nullable=False),
    sa.Column("last_day", sa.String(10), nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.PrimaryKeyConstraint("tenant", "id"),
    sa.UniqueConstraint("tenant", "year", "period"),
    sqlite_with_rowid=False,
)

_record_batches = sa.Table(
    "record_batches",
    _schema,
    _tenant(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("id", sa.Uuid(as_uuid=True), nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False, unique=True),
    sa.Column("method", sa.String(64), nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("dry", sa.Boolean, nullable=False),
    sa.Column("asked_by", sa.BigInteger, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("groups", sa.Text, nullable=False),
    sa.Column("outcome", sa.String(16)),
    sa.Column("results", sa.Text),
    sa.Column("ended_at", sa.BigInteger),
    sa.PrimaryKeyConstraint("tenant", "number"),
)
sa.Index(
    "ix_record_batches_open",
    _record_batches.c.tenant,
    _record_batches.c.batch,
    sqlite_where=sa.text("ended_at IS NULL"),
    postgresql_where=sa.text("ended_at IS NULL"),
)
sa.Index(
    "ix_record_batches_ended_at",
    _record_batches.c.ended_at,
    sqlite_where=sa.text("ended_at IS NOT NULL"),
    postgresql_where=sa.text("ended_at IS NOT NULL"),
)

# For SQLite, as `sqlite_stat1` has it: how many rows an index has, and how many of them agree in its first column, its
# first two, and so on. Nobody ever measured these; without them it takes a tenant for a handful of rows, and reads all
# of them where it should look one up. An index that has no line here would seem the best of all.
_TYPICAL = {
    "records": {
        "sqlite_autoindex_records_1": "1000000 500000 100000 1",
        "ix_records_title": "1000000 500000 100000 2 1",
        "ix_records_updated_at": "1000000 500000 100000 10 1",
        "ix_records_template": "1000000 500000 100000 20000 1",
        "ix_records_status": "1000000 500000 100000 20000 1",
        "ix_records_origin": "100000 50000 12",
    },
    "record_values": {
        "record_values": "10000000 5000000 1000000 10 2 1",
        "ix_record_values_text": "10000000 5000000 1000000 100000 10 1",
        "ix_record_values_digits": "5000000 2500000 500000 100000 10 1",
    },
    "record_links": {
        "record_links": "1000000 500000 1",
        "sqlite_autoindex_record_links_2": "1000000 500000 100000 5 5 2 1",
        "ix_record_links_child": "1000000 500000 100000 3",
    },
    "records_gone": {
        "sqlite_autoindex_records_gone_1": "100000 50000 10000 1",
        "ix_records_gone_gone_at": "100000 50000 10000 2",
    },
    "record_links_gone": {"record_links_gone": "100000 50000 1", "ix_record_links_gone_gone_at": "100000 50000 2"},
    "date_rules": {"date_rules": "100000 50000 1", "sqlite_autoindex_date_rules_2": "100000 50000 10000 2 1"},
    "date_rule_sources": {
        "date_rule_sources": "200000 100000 1",
        "ix_date_rule_sources_rule": "200000 100000 2",
        "ix_date_rule_sources_record": "200000 100000 20000 2",
    },
    "record_traces": {
        "sqlite_autoindex_record_traces_1": "10000000 5000000 1",
        "ix_record_traces_record": "10000000 5000000 1000000 10 1",
    },
    "record_batches": {
        "sqlite_autoindex_record_batches_1": "1000000 500000 1",
        "sqlite_autoindex_record_batches_2": "1000000 1",
        "ix_record_batches_open": "100 10 1",
        "ix_record_batches_ended_at": "1000000 1",
    },
}


def upgrade() -> None:
    """Create the tables."""
    _schema.create_all(op.get_bind(), tables=[t for t in _schema.sorted_tables if t is not _tenants], checkfirst=False)
    if op.get_bind().dialect.name == "postgresql":
        for name, column in (("record_values_texts", "text"), ("record_values_digits", "digits")):
            # A value belongs to its label. PostgreSQL takes the two for independent unless told otherwise, guesses sets
            # of hits too small by a factor of as many labels as there are, and plans searches that are slow.
            kinds = "mcv, dependencies"
            op.execute(f"CREATE STATISTICS {name} ({kinds}) ON tenant, char_type, label, {column} FROM record_values")
            op.execute(f"ALTER STATISTICS {name} SET STATISTICS 500")
    else:
        _tell_what_is_typical()


def _tell_what_is_typical() -> None:
    # This makes the table, and measures nothing.
    op.execute("ANALYZE sqlite_schema")
    for table, indexes in _TYPICAL.items():
        for index, numbers in indexes.items():
            op.execute(f"INSERT INTO sqlite_stat1 VALUES ('{table}', '{index}', '{numbers}')")
