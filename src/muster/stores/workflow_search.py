"""Reading workflows, each with what its batch and entry say of it."""

import re
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.ids import (
    BatchId,
    BatchNumber,
    ChannelId,
    PrincipalId,
    TemplateId,
    TemplateVersionId,
    TenantId,
    WorkflowId,
    entry_id,
    position_in,
    siblings,
)
from muster.domain.workflow import OPEN, PaymentState, Workflow, WorkflowRef, WorkflowState
from muster.ports.store.batches import Page
from muster.ports.store.workflows import WorkflowFilter
from muster.stores.bulk import Statement, as_json, given, is_sqlite
from muster.stores.moments import moment
from muster.stores.tables import batches, entries, tenants
from muster.stores.words import holds
from muster.stores.workflow_tables import workflows

_W = workflows.c
_LEFT = frozenset({"dispatching", "sent", "delivered", "undelivered", "unknown"})
_GIVEN_UP = frozenset({"failed", "suppressed", "expired"})
_OPEN = tuple(state.value for state in OPEN)
_ENTRY = and_(entries.c.batch == _W.batch, entries.c.position == _W.position)
_WIDE = workflows.join(batches, batches.c.number == _W.batch).join(entries, _ENTRY)
_JOINED = _WIDE.join(tenants, tenants.c.number == _W.tenant)
_SHOWN = select(
    *workflows.c,
    batches.c.id.label("batch_id"),
    batches.c.kind,
    batches.c.channel,
    batches.c.template,
    batches.c.template_version,
    batches.c.created_by,
    batches.c.withdrawn_at,
    tenants.c.name.label("account"),
    entries.c.address,
    entries.c.payload,
    entries.c.state.label("entry_state"),
    entries.c.repeats,
    func.coalesce(entries.c.detail, entries.c.reason).label("entry_detail"),
).select_from(_JOINED)
_NAMES = tuple(column.name for column in _SHOWN.selected_columns)
_UUIDS = ("batch_id", "template", "template_version", "created_by")
# What every page of every customer asks for: worth a statement that is kept ready.
_BY_TOKEN = Statement(
    f"SELECT {', '.join(f'workflows.{column.name}' for column in _W)}, batches.id, batches.kind, batches.channel,"
    " batches.template, batches.template_version, batches.created_by, batches.withdrawn_at, tenants.name,"
    " entries.address, entries.payload, entries.state, entries.repeats, coalesce(entries.detail, entries.reason)"
    " FROM workflows JOIN batches ON batches.number = workflows.batch"
    " JOIN entries ON entries.batch = workflows.batch AND entries.position = workflows.position"
    " JOIN tenants ON tenants.number = workflows.tenant WHERE workflows.token_hash = :token"
)
_STATE = case((and_(batches.c.withdrawn_at.is_not(None), _W.state.in_(_OPEN)), "cancelled"), else_=_W.state)
_LOOKS_LIKE_A_NUMBER = re.compile(r"[+\d\s()./-]*\d[+\d\s()./-]*")
_HEX = re.compile(r"[0-9a-f]{1,32}")
_WHOLE_ID = 32


