"""`make demo`, as a stranger runs it."""

import asyncio
import sys

import pytest

from muster.drill.plan import SIZE


@pytest.mark.slow
async def test_the_demo_accounts_for_every_entry() -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "muster.drill.demo", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    shown = (await demo.communicate())[0].decode()
    assert demo.returncode == 0, shown
    assert f"{SIZE:,} entries handed over" in shown
    assert "Every entry is accounted for" in shown
    assert "completed 20, declined 3" in " ".join(shown.split())
