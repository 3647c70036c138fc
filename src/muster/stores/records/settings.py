"""What a tenant's record store is configured with: blueprint, users, rates, financial periods."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import Conflict, NotFound
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.money import FinancialPeriod, Rate
from muster.stores.bulk import Brief, Statement, as_json, values_listed
from muster.stores.records.counting import next_number
from muster.stores.records.tables import blueprints, currency_rates, financial_periods, record_users
from muster.stores.tables import principals
from muster.stores.upserts import put

_B = blueprints.c
_U = record_users.c
_R = currency_rates.c
_P = financial_periods.c
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_BLUEPRINT = msgspec.json.Decoder(Blueprint)
_USER_COUNTER, _PERIOD_COUNTER = "record_user", "financial_period"

# Of every unit of work.
_VERSION = Brief("SELECT version FROM blueprints WHERE tenant = :tenant")
_RATES = Statement(
    "SELECT id, company, currency, rate, since FROM currency_rates WHERE tenant = :tenant ORDER BY since, id"
)
_PERIODS = Statement(
    "SELECT id, year, period, first_day, last_day, closed FROM financial_periods WHERE tenant = :tenant"
    " ORDER BY first_day, id"
)
_FIRST = Statement(
    "INSERT INTO blueprints (tenant, version, document) VALUES (:tenant, :version, :document)"
    " ON CONFLICT (tenant) DO NOTHING RETURNING version"
)
_NAMES = Statement(
    "SELECT u.number, p.name FROM record_users AS u JOIN principals AS p ON p.id = u.principal"
    " WHERE u.tenant = :tenant AND u.number IN {numbers}",
    numbers=values_listed("int", parameter="numbers"),
)


class RecordSettingsTable:
    """The configuration of a tenant's record store; see ports.store.record_settings."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def blueprint_version(self, tenant: TenantId) -> int:
        """The version of the blueprint; 0 where there is none."""
        found = await _VERSION.rows(self._connection, {"tenant": tenant})
        return found[0][0] if found else 0

    async def blueprint(self, tenant: TenantId) -> Blueprint:
        """The blueprint; an empty one with version 0 where there is none."""
        found = await self._connection.execute(select(_B.version, _B.document).where(_B.tenant == tenant))
        row = found.one_or_none()
        if row is None:
            return Blueprint()
        return msgspec.structs.replace(_BLUEPRINT.decode(row.document), version=row.version)

    async def put_blueprint(self, tenant: TenantId, blueprint: Blueprint, *, replaces: int) -> bool:
        """Keep it in place of version `replaces` (0: there is none); False when another version stands."""
        document = _ENCODER.encode(blueprint).decode()
        if not replaces:
            values = {"tenant": tenant, "version": blueprint.version, "document": document}
            return bool(await _FIRST.rows(self._connection, values))
        standing = (_B.tenant == tenant, _B.version == replaces)
        statement = update(blueprints).where(*standing).values(version=blueprint.version, document=document)
        return bool((await self._connection.execute(statement)).rowcount)

    async def user(self, tenant: TenantId, principal: PrincipalId) -> int:
        """The number by which records know a service account; given at first need. Raises NotFound."""
        number = await self._number_of(tenant, principal)
        if number is not None:
            return number
        ours = select(principals.c.id).where(principals.c.tenant == tenant, principals.c.id == principal)
        if (await self._connection.execute(ours)).first() is None:
            raise NotFound("no such service account")
        number = await next_number(self._connection, tenant, _USER_COUNTER)
        # Whoever counts first gives the number; others have waited for that, and find it now.
        given = await self._number_of(tenant, principal)
        if given is not None:
            return given
        await self._connection.execute(insert(record_users).values(tenant=tenant, number=number, principal=principal))
        return number

    async def _number_of(self, tenant: TenantId, principal: PrincipalId) -> int | None:
        statement = select(_U.number).where(_U.tenant == tenant, _U.principal == principal)
        number: int | None = (await self._connection.execute(statement)).scalar_one_or_none()
        return number

    async def users(self, tenant: TenantId, numbers: Sequence[int]) -> Mapping[int, str]:
        """What the service accounts with these numbers are called."""
        wanted = sorted(set(numbers))
        if not wanted:
            return {}
        rows = await _NAMES.rows(self._connection, {"tenant": tenant, "numbers": as_json(wanted)})
        return {row[0]: row[1] for row in rows}

    async def rates(self, tenant: TenantId) -> Sequence[Rate]:
        """Every rate, oldest day first."""
        return [_rate(row) for row in await _RATES.rows(self._connection, {"tenant": tenant})]

    async def put_rate(self, tenant: TenantId, rate: Rate) -> None:
        """Keep a rate, new or in place of the one with its id."""
        row = {
            "tenant": tenant,
            "id": rate.id,
            "company": rate.company,
            "currency": rate.transaction,
            "rate": str(rate.rate),
            "since": rate.since.isoformat(),
        }
        await put(self._connection, currency_rates, [row])

    async def remove_rate(self, tenant: TenantId, rate: Rate) -> bool:
        """Forget a rate; False when there is none with its id."""
        statement = delete(currency_rates).where(_R.tenant == tenant, _R.id == rate.id)
        return bool((await self._connection.execute(statement)).rowcount)

    async def periods(self, tenant: TenantId) -> Sequence[FinancialPeriod]:
        """Every financial period, by start."""
        return [_period(row) for row in await _PERIODS.rows(self._connection, {"tenant": tenant})]

    async def put_period(self, tenant: TenantId, period: FinancialPeriod) -> FinancialPeriod:
        """Keep a period; one with id 0 is new and gets its id. Raises Conflict where year and period are taken."""
        if not period.id:
            number = await next_number(self._connection, tenant, _PERIOD_COUNTER)
            period = msgspec.structs.replace(period, id=number)
        same = (_P.tenant == tenant, _P.year == period.year, _P.period == period.period, _P.id != period.id)
        if (await self._connection.execute(select(_P.id).where(*same))).first() is not None:
            raise Conflict("there is such a period already")
        row = {
            "tenant": tenant,
            "id": period.id,
            "year": period.year,
            "period": period.period,
            "first_day": period.start.isoformat(),
            "last_day": period.end.isoformat(),
            "closed": period.closed,
        }
        try:
            await put(self._connection, financial_periods, [row])
        except IntegrityError as error:
            # Somebody else was given it since we looked.
            raise Conflict("there is such a period already") from error
        return period


def _rate(row: Any) -> Rate:
    return Rate(
        # SQLite keeps it as 32 digits.
        id=UUID(str(row[0])),
        company=row[1],
        transaction=row[2],
        rate=Decimal(row[3]),
        since=date.fromisoformat(row[4]),
    )


def _period(row: Any) -> FinancialPeriod:
    return FinancialPeriod(
        id=row[0],
        year=row[1],
        period=row[2],
        start=date.fromisoformat(row[3]),
        end=date.fromisoformat(row[4]),
        closed=bool(row[5]),
    )
