"""Who presents a credential."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from muster.catalog.accounts import Accounts, NewAccount, new_secret
from muster.catalog.keys import REMEMBERED_FOR, Keys
from muster.domain.errors import BadInput, NameTaken, NotAuthenticated, NotFound
from muster.domain.tenant import Role
from muster.ports.store.accounts import CredentialKind
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock


@pytest.fixture
def accounts(store: SqlStore, clock: FakeClock) -> Accounts:
    return Accounts(store, clock, uuid4, seal=lambda secret: f"sealed:{secret}")


@pytest.fixture
async def account(accounts: Accounts) -> NewAccount:
    return await accounts.add("Acme")


@pytest.fixture
def keys(store: SqlStore, clock: FakeClock) -> Keys:
    return Keys(store, clock, new_secret)


async def test_the_long_lived_token_of_an_account_names_its_principal(keys: Keys, account: NewAccount) -> None:
    who = await keys.authenticate(account.token)

    assert (who.id, who.tenant, who.role) == (account.principal, account.tenant, Role.OWNER)
    assert who.token
    assert who.token not in account.token


async def test_an_exchanged_token_works_for_its_lifetime_only(
    keys: Keys, account: NewAccount, clock: FakeClock
) -> None:
    token, lifetime = await keys.exchange(account.api_key, account.api_secret)

    clock.advance(timedelta(seconds=lifetime - 1))
    assert (await keys.authenticate(token)).id == account.principal
    clock.advance(timedelta(seconds=1))
    with pytest.raises(NotAuthenticated):
        await keys.authenticate(token)


@pytest.mark.parametrize("spoil", [lambda k, s: (k, s[:-1]), lambda k, s: (k + "x", s), lambda k, _: (k, "")])
async def test_a_wrong_pair_is_refused(
    keys: Keys, account: NewAccount, spoil: Callable[[str, str], tuple[str, str]]
) -> None:
    with pytest.raises(NotAuthenticated):
        await keys.exchange(*spoil(account.api_key, account.api_secret))


async def test_a_known_token_costs_no_query_for_a_few_seconds(
    *, keys: Keys, account: NewAccount, clock: FakeClock, store: SqlStore
) -> None:
    await keys.authenticate(account.token)
    await store.close()

    clock.advance(REMEMBERED_FOR / 2)

    assert (await keys.authenticate(account.token)).id == account.principal


async def test_secrets_are_not_stored_readably(account: NewAccount, store: SqlStore, clock: FakeClock) -> None:
    async with store.read() as tx:
        for kind, name in ((CredentialKind.TOKEN, account.token), (CredentialKind.API_KEY, account.api_key)):
            found = await tx.accounts.across_tenants_credential(kind, name, now=clock.now())
            assert found is None or account.api_secret not in found[1].secret_hash
        signing = await tx.accounts.across_tenants_credential(
            CredentialKind.ACCESS_KEY, account.access_key, now=clock.now()
        )

    assert signing is not None
    assert signing[1].sealed_secret == f"sealed:{account.secret_key}"


async def test_a_tenant_may_have_further_service_accounts(keys: Keys, accounts: Accounts, account: NewAccount) -> None:
    viewer = await accounts.add_principal("Acme", "Watcher", Role.VIEWER)

    who = await keys.authenticate(viewer.token)

    assert (who.tenant, who.role, who.may_write) == (account.tenant, Role.VIEWER, False)
    assert who.id != account.principal


async def test_names_are_taken_once_and_printable(accounts: Accounts, account: NewAccount) -> None:
    with pytest.raises(NameTaken):
        await accounts.add("Acme")
    for name in ("", "x" * 256, "a\nb"):
        with pytest.raises(BadInput):
            await accounts.add(name)
    assert (await accounts.find("Acme")).account_id == account.account_id
    with pytest.raises(NotFound):
        await accounts.find("Nobody")
