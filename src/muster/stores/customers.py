"""Customers of a tenant, and their accounts at banks and card issuers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.ids import CustomerId, TenantId
from muster.ports.store.customers import Customer, CustomerAccount
from muster.stores.bulk import is_sqlite
from muster.stores.vault import Vault
from muster.stores.workflow_tables import customer_accounts, customers


class CustomerTable:
    """The register of a tenant's customers; see ports.store.customers. Tokens of accounts are sealed."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def put(self, tenant: TenantId, customer: Customer, *, at: datetime) -> None:
        """Keep the customer, new or changed."""
        said = {name: getattr(customer, name) for name in customer.__struct_fields__}
        await self._put(customers, {"tenant": tenant, **said}, at=at)

    async def get(self, tenant: TenantId, customer: CustomerId) -> Customer | None:
        """The customer, if the register has them."""
        statement = select(customers).where(customers.c.tenant == tenant, customers.c.id == customer)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            return None
        return Customer(
            id=CustomerId(row.id),
            first_name=row.first_name,
            last_name=row.last_name,
            email=row.email,
            phone=row.phone,
            profile=row.profile,
        )

    async def put_account(self, tenant: TenantId, account: CustomerAccount, *, at: datetime) -> None:
        """Keep the account, new or changed."""
        kept = {
            "id": account.id,
            "customer": account.customer,
            "subtype": account.subtype,
            "label": account.label,
            "sealed_token": self._vault.seal(account.token),
        }
        await self._put(customer_accounts, {"tenant": tenant, **kept}, at=at)

    async def account(self, tenant: TenantId, account: UUID) -> CustomerAccount | None:
        """The account, if the register has it."""
        columns = customer_accounts.c
        statement = select(customer_accounts).where(columns.tenant == tenant, columns.id == account)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            return None
        return CustomerAccount(
            id=row.id,
            customer=None if row.customer is None else CustomerId(row.customer),
            subtype=row.subtype,
            label=row.label,
            token=self._vault.unseal(row.sealed_token),
        )

    async def _put(self, table: Table, row: dict[str, object], *, at: datetime) -> None:
        """Insert the row, or change the one that has its key; the time it was first kept stays."""
        dialect = sqlite if is_sqlite(self._connection) else postgresql
        inserted = dialect.insert(table).values(created_at=at, updated_at=at, **row)
        changed = {name: inserted.excluded[name] for name in (*row, "updated_at") if name not in {"tenant", "id"}}
        await self._connection.execute(inserted.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed))
