"""Attachments: what is known of one, and its content."""

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from muster.domain.errors import NotFound
from muster.domain.ids import AttachmentNumber, MailingNumber
from muster.surfaces.access import Call
from muster.surfaces.notifications.documentation import answering, refusals
from muster.surfaces.notifications.routes.door import Caller, Id, Operation, TheDoor, doing
from muster.surfaces.notifications.translate.batches import render_attachment
from muster.surfaces.notifications.translate.downloads import headers_of, make_link, read_link
from muster.surfaces.notifications.translate.ids import Prefix, read
from muster.surfaces.notifications.translate.wording import missing
from muster.surfaces.notifications.wire import batches as wire
from muster.surfaces.notifications.wire.paths import ATTACHMENT, DOWNLOADS

_MOVED = 301
_JSON = "application/json"


@get(
    ATTACHMENT,
    opt=doing(Operation.READ_ATTACHMENTS),
    summary="Retrieve an attachment, or what is known of it",
    responses={
        **answering(200, wire.Attachment),
        _MOVED: ResponseSpec(None, description="To the content; the link is good for five minutes"),
        **refusals(404),
    },
)
async def get_attachment(
    *, batch_id: Id, attachment_id: Id, request: Call, door: TheDoor, acting: Caller
) -> Response[object]:
    """With `Accept: application/json` its description, otherwise the way to its content."""
    mailing, number = read(Prefix.BATCH, batch_id) or 0, read(Prefix.ATTACHMENT, attachment_id) or 0
    with missing("Attachment", attachment_id):
        found = await door.shelves.attachment(acting, MailingNumber(mailing), AttachmentNumber(number))
    if _first_accepted(request.headers.get("accept", "")) == _JSON:
        return Response(render_attachment(found), headers={"Vary": "Accept"}, media_type=f"{_JSON}; charset=utf-8")
    link = make_link(door.link_key, found.enclosure, now=door.clock.now())
    headers = {"Location": f"{DOWNLOADS}/{link}", "Cache-Control": "no-store", "Vary": "Accept"}
    return Response(b"", status_code=_MOVED, headers=headers, media_type="text/plain")


@get(f"{DOWNLOADS}/{{link:str}}", include_in_schema=False)
async def download(link: Id, door: TheDoor) -> Response[bytes]:
    """The content of an attachment, for whoever holds a link that is still good."""
    file = read_link(door.link_key, link, now=door.clock.now())
    if file is None:
        raise NotFound("This link is not good, or not any more")
    return Response(await door.files.get(file.key), headers=headers_of(file), media_type=file.content_type)


HANDLERS = (get_attachment, download)


def _first_accepted(accept: str) -> str:
    return accept.partition(",")[0].partition(";")[0].strip().lower()