class WorkflowSearch:
    """The part of ports.store.workflows that only reads."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, tenant: TenantId, workflow: WorkflowId) -> Workflow:
        """The workflow; raises NotFound."""
        ref = await self._place(tenant, workflow)
        found = await self._load([ref]) if ref is not None else ()
        if not found:
            raise NotFound("no such workflow")
        return found[0]

    async def across_tenants_by_token(self, token_hash: bytes) -> Workflow | None:
        """The workflow whose link holds the token."""
        rows = await _BY_TOKEN.rows(self._connection, {"token": token_hash})
        return _workflow(_named(rows[0])) if rows else None

    async def across_tenants_at(self, ref: WorkflowRef) -> Workflow | None:
        """The workflow with this key."""
        found = await self._load([ref])
        return found[0] if found else None

    async def find(
        self, tenant: TenantId, where: WorkflowFilter, *, order: Sequence[tuple[str, bool]], page: Page
    ) -> tuple[int, Sequence[Workflow]]:
        """How many match, and one page."""
        conditions = await self._conditions(tenant, where)
        sortable = self._sortable()
        keys = [sortable[name].desc() if descending else sortable[name].asc() for name, descending in order]
        keys += [_W.batch.desc(), _W.position.asc()]
        # Without words to look for, counting and paging read nothing but an index of the workflows themselves.
        counted = select(func.count()).select_from(_WIDE if where.text else workflows).where(*conditions)
        total: int = (await self._connection.execute(counted)).scalar_one()
        wide = where.text or any(name in {"state", "title"} for name, _ in order)
        cut = (
            select(_W.batch, _W.position)
            .select_from(_WIDE if wide else workflows)
            .where(*conditions)
            .order_by(*keys)
            .limit(page.limit)
            .offset(page.offset)
            .subquery()
        )
        statement = _SHOWN.join(cut, and_(cut.c.batch == _W.batch, cut.c.position == _W.position)).order_by(*keys)
        return total, [_workflow(row) for row in await self._connection.execute(statement)]

    async def _load(self, refs: Sequence[WorkflowRef]) -> Sequence[Workflow]:
        """The workflows with these keys, in their order; what is not there is left out."""
        if not refs:
            return []
        wanted = given(self._connection, {"batch": "int", "position": "int"}, parameter="refs")
        # As a table: SQLite looks none of the pairs of a list up in the primary key, it reads all workflows.
        named = text(f"SELECT batch, position FROM {wanted} AS v").columns(batch=BigInteger, position=BigInteger)
        table = named.bindparams(refs=as_json(refs)).subquery("named")
        statement = _SHOWN.join(table, and_(table.c.batch == _W.batch, table.c.position == _W.position))
        found = {w.ref: w for w in map(_workflow, await self._connection.execute(statement))}
        return [found[ref] for ref in refs if ref in found]

    async def _place(self, tenant: TenantId, workflow: UUID) -> WorkflowRef | None:
        """The key that a workflow with this id has, if the tenant has its batch."""
        lowest, highest = siblings(workflow)
        statement = select(batches.c.number, batches.c.id, batches.c.total).where(
            batches.c.tenant == tenant, batches.c.id >= lowest, batches.c.id <= highest
        )
        for number, batch, total in await self._connection.execute(statement):
            position = position_in(batch, workflow)
            if position is not None and position < total:
                return WorkflowRef(BatchNumber(number), position)
        return None

    async def _conditions(self, tenant: TenantId, where: WorkflowFilter) -> Sequence[ColumnElement[bool]]:
        own = select(batches.c.number).where(batches.c.tenant == tenant)
        found: list[ColumnElement[bool]] = []
        if where.template is None and where.batch is None:
            # Otherwise the batches are the tenant's own, and the index of all its workflows would be a long way round.
            found.append(_W.tenant == tenant)
        if where.state is not None:
            found.append(_stands_in(where.state, own.where(batches.c.withdrawn_at.is_not(None))))
        if where.template is not None:
            found.append(_W.batch.in_(own.where(batches.c.template == where.template)))
        if where.batch is not None:
            found.append(_W.batch == own.where(batches.c.id == where.batch).scalar_subquery())
        digits = where.text.strip().lower().replace("-", "")
        if len(digits) == _WHOLE_ID and _HEX.fullmatch(digits):
            ref = await self._place(tenant, UUID(digits))
            found.append(false() if ref is None else and_(_W.batch == ref.batch, _W.position == ref.position))
        elif where.text:
            found.append(self._mentions(tenant, where.text))
        return found

    def _mentions(self, tenant: TenantId, words: str) -> ColumnElement[bool]:
        """Whether the customer's name, e-mail or phone number, or the id, hold `words`."""
        ways = [holds(column, words) for column in (_W.customer_name, _W.email, entries.c.address)]
        if _LOOKS_LIKE_A_NUMBER.fullmatch(words):
            ways.append(_has_digits(entries.c.address, re.sub(r"\D", "", words)))
        digits = words.lower().replace("-", "")
        if _HEX.fullmatch(digits):
            ways.append(holds(self._spelled_id(tenant), digits))
        return or_(*ways)

    def _spelled_id(self, tenant: TenantId) -> ColumnElement[str]:
        """The 32 hexadecimal digits of the workflow's id, put together as `domain.ids.entry_id` does."""
        spelled = func.replace(cast(batches.c.id, String), "-", "")
        head, tail = func.substr(spelled, 1, 24), func.substr(spelled, 25)
        embedded = is_sqlite(self._connection)
        low = _from_hex(tail) if embedded else cast(cast(literal("x").concat(tail), BIT(32)), BigInteger)
        # What is the same for all workflows of a batch is worked out once for each batch.
        own = select(batches.c.number, head.label("head"), low.label("low")).where(batches.c.tenant == tenant)
        of_batch = own.cte().prefix_with("MATERIALIZED")
        last = (of_batch.c.low + _W.position + 1) % literal(1 << 32, BigInteger)
        digits = func.printf("%08x", last) if embedded else func.lpad(func.to_hex(last), 8, "0")
        return select(of_batch.c.head.concat(digits)).where(of_batch.c.number == _W.batch).scalar_subquery()

    def _sortable(self) -> Mapping[str, ColumnElement[Any]]:
        if is_sqlite(self._connection):
            title: ColumnElement[Any] = func.json_extract(entries.c.payload, "$.title")
        else:
            title = func.jsonb_extract_path_text(cast(entries.c.payload, JSONB), "title")
        return {
            "created_at": _W.created_at,
            "expires_at": _W.expires_at,
            "state": _STATE,
            # One without a title sorts first on both dialects, which disagree about NULL.
            "title": func.coalesce(title, ""),
        }


