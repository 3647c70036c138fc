"""News of messages, for whoever hears of bounces by webhook and not by mail. No call of the vendor's."""

from litestar import Response, post

from muster.domain.ids import MessageNumber
from muster.lookup.shelves import ShelfName
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals, taking
from muster.surfaces.notifications.routes.answers import answer_changed
from muster.surfaces.notifications.routes.bodies import read_json
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.ids import Prefix, read
from muster.surfaces.notifications.translate.reading import Reading
from muster.surfaces.notifications.translate.reports import read_report
from muster.surfaces.notifications.translate.wording import missing
from muster.surfaces.notifications.wire import messages as wire
from muster.surfaces.notifications.wire.paths import MESSAGE_EVENTS
from muster.surfaces.notifications.wire.reports import Report


@post(
    MESSAGE_EVENTS,
    summary="Report what happened to a message",
    opt=doing(Operation.REPORT_ON_MESSAGES),
    operation_class=taking(Report),
    status_code=200,
    responses=answering(200, wire.Message) | refusals(400, 404, 408, 415),
)
async def report_on_message(*, message_id: Id, request: Call, door: TheDoor, acting: Caller) -> Response[bytes]:
    """It bounced for good, met a complaint, or came back. The same told again changes nothing."""
    told = read_report(Reading((await read_json(request, door.limits)).content))
    number = read(Prefix.MESSAGE, message_id) or 0
    with missing("Message", message_id):
        await door.reports.tell(acting.who, MessageNumber(number), told.verdict, reason=told.reason)
    return await answer_changed(door, acting, ShelfName.MESSAGES, number=number)


HANDLERS = (report_on_message,)
