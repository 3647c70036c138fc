"""Temporary credentials."""

from http import HTTPStatus

from litestar import Response, post

from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits
from muster.surfaces.record_batches.documentation import BODY, answering, refusals, taking
from muster.surfaces.record_batches.gate import unguarded
from muster.surfaces.record_batches.routes.door import TheDoor
from muster.surfaces.record_batches.translate.bodies import Fields, read_fields
from muster.surfaces.record_batches.wire.auth import KeyPair, TemporaryCredentials, moment
from muster.surfaces.record_batches.wire.paths import PREFIX
from muster.surfaces.record_batches.wire.problems import Refused

_MOST_BYTES = 16_384
"""More than any two keys: who asks for credentials is not known yet."""


@post(
    f"{PREFIX}/auth/temporary-credentials",
    summary="Exchange an access key for temporary credentials",
    status_code=HTTPStatus.OK,
    opt=unguarded(),
    operation_class=taking(KeyPair),
    responses=answering(TemporaryCredentials) | refusals(*BODY),
)
async def temporary_credentials(request: Call, door: TheDoor) -> Response[TemporaryCredentials]:
    """A new key pair and a session token, good for one hour. Not signed; needs the company key."""
    tenant = await door.gate.knock(request)
    most = min(_MOST_BYTES, door.limits.body_bytes)
    fields = await read_fields(request, Limits(body_bytes=most, body_seconds=door.limits.body_seconds))
    made = await door.gate.exchange(tenant, _required(fields, "accessKey"), _required(fields, "secretKey"))
    answer = TemporaryCredentials(
        access_key=made.access_key,
        secret_key=made.secret_key,
        session_token=made.token,
        expiration=moment(made.expires_at),
    )
    return Response(answer, headers={"Cache-Control": "no-store"})


def _required(fields: Fields, name: str) -> str:
    text = fields.text(name)
    if not text:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{name} is required.")
    return text


HANDLERS = (temporary_credentials,)
