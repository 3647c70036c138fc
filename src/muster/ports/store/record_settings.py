"""Keeping what a tenant's record store is configured with: blueprint, users, rates, financial periods."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.money import FinancialPeriod, Rate


class RecordSettings(Protocol):
    """The configuration of a tenant's record store."""

    async def blueprint_version(self, tenant: TenantId) -> int:
        """The version of the blueprint; 0 where there is none."""
        ...

    async def blueprint(self, tenant: TenantId) -> Blueprint:
        """The blueprint; an empty one with version 0 where there is none."""
        ...

    async def put_blueprint(self, tenant: TenantId, blueprint: Blueprint, *, replaces: int) -> bool:
        """Keep it in place of version `replaces` (0: there is none); False when another version stands."""
        ...

    async def user(self, tenant: TenantId, principal: PrincipalId) -> int:
        """The number by which records know a service account; given at first need, from 1."""
        ...

    async def users(self, tenant: TenantId, numbers: Sequence[int]) -> Mapping[int, str]:
        """What the service accounts with these numbers are called."""
        ...

    async def rates(self, tenant: TenantId) -> Sequence[Rate]:
        """Every rate, oldest day first."""
        ...

    async def put_rate(self, tenant: TenantId, rate: Rate) -> None:
        """Keep a rate, new or in place of the one with its id."""
        ...

    async def remove_rate(self, tenant: TenantId, rate: Rate) -> bool:
        """Forget a rate; False when there is none with its id."""
        ...

    async def periods(self, tenant: TenantId) -> Sequence[FinancialPeriod]:
        """Every financial period, by start."""
        ...

    async def put_period(self, tenant: TenantId, period: FinancialPeriod) -> FinancialPeriod:
        """Keep a period; one with id 0 is new and gets its id. Raises Conflict where year and period are taken."""
        ...
