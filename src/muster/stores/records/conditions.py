"""What is searched for among records and relationships, as SQL that means the same on both dialects.

A condition on the values of a label is a set of numbers of records. Where it must hold it is written `number IN
(SELECT …)`, of which planners make whatever join is cheapest; where it must not hold, NOT EXISTS. Texts are compared by
code point; folding letters goes as far as the database knows them (SQLite: A to Z).
"""

from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import BadInput
from muster.domain.ids import TenantId
from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.search import Joined, Linked, Related
from muster.stores.bulk import is_sqlite
from muster.stores.records import conditions_plain as plain
from muster.stores.records import conditions_tests as tests
from muster.stores.records.conditions_plain import Leaf, Plain, Side
from muster.stores.records.tables import SEARCHED, record_links, record_values, records

_WHOLE_TITLE = 1 << 20
RECORD_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "recordid": "number",
        "chartypeid": "char_type",
        "title": "title",
        "recrevid": "revision",
        "templateid": "template",
        "statusid": "status",
        "created": "created_at",
        "created_by": "created_by",
        "last_updated": "updated_at",
        "last_updated_by": "updated_by",
        "status_updated": "moved_at",
        "status_updated_by": "moved_by",
    }
)
"""The fields that every record has, and their columns; any other name is a label."""
LINK_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "relrecid": "number",
        "relind": "kind",
        "parentchartypeid": "parent_type",
        "parentrecordid": "parent",
        "childchartypeid": "child_type",
        "childrecordid": "child",
        "sequencenumber": "sequence",
        "created": "created_at",
        "created_by": "created_by",
        "last_updated": "updated_at",
        "last_updated_by": "updated_by",
    }
)
"""The fields of relationships, and their columns."""


class Subject(NamedTuple):
    """What a condition speaks of: one row of `source`. A record stands for itself, or one of its values for it."""

    char_type: int
    source: FromClause
    number: ColumnElement[Any]
    fields: Mapping[str, str]

    def column(self, field: str) -> ColumnElement[Any]:
        """The column of a fixed field. Raises BadInput where there is none."""
        if field not in self.fields:
            raise BadInput(f"{field} is not a field of what is searched")
        return self.source.c[self.fields[field]]