def _has_digits(address: ColumnElement[str], digits: str) -> ColumnElement[bool]:
    """Whether `address` holds `digits`, whatever marks stand between its own."""
    bare: ColumnElement[Any] = address
    for mark in " ()./-":
        bare = func.replace(bare, mark, "")
    # Most addresses have no marks: looking first costs a third of taking them out.
    marked = func.trim(address, "+0123456789") != ""
    return or_(holds(address, digits), and_(marked, holds(bare, digits)))


def _from_hex(digits: ColumnElement[str]) -> ColumnElement[Any]:
    """The number that eight hexadecimal digits mean; SQLite has no function for it."""
    number: ColumnElement[Any] = literal(0, BigInteger)
    for place in range(1, 9):
        number = number * 16 + func.instr("0123456789abcdef", func.substr(digits, place, 1)) - 1
    return number


def _stands_in(state: WorkflowState, withdrawn: Select[Any]) -> ColumnElement[bool]:
    """Whether a workflow is shown in `state`; `withdrawn` are the numbers of the batches that were taken back."""
    if state is WorkflowState.CANCELLED:
        return or_(_W.state == state.value, and_(_W.state.in_(_OPEN), _W.batch.in_(withdrawn)))
    if state in OPEN:
        return and_(_W.state == state.value, _W.batch.not_in(withdrawn))
    return _W.state == state.value


def _named(row: Sequence[Any]) -> Any:
    """A row of `_BY_TOKEN` with the names of its columns, as SQLAlchemy gives it."""
    values = dict(zip(_NAMES, row, strict=True))
    for name in _UUIDS:
        # SQLite keeps a UUID as 32 hex digits.
        if isinstance(values[name], str):
            values[name] = UUID(values[name])
    return SimpleNamespace(**values)


def _workflow(row: Any) -> Workflow:
    state = WorkflowState(row.state)
    if row.withdrawn_at is not None and state in OPEN:
        state = WorkflowState.CANCELLED
    # A repeat waits although the first one may have arrived.
    left = row.entry_state in _LEFT or row.repeats > 0
    return Workflow(
        id=WorkflowId(entry_id(row.batch_id, row.position)),
        ref=WorkflowRef(BatchNumber(row.batch), row.position),
        tenant=TenantId(row.tenant),
        account=row.account,
        kind=row.kind,
        batch=BatchId(row.batch_id),
        channel=None if row.channel is None else ChannelId(row.channel),
        template=None if row.template is None else TemplateId(row.template),
        template_version=None if row.template_version is None else TemplateVersionId(row.template_version),
        state=state,
        ended_as=None if row.ended_as is None else WorkflowState(row.ended_as),
        address=row.address,
        payload=row.payload,
        left=left,
        unsent=(row.entry_detail or row.entry_state) if not left and row.entry_state in _GIVEN_UP else None,
        step=row.step,
        answers=row.answers,
        customer_name=row.customer_name,
        email=row.email,
        decline_reason=row.decline_reason,
        payment=None if row.payment is None else PaymentState(row.payment),
        payment_at=None if row.payment_at is None else moment(row.payment_at),
        created_by=None if row.created_by is None else PrincipalId(row.created_by),
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        expires_at=moment(row.expires_at),
        notice_at=None if row.notice_at is None else moment(row.notice_at),
        ended_at=None if row.ended_at is None else moment(row.ended_at),
        revision=row.revision,
    )
