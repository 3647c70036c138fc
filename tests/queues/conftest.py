"""A database of its own for each test of the shared queue."""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from pgqueuer.adapters.connections import connect_asyncpg

from muster.queues.postgres import install


@pytest.fixture
async def queue_dsn() -> AsyncIterator[str]:
    """Give the URL of a fresh database that holds the queue's tables and nothing else."""
    server = os.environ.get("MUSTER_TEST_POSTGRES")
    if server is None:
        if "CI" in os.environ:
            pytest.fail("MUSTER_TEST_POSTGRES must be set in CI")
        pytest.skip("MUSTER_TEST_POSTGRES is not set")
    name = f"queue_{uuid4().hex}"
    async with connect_asyncpg(server) as admin:
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            dsn = f"{server.rpartition('/')[0]}/{name}"
            await install(dsn)
            yield dsn
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