class Conditions:
    """Writes the conditions of one statement; every table in it is called by another name."""

    def __init__(self, connection: AsyncConnection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant
        self._names: Iterator[int] = count(1)

    @property
    def embedded(self) -> bool:
        """Whether the statement is for SQLite."""
        return is_sqlite(self._connection)

    def records(self, char_type: int) -> tuple[Subject, ColumnElement[bool]]:
        """The records of a char type, each a subject."""
        source = records.alias(f"r{next(self._names)}")
        within = and_(source.c.tenant == self._tenant, source.c.char_type == char_type)
        return Subject(char_type, source, source.c.number, RECORD_FIELDS), within

    def links(self) -> tuple[Subject, ColumnElement[bool]]:
        """The relationships, each a subject."""
        source = record_links.alias(f"l{next(self._names)}")
        return Subject(RELATIONSHIP, source, source.c.number, LINK_FIELDS), source.c.tenant == self._tenant

    def values(self, char_type: int, leaf: Leaf) -> tuple[Subject, ColumnElement[bool]]:
        """The values that are as `leaf` asks, negation aside, each standing for its record."""
        source = record_values.alias(f"v{next(self._names)}")
        within = and_(
            source.c.tenant == self._tenant,
            source.c.char_type == char_type,
            source.c.label == leaf.field,
            or_(
                tests.text(self._connection, source.c.text, leaf, most=SEARCHED),
                tests.number(self._connection, source.c.digits, leaf),
            ),
        )
        return Subject(char_type, source, source.c.record, MappingProxyType({})), within

    def holds(self, node: Plain, subject: Subject) -> ColumnElement[bool]:
        """What must be true of the subject's row. Raises BadInput for what cannot be compared."""
        match node:
            case plain.Every():
                return and_(true(), *(self.holds(one, subject) for one in node.nodes))
            case plain.Any():
                return self._any(node, subject)
            case Leaf():
                return self._leaf(node, subject)
            case Side():
                return self._side(node, subject)

    def numbers(self, node: Plain, char_type: int) -> Select[Any] | CompoundSelect[Any]:
        """The numbers of the records of a char type for which it holds; some of them perhaps more than once."""
        if isinstance(node, plain.Any) and node.nodes:
            # Not UNION ALL: what PostgreSQL makes distinct by itself it takes for 200 rows, however many there are.
            return union(*(self.numbers(one, char_type) for one in node.nodes))
        if isinstance(node, Leaf) and node.holds and node.field not in RECORD_FIELDS:
            subject, within = self.values(char_type, node)
            return select(subject.number).where(within)
        if isinstance(node, Side) and node.holds and not isinstance(node.of, Joined):
            end, within = self._links_of(node.of, char_type)
            return select(end).where(within)
        subject, within = self.records(char_type)
        return select(subject.number).where(within, self.holds(node, subject))

    def word(self, word: str, subject: Subject) -> ColumnElement[bool]:
        """Whether a record's title, or a value of it, holds the word in whatever letter case."""
        values = record_values.alias(f"v{next(self._names)}")
        found = (
            values.c.tenant == self._tenant,
            values.c.char_type == subject.char_type,
            tests.holds(self._connection, values.c.text, word, ignore_case=True),
        )
        in_title = tests.holds(self._connection, subject.column("title"), word, ignore_case=True)
        if self.embedded:
            return or_(in_title, subject.number.in_(select(values.c.record).where(*found)))
        # So PostgreSQL may choose: to look at the values of each record that is left, or to gather all that have it.
        return or_(in_title, exists(select(literal(1)).where(*found, values.c.record == subject.number)))

    def _any(self, node: plain.Any, subject: Subject) -> ColumnElement[bool]:
        plainly = all(isinstance(one, Leaf) and one.field in subject.fields for one in node.nodes)
        if plainly or subject.char_type == RELATIONSHIP or is_sqlite(self._connection):
            return or_(false(), *(self.holds(one, subject) for one in node.nodes))
        # As one set: PostgreSQL would make the values' sets of an OR one by one, for each row again if they are large.
        return subject.number.in_(self.numbers(node, subject.char_type))

    def _leaf(self, leaf: Leaf, subject: Subject) -> ColumnElement[bool]:
        if leaf.field in subject.fields:
            stands = subject.column(leaf.field)
            if leaf.field == "title":
                held = self._title(stands, leaf)
            else:
                held = tests.whole_number(self._connection, stands, leaf)
            return held if leaf.holds else ~held
        if subject.char_type == RELATIONSHIP:
            raise BadInput(f"{leaf.field} is not a field of relationships")
        if leaf.field in RECORD_FIELDS:
            # The subject is a value that stands for its record.
            return subject.number.in_(self.numbers(leaf, subject.char_type))
        values, within = self.values(subject.char_type, leaf)
        if leaf.holds:
            return subject.number.in_(select(values.number).where(within))
        return ~exists(select(literal(1)).where(within, values.number == subject.number))

    def _title(self, stands: ColumnElement[Any], leaf: Leaf) -> ColumnElement[bool]:
        if not all(isinstance(one, str) for one in (*leaf.values, *(bound.value for bound in leaf.bounds))):
            raise BadInput("title is compared with texts")
        return tests.text(self._connection, stands, leaf, most=_WHOLE_TITLE)

    def _side(self, side: Side, subject: Subject) -> ColumnElement[bool]:
        if isinstance(side.of, Joined):
            held = self._joined(side.of, subject)
            return held if side.holds else ~held
        if subject.char_type == RELATIONSHIP:
            held = self._end_of_link(side.of, subject)
            return held if side.holds else ~held
        end, within = self._links_of(side.of, subject.char_type)
        if side.holds:
            return subject.number.in_(select(end).where(within))
        return ~exists(select(literal(1)).where(within, end == subject.number))

    def _links_of(self, asked: Linked | Related, char_type: int) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
        """The relationships asked for, and which end of them a record of the char type is."""
        link, within = self.links()
        as_child = asked.as_child if isinstance(asked, Linked) else asked.upwards
        ours, theirs = ("child", "parent") if as_child else ("parent", "child")
        here = and_(within, link.source.c[f"{ours}_type"] == char_type)
        if isinstance(asked, Linked):
            return link.source.c[ours], and_(here, self.holds(plain.plain(asked.node), link))
        beyond = self.numbers(plain.plain(asked.node), asked.char_type)
        there = and_(link.source.c[f"{theirs}_type"] == asked.char_type, link.source.c[theirs].in_(beyond))
        return link.source.c[ours], and_(here, there)

    def _end_of_link(self, asked: Linked | Related, link: Subject) -> ColumnElement[bool]:
        if isinstance(asked, Linked):
            raise BadInput("relationships have no relationships")
        end = "parent" if asked.upwards else "child"
        beyond = self.numbers(plain.plain(asked.node), asked.char_type)
        return and_(link.source.c[f"{end}_type"] == asked.char_type, link.source.c[end].in_(beyond))

    def _joined(self, asked: Joined, subject: Subject) -> ColumnElement[bool]:
        theirs, within = self.links() if asked.char_type == RELATIONSHIP else self.records(asked.char_type)
        there = and_(within, self.holds(plain.plain(asked.node), theirs))
        ours_fixed = asked.ours in subject.fields or asked.ours in RECORD_FIELDS
        theirs_fixed = asked.theirs in theirs.fields
        if subject.char_type == RELATIONSHIP and asked.ours not in subject.fields:
            raise BadInput(f"{asked.ours} is not a field of relationships")
        if ours_fixed and asked.ours not in subject.fields:
            # The subject is a value that stands for its record.
            node = Side(asked)
            return subject.number.in_(self.numbers(node, subject.char_type))
        if ours_fixed and theirs_fixed and _is_number(subject, asked.ours) and _is_number(theirs, asked.theirs):
            return subject.column(asked.ours).in_(select(theirs.column(asked.theirs)).where(there))
        told = self._texts(theirs, asked.theirs, there)
        if ours_fixed:
            return _as_text(subject.column(asked.ours)).in_(told)
        own = record_values.alias(f"v{next(self._names)}")
        of_label = (own.c.tenant == self._tenant, own.c.char_type == subject.char_type, own.c.label == asked.ours)
        return subject.number.in_(select(own.c.record).where(*of_label, own.c.text.in_(told)))

    def _texts(self, theirs: Subject, field: str, there: ColumnElement[bool]) -> Select[Any]:
        """What the field of those that are `there` reads as."""
        if field in theirs.fields:
            return select(_as_text(theirs.column(field))).where(there)
        if theirs.char_type == RELATIONSHIP:
            raise BadInput(f"{field} is not a field of relationships")
        own = record_values.alias(f"v{next(self._names)}")
        of_label = (own.c.tenant == self._tenant, own.c.char_type == theirs.char_type, own.c.label == field)
        return select(own.c.text).where(*of_label, own.c.record.in_(select(theirs.number).where(there)))


def _is_number(subject: Subject, field: str) -> bool:
    return not isinstance(subject.column(field).type, Text)


def _as_text(stands: ColumnElement[Any]) -> ColumnElement[Any]:
    return stands if isinstance(stands.type, Text) else cast(stands, Text)
