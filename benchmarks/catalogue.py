"""A record store to measure: one template as catalogues of films have it, records as clients write them, a session."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import asyncpg

from benchmarks.house import House
from muster.domain.ids import TenantId
from muster.records.configuring.blueprint import read_blueprint
from muster.surfaces.record_batches.wire import auth

CATALOG_ITEM = 1
GENRES, COUNTRIES = 20, 100
"""How many values the lists have, from 1 on: `Genre 1`, `Country 1`."""
FIRST_YEAR, YEARS = 1950, 75
TEMPLATES = (1, 2, 3, 4)
STATUSES = (1, 2, 3, 4, 5, 6, 7, 8)


def blueprint() -> bytes:
    """The configuration: four templates with the same fields, eight statuses, two lists."""
    actions = ", ".join(str(n) for n in STATUSES)
    statuses = ", ".join(f'{{ id = {n}, name = "Status {n}", actions = [{actions}] }}' for n in STATUSES)
    moves = ", ".join(f'{{ id = {n}, name = "To {n}", to = {n}, initial = {str(n == 1).lower()} }}' for n in STATUSES)
    templates = "\n".join(_template("catalog-item", n, _FIELDS) for n in TEMPLATES)
    return f"""
company_currency = "USD"
[[lists]]
id = 1
name = "Genre"
values = [{_values("Genre", GENRES)}]
[[lists]]
id = 2
name = "Country"
values = [{_values("Country", COUNTRIES)}]
[[processes]]
id = 1
name = "Items"
statuses = [{statuses}]
actions = [{moves}]
{templates}
{_template("deal", 12, _NOTE)}
""".encode()


_FIELDS = """
release_year = "year"
genre = { list = "Genre", multiple = true }
country = { list = "Country" }
notes = "text"
rating = "number"
budget = "money"
delivered = "date"
director = { max_length = 200 }
"""
_NOTE = 'note = "text"'


def _template(path: str, number: int, fields: str) -> str:
    return (
        f'[[templates]]\ntype = "{path}"\nid = {number}\nname = "Template {number}"\nprocess = 1\n'
        f"[templates.fields]\n{fields}"
    )


def _values(name: str, count: int) -> str:
    return ", ".join(f'{{ id = {n}, label = "{name} {n}" }}' for n in range(1, count + 1))


def draft(i: int) -> Mapping[str, object]:
    """The `i`th record as a client writes it: eight fields, among them a list, money and a date."""
    genres = sorted({1 + i % GENRES, 1 + i * 7 % GENRES})
    return {
        "title": f"The {i}th Storm over the City",
        "template": {"templateId": TEMPLATES[i % len(TEMPLATES)]},
        "characteristics": {
            "release_year": FIRST_YEAR + i % YEARS,
            "genre": [{"id": one, "value": f"Genre {one}"} for one in genres],
            "country": f"Country {1 + i * 13 % COUNTRIES}",
            "notes": f"Restored from the negative in {FIRST_YEAR + i % YEARS}; elements are kept in vault {i % 97}.",
            "rating": (i * 31 % 100) / 10,
            "budget": {"locAmt": 1000 * (i % 5000) + 0.5, "locCur": "USD"},
            "delivered": f"{2000 + i % 24}-{1 + i % 12:02}-{1 + i % 28:02}",
            "director": f"Director {i * 17 % 5000}",
        },
        "referenceId": f"item-{i}",
    }


class Rented:
    """A tenant of the house whose record store is configured, and how it calls."""

    def __init__(self, tenant: TenantId, user: int, headers: Mapping[str, str]) -> None:
        self.tenant = tenant
        self.user = user
        self.headers = headers


async def rent(home: House, name: str = "Bench") -> Rented:
    """Make the account, configure its record store, and begin a session."""
    async with home.core() as core:
        made = await core.accounts.add(name)
        await core.records.configuration.configure(
            made.tenant, read_blueprint(blueprint(), form="toml"), made.principal
        )
        session = await core.records.sessions.make(made.tenant, made.access_key, made.secret_key)
        async with core.store.begin() as tx:
            user = await tx.record_settings.user(made.tenant, made.principal)
    headers = {auth.API_KEY: made.api_key, auth.AUTHENTICATION: session.token, "Content-Type": "application/json"}
    return Rented(made.tenant, user, headers)


def calling(home: House, rented: Rented) -> aiohttp.ClientSession:
    """An HTTP client of the tenant."""
    return aiohttp.ClientSession(home.url, headers=rented.headers)


@asynccontextmanager
async def database() -> AsyncGenerator[tuple[str, str] | None]:
    """A new database on the PostgreSQL server that is named, and the server's version; None where none is named."""
    server = os.environ.get("MUSTER_TEST_POSTGRES", "")
    if not server:
        yield None
        return
    name = f"bench_{uuid4().hex[:12]}"
    chief = await asyncpg.connect(server)
    try:
        version = str(await chief.fetchval("SHOW server_version")).split()[0]
        await chief.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}", version
        finally:
            await chief.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await chief.close()
