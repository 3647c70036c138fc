"""Keeping tenants, service accounts and credentials."""

from uuid import uuid4

import pytest

from muster.domain.errors import NameTaken, NotFound
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.tenant import Role
from muster.ports.store.accounts import Credential, CredentialKind
from muster.ports.store.unit import Store
from tests.conformance.store_world import NOON, a_tenant, after


async def _a_principal(store: Store, tenant: TenantId, role: Role = Role.CLERK) -> PrincipalId:
    principal = PrincipalId(uuid4())
    async with store.begin() as tx:
        await tx.accounts.add_principal(tenant, principal, "robot", role=role, at=NOON)
    return principal


async def test_a_tenant_is_found_by_name_by_account_id_and_by_number(store: Store) -> None:
    account_id = uuid4()
    async with store.begin() as tx:
        number = await tx.accounts.across_tenants_add(account_id=account_id, name="acme", at=NOON)
    async with store.read() as tx:
        for way in ("acme", str(account_id), str(number)):
            tenant = await tx.accounts.across_tenants_find(way)
            assert (tenant.number, tenant.account_id, tenant.name, tenant.created_at) == (
                number, account_id, "acme", NOON,
            )  # fmt: skip


@pytest.mark.parametrize("unknown", ["nobody", str(uuid4()), "0", "9" * 40, "", "Acme", "%"])
async def test_an_unknown_tenant_is_not_found(store: Store, unknown: str) -> None:
    await a_tenant(store, "acme")
    async with store.read() as tx:
        with pytest.raises(NotFound):
            await tx.accounts.across_tenants_find(unknown)


async def test_a_tenant_named_like_anothers_number_is_found_by_its_name(store: Store) -> None:
    first = await a_tenant(store, "acme")
    second = await a_tenant(store, str(first))
    async with store.read() as tx:
        assert (await tx.accounts.across_tenants_find(str(first))).number == second


async def test_a_tenants_name_is_taken_once_and_the_transaction_goes_on(store: Store) -> None:
    await a_tenant(store, "acme")
    async with store.begin() as tx:
        with pytest.raises(NameTaken):
            await tx.accounts.across_tenants_add(account_id=uuid4(), name="acme", at=NOON)
        await tx.accounts.across_tenants_add(account_id=uuid4(), name="other", at=NOON)
    async with store.read() as tx:
        assert [tenant.name for tenant in await tx.accounts.across_tenants_all()] == ["acme", "other"]


async def test_a_credential_tells_who_holds_it(store: Store) -> None:
    tenant = await a_tenant(store)
    principal = await _a_principal(store, tenant, Role.MANAGER)
    credential = Credential(kind=CredentialKind.API_KEY, name="key-1", principal=principal, secret_hash="ab" * 32)
    async with store.begin() as tx:
        await tx.accounts.add_credential(tenant, credential, at=NOON)
    async with store.read() as tx:
        found = await tx.accounts.across_tenants_credential(CredentialKind.API_KEY, "key-1", now=NOON)
        assert found is not None
        who, kept = found
        assert kept == credential
        assert (who.id, who.tenant, who.role, who.token) == (principal, tenant, Role.MANAGER, "key-1")
        assert await tx.accounts.across_tenants_credential(CredentialKind.TOKEN, "key-1", now=NOON) is None
        assert await tx.accounts.across_tenants_credential(CredentialKind.API_KEY, "KEY-1", now=NOON) is None


async def test_a_credential_ends_at_its_time_and_is_then_forgotten(store: Store) -> None:
    tenant = await a_tenant(store)
    principal = await _a_principal(store, tenant)
    ending = after(hours=1)
    async with store.begin() as tx:
        for name, end in (("short", ending), ("endless", None)):
            credential = Credential(kind=CredentialKind.TOKEN, name=name, principal=principal, expires_at=end)
            await tx.accounts.add_credential(tenant, credential, at=NOON)
    async with store.begin() as tx:
        holder = tx.accounts.across_tenants_credential
        assert await holder(CredentialKind.TOKEN, "short", now=after(minutes=59)) is not None
        assert await holder(CredentialKind.TOKEN, "short", now=ending) is None
        assert await tx.accounts.across_tenants_drop_expired(now=after(minutes=59)) == 0
        assert await tx.accounts.across_tenants_drop_expired(now=ending) == 1
        assert await holder(CredentialKind.TOKEN, "endless", now=after(days=9999)) is not None


async def test_a_credential_is_kept_once(store: Store) -> None:
    tenant = await a_tenant(store)
    credential = Credential(kind=CredentialKind.TOKEN, name="t", principal=await _a_principal(store, tenant))
    async with store.begin() as tx:
        await tx.accounts.add_credential(tenant, credential, at=NOON)
        with pytest.raises(NameTaken):
            await tx.accounts.add_credential(tenant, credential, at=NOON)


async def test_a_credential_for_another_tenants_service_account_is_refused(store: Store) -> None:
    ours, theirs = await a_tenant(store, "ours"), await a_tenant(store, "theirs")
    credential = Credential(kind=CredentialKind.TOKEN, name="t", principal=await _a_principal(store, theirs))
    async with store.begin() as tx:
        with pytest.raises(NotFound):
            await tx.accounts.add_credential(ours, credential, at=NOON)
