"""Temporary credentials: made for a key pair, found by their key."""

from datetime import timedelta
from uuid import uuid4

import pytest

from muster.catalog.accounts import Accounts, NewAccount, new_secret
from muster.catalog.keys import REMEMBERED_FOR
from muster.catalog.sessions import LIFETIME, TOLD_FOR, Sessions
from muster.domain.errors import NotAllowed, NotAuthenticated
from muster.domain.tenant import Role
from muster.ports.store.accounts import CredentialKind
from muster.stores.database import SqlStore
from muster.stores.vault import Vault
from tests.fakes.clock import FakeClock


@pytest.fixture
def accounts(store: SqlStore, clock: FakeClock, vault: Vault) -> Accounts:
    return Accounts(store, clock, uuid4, seal=vault.seal)


@pytest.fixture
async def account(accounts: Accounts) -> NewAccount:
    return await accounts.add("Acme")


@pytest.fixture
def sessions(store: SqlStore, clock: FakeClock, vault: Vault) -> Sessions:
    return another_process(store, clock, vault)


def another_process(store: SqlStore, clock: FakeClock, vault: Vault) -> Sessions:
    return Sessions(store, clock, new_secret, seal=vault.seal, unseal=vault.unseal)


async def test_a_session_is_a_new_key_pair_for_an_hour(
    sessions: Sessions, account: NewAccount, clock: FakeClock
) -> None:
    made = await sessions.make(account.tenant, account.access_key, account.secret_key)

    assert made.expires_at == clock.now() + timedelta(hours=1)
    secrets = {made.access_key, made.secret_key, made.token, account.access_key, account.secret_key}
    assert len(secrets) == 5


async def test_every_process_finds_a_session_by_its_key(
    *, sessions: Sessions, account: NewAccount, store: SqlStore, clock: FakeClock, vault: Vault
) -> None:
    made = await sessions.make(account.tenant, account.access_key, account.secret_key)

    for process in (sessions, another_process(store, clock, vault)):
        found = await process.find(made.access_key)
        assert found is not None
        assert found.proof.secret_key == made.secret_key
        assert found.proof.fits(made.token)
        assert not found.proof.fits(f"{made.token}x")
        assert (found.principal.id, found.principal.tenant) == (account.principal, account.tenant)
        assert (found.user, found.expires_at) == (1, made.expires_at)


async def test_a_session_is_found_by_its_token_alone(sessions: Sessions, account: NewAccount) -> None:
    made = await sessions.make(account.tenant, account.access_key, account.secret_key)

    found = await sessions.of_token(made.token)

    assert found is not None
    assert found.principal.id == account.principal
    for wrong in (made.token[:-1], f"{made.access_key}.", made.access_key, "", ".", "x.y"):
        assert await sessions.of_token(wrong) is None


async def test_no_secret_is_kept_readable(
    *, sessions: Sessions, account: NewAccount, store: SqlStore, clock: FakeClock
) -> None:
    made = await sessions.make(account.tenant, account.access_key, account.secret_key)

    async with store.read() as tx:
        kept = await tx.accounts.across_tenants_credential(CredentialKind.SESSION, made.access_key, now=clock.now())

    assert kept is not None
    for secret in (made.secret_key, made.token):
        assert secret not in repr(kept)


@pytest.mark.parametrize("wrong", ["", "wrong", "x" * 1000, "\x00", "é"])
async def test_a_wrong_key_or_secret_gets_nothing(sessions: Sessions, account: NewAccount, wrong: str) -> None:
    for access_key, secret_key in ((account.access_key, wrong), (wrong, account.secret_key), (wrong, wrong)):
        with pytest.raises(NotAuthenticated):
            await sessions.make(account.tenant, access_key, secret_key)


async def test_keys_of_different_companies_do_not_combine(
    sessions: Sessions, accounts: Accounts, account: NewAccount
) -> None:
    other = await accounts.add("Other")

    with pytest.raises(NotAuthenticated):
        await sessions.make(other.tenant, account.access_key, account.secret_key)


async def test_a_partys_account_gets_no_session(sessions: Sessions, accounts: Accounts, account: NewAccount) -> None:
    party = await accounts.add_principal(str(account.tenant), "party", Role.PARTY)

    with pytest.raises(NotAllowed):
        await sessions.make(account.tenant, party.access_key, party.secret_key)


async def test_a_session_that_has_ended_is_known_for_a_while(
    sessions: Sessions, account: NewAccount, clock: FakeClock
) -> None:
    made = await sessions.make(account.tenant, account.access_key, account.secret_key)

    now = clock.advance(LIFETIME)

    found = await sessions.find(made.access_key)
    assert found is not None
    assert found.expires_at <= now
    clock.advance(TOLD_FOR)
    assert await sessions.find(made.access_key) is None


async def test_the_company_is_that_of_any_of_its_keys(
    *, sessions: Sessions, accounts: Accounts, account: NewAccount, clock: FakeClock
) -> None:
    second = await accounts.add_principal(str(account.tenant), "second", Role.VIEWER)

    for _ in range(2):
        assert await sessions.company(account.api_key) == account.tenant
        assert await sessions.company(second.api_key) == account.tenant
        for wrong in ("", "x", account.access_key, account.token, "\x00", "é", "x" * 1000):
            assert await sessions.company(wrong) is None
        clock.advance(REMEMBERED_FOR)


async def test_each_account_is_its_own_user_of_the_records(
    sessions: Sessions, accounts: Accounts, account: NewAccount
) -> None:
    second = await accounts.add_principal(str(account.tenant), "second", Role.VIEWER)

    users: list[int] = []
    for one in (account, second, account):
        made = await sessions.make(one.tenant, one.access_key, one.secret_key)
        found = await sessions.find(made.access_key)
        assert found is not None
        users.append(found.user)

    assert users == [1, 2, 1]
