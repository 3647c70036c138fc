"""A server with its carrier in this process, so that its clock can be moved; and phones to open links with."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from muster.app.node import Node
from muster.app.settings import load
from muster.app.wiring import Core, bring_up_to_date
from muster.domain.ids import TenantId
from muster.drill.smsc.options import SmscOptions
from muster.drill.smsc.people import Said
from muster.drill.smsc.server import Smsc
from muster.drill.stage import Client, free_port

AXE = Path(__file__).parents[1] / "peers" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
BATCHES, WORKFLOWS = "/v2/linx/workflow-batches", "/v2/linx/workflows"
_LINK = re.compile(r"http://\S+/l/\S+")
_PATIENCE = 30


class MovedClock:
    """Fulfils ports.clock: the machine's time, moved by what a test says."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        """The machine's time, moved."""
        return datetime.now(UTC) + self.by  # noqa: TID251 - this is a clock


class Premises:
    """The server, its carrier, and one account that sends over it."""

    def __init__(self, core: Core, tenant: TenantId, *, smsc: Smsc, clock: MovedClock, client: Client) -> None:
        self.core = core
        self.tenant = tenant
        self.smsc = smsc
        self.clock = clock
        self.client = client

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncGenerator["Premises"]:
        """Start everything; stop it at the end."""
        flags = {"data": folder, "port": free_port()}
        settings = load(environment={"MUSTER_UPKEEP_SECONDS": "0.05"}, flags=flags)
        await bring_up_to_date(settings)
        clock = MovedClock()
        core = Core(settings, clock)
        async with Smsc(SmscOptions(receipt_after=0.01)) as smsc:
            made = await core.accounts.add("Northwind Refunds")
            options = {"host": "127.0.0.1", "port": str(smsc.port), "system_id": "browser"}
            await core.channels.add(made.tenant, "smpp", options)
            node = Node(core, http=True, work=True)
            running = asyncio.create_task(node.run())
            client = Client(settings.address, made.token)
            try:
                yield cls(core, made.tenant, smsc=smsc, clock=clock, client=client)
            finally:
                await client.close()
                node.stop()
                await running
                await core.close()

    async def template(self, name: str, steps: Sequence[Mapping[str, object]]) -> str:
        """Make a template; its id."""
        body = {
            "name": name,
            "displayName": name,
            "customerMemo": "Your refund is ready.",
            "definition": {"steps": steps},
        }
        made = await self.client.call("POST", "/v2/linx/templates", body)
        return str(made["templateId"])

    async def batch(self, template: str, *entries: Mapping[str, object]) -> str:
        """Hand over a batch; its id."""
        header = {"useTemplate": {"templateName": template}, "requestsInBatch": len(entries)}
        body = {"header": header, "payload": {"batchEntries": entries}}
        return str((await self.client.call("POST", BATCHES, body))["batchId"])

    async def counts(self, batch: str) -> dict[str, int]:
        """The batch's counts that are not zero, by the first part of their names."""
        found = await self.client.call("GET", f"{BATCHES}/{batch}")
        ending = "RequestsCount"
        return {name.removesuffix(ending): n for name, n in found.items() if name.endswith(ending) and n}

    async def workflow_of(self, batch: str, position: int) -> str:
        """The id of the workflow of one entry."""
        entries = await self.client.entries(f"{BATCHES}/{batch}/entries")
        return str(entries[position]["id"])

    async def workflow(self, workflow: str) -> Any:  # noqa: ANN401 - decoded JSON
        """One workflow as the door shows it."""
        return await self.client.call("GET", f"{WORKFLOWS}/{workflow}")

    def texts(self, phone: str) -> list[str]:
        """What the carrier was given for a number, oldest first."""
        return [one.text for one in self.smsc.taken if one.destination.lstrip("+") == phone.lstrip("+")]

    async def text(self, phone: str, *, number: int = 1) -> str:
        """The `number`th text to a phone, once it is there."""
        async with asyncio.timeout(_PATIENCE):
            while len(self.texts(phone)) < number:
                await asyncio.sleep(0.02)
        return self.texts(phone)[number - 1]

    async def link(self, phone: str) -> str:
        """The link in the first text to a phone."""
        found = _LINK.search(await self.text(phone))
        assert found is not None
        return found[0]

    def reply(self, phone: str, text: str) -> None:
        """Let a person text back."""
        self.smsc.hear(Said(sender=phone, text=text))


async def a_phone(browser: Browser, *, language: str = "en-US", dark: bool = False) -> Page:
    """A phone's browser without JavaScript."""
    context = await browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        java_script_enabled=False,
        locale=language,
        color_scheme="dark" if dark else "light",
    )
    context.set_default_timeout(10_000)
    return await context.new_page()


async def serious_faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands: rule and element of all that is serious or critical."""
    assert page.context.browser is not None
    # The page itself runs without JavaScript and forbids foreign scripts: the judge looks at a copy.
    context = await page.context.browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, bypass_csp=True
    )
    try:
        copy = await context.new_page()
        html = (await page.content()).replace("<head>", f'<head><base href="{page.url}">', 1)
        html = re.sub(r'<meta http-equiv="refresh"[^>]*>', "", html)
        await copy.goto("/".join([*page.url.split("/")[:3], "health", "live"]))
        await copy.set_content(html, wait_until="load")
        await copy.add_script_tag(path=AXE)
        found: dict[str, Any] = await copy.evaluate("axe.run()")
    finally:
        await context.close()
    return [
        f"{fault['id']}: {node['html']}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


async def shot(page: Page, name: str) -> None:
    """Keep a picture of the page where MUSTER_TEST_SCREENSHOTS names a folder."""
    folder = os.environ.get("MUSTER_TEST_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
