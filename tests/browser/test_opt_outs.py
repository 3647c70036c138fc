"""A reader of an e-mail with a real browser: from the link in its foot to choices that hold."""

from playwright.async_api import Browser, expect

from muster.domain.ids import ContactNumber
from muster.kinds.notifications.opt_out import Tokens, Wish
from tests.browser.premises import Premises, a_phone, serious_faults, shot
from tests.fakes.marketplace import ANN, MANDATORY, OLA, OPEN, furnish


async def a_link(premises: Premises, *, contact: ContactNumber = ANN) -> str:
    """What stands in the foot of a message about orders."""
    core = premises.core
    async with core.store.begin() as tx:
        await furnish(tx, premises.tenant, core.clock, principals={})
    token = Tokens(core.link_key).of(Wish(premises.tenant, contact, OPEN))
    return f"{core.settings.opt_outs_begin}/{token}"


async def opted_out(premises: Premises, *, contact: ContactNumber = ANN) -> set[int]:
    async with premises.core.store.read() as tx:
        return set((await tx.contacts.get(premises.tenant, contact)).opt_outs)


async def test_a_reader_opts_out_with_one_tap_and_comes_back(browser: Browser, premises: Premises) -> None:
    page = await a_phone(browser)
    await page.goto(await a_link(premises))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your e-mail preferences")
    assert await serious_faults(page) == []
    await shot(page, "opt-out")
    assert await opted_out(premises) == set()

    await page.get_by_role("button", name="Stop e-mails about “Orders”").tap()
    await expect(page.get_by_role("status")).to_have_text("Your choices are saved.")
    assert await opted_out(premises) == {OPEN}
    assert await serious_faults(page) == []

    await page.get_by_label("Orders").check()
    await page.get_by_role("button", name="Save my choices").tap()
    await expect(page.get_by_label("Orders")).to_be_checked()
    assert await opted_out(premises) == set()


async def test_it_fits_a_phone_in_the_dark_and_in_spanish(browser: Browser, premises: Premises) -> None:
    page = await a_phone(browser, language="es-MX", dark=True)
    await page.goto(await a_link(premises, contact=OLA))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sus preferencias de correo")
    await shot(page, "opt-out-dark")
    box = await page.locator("main").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert await serious_faults(page) == []
    assert await opted_out(premises, contact=OLA) == {OPEN, MANDATORY}


async def test_a_dead_link_says_so(browser: Browser, premises: Premises) -> None:
    page = await a_phone(browser)
    answer = await page.goto(f"{premises.core.settings.opt_outs_begin}/{'x' * 40}")
    assert answer is not None
    assert answer.status == 404
    assert await serious_faults(page) == []
