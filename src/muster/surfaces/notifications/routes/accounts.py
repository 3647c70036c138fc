"""Whom a batch for an account about a category reaches."""

from litestar import get
from litestar.response.base import ASGIResponse

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.ids import CategoryNumber, PartyNumber
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals
from muster.surfaces.notifications.routes.collections import answer, of_recipients
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.ids import Prefix, read
from muster.surfaces.notifications.translate.wording import detail_of
from muster.surfaces.notifications.wire import contacts as wire
from muster.surfaces.notifications.wire.paths import ACCOUNTS


@get(
    f"{ACCOUNTS}/{{account_id:str}}/categories/{{category_id:str}}/contacts",
    summary="List the contacts of an account for a category",
    opt=doing(Operation.READ_RECIPIENTS),
    responses=answering(200, wire.Contacts) | refusals(400, 406, 413),
)
async def find_recipients(
    *, request: Call, door: TheDoor, acting: Caller, account_id: Id, category_id: Id
) -> ASGIResponse:
    """Those whose users are recipients of the subscriber; `filter(group.buyers.id,BUY-…)` leaves those of a buyer.

    None while the category is not published or the subscriber is disabled.
    """
    party = PartyNumber(read(Prefix.ACCOUNT, account_id) or 0)
    category = CategoryNumber(read(Prefix.CATEGORY, category_id) or 0)
    ids = {
        "account.id": f"Account with id '{account_id[:100]}'",
        "category.id": f"Category with id '{category_id[:100]}'",
    }
    try:
        recipients = of_recipients(door.shelves, acting, party=party, category=category)
        return await answer(request, recipients, turns=door.turns)
    except BadInput as error:
        if type(error) is not BadInput:  # one that has an answer of its own
            raise
        told = [
            Fault(fault.path, fault.code, f"{ids[fault.path]} not found") if fault.code == "not_found" else fault
            for fault in error.faults
        ]
        raise BadInput(detail_of(told), told) from None


HANDLERS = (find_recipients,)
