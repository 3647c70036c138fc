"""Accounts: a tenant, its service accounts, and what they prove themselves with."""

import secrets
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from muster.catalog.keys import digest
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.tenant import Role, Tenant
from muster.ports.clock import Clock
from muster.ports.store.accounts import Credential, CredentialKind
from muster.ports.store.unit import Store, Transaction

SECRET_BYTES = 32
KEY_BYTES = 15
NAME_LENGTH = 255


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is shown once, when it is made: the secrets cannot be read again."""

    account_id: UUID
    tenant: TenantId
    principal: PrincipalId
    role: Role
    token: str
    """A bearer token that does not expire."""
    api_key: str
    api_secret: str
    access_key: str
    secret_key: str


class Accounts:
    """Makes and finds accounts."""

    def __init__(self, store: Store, clock: Clock, new_uuid: Callable[[], UUID], *, seal: Callable[[str], str]) -> None:
        """`seal` encrypts a secret that must be readable again (the one that signs requests)."""
        self._store = store
        self._clock = clock
        self._new_uuid = new_uuid
        self._seal = seal

    async def add(self, name: str, role: Role = Role.OWNER) -> NewAccount:
        """Make a tenant with one service account. Raises NameTaken, BadInput."""
        _check_name(name)
        account_id = self._new_uuid()
        async with self._store.begin() as tx:
            tenant = await tx.accounts.across_tenants_add(account_id=account_id, name=name, at=self._clock.now())
            return await self._equip(tx, tenant, account_id, name=name, role=role)

    async def add_principal(self, tenant_name: str, name: str, role: Role) -> NewAccount:
        """Make one more service account of a tenant, named by name, account id or number. Raises NotFound, BadInput."""
        _check_name(name)
        async with self._store.begin() as tx:
            tenant = await tx.accounts.across_tenants_find(tenant_name)
            return await self._equip(tx, tenant.number, tenant.account_id, name=name, role=role)

    async def find(self, name_or_id: str) -> Tenant:
        """The tenant with this name, account id or number. Raises NotFound."""
        async with self._store.read() as tx:
            return await tx.accounts.across_tenants_find(name_or_id)

    async def all(self) -> Sequence[Tenant]:
        """Every tenant, oldest first."""
        async with self._store.read() as tx:
            return await tx.accounts.across_tenants_all()

    async def _equip(self, tx: Transaction, tenant: TenantId, account_id: UUID, *, name: str, role: Role) -> NewAccount:
        made = NewAccount(
            account_id=account_id,
            tenant=tenant,
            principal=PrincipalId(self._new_uuid()),
            role=role,
            token=new_secret(),
            api_key=_new_key(),
            api_secret=new_secret(),
            access_key=_new_key(),
            secret_key=new_secret(),
        )
        now = self._clock.now()
        await tx.accounts.add_principal(tenant, made.principal, name, role=role, at=now)
        for credential in self._credentials(made):
            await tx.accounts.add_credential(tenant, credential, at=now)
        return made

    def _credentials(self, made: NewAccount) -> Sequence[Credential]:
        who = made.principal
        return (
            Credential(kind=CredentialKind.TOKEN, name=digest(made.token), principal=who),
            Credential(
                kind=CredentialKind.API_KEY, name=made.api_key, principal=who, secret_hash=digest(made.api_secret)
            ),
            Credential(
                kind=CredentialKind.ACCESS_KEY,
                name=made.access_key,
                principal=who,
                sealed_secret=self._seal(made.secret_key),
            ),
        )


def new_secret() -> str:
    """256 random bits in characters that fit a header and a URL."""
    return secrets.token_urlsafe(SECRET_BYTES)


def _new_key() -> str:
    return secrets.token_hex(KEY_BYTES)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        message = f"must have 1 to {NAME_LENGTH} printable characters"
        raise BadInput(f"The name {message}", [Fault("name", "LENGTH_OUT_OF_RANGE", message)])
