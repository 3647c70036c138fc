"""Signatures, against the library that receivers use."""

from datetime import UTC, datetime, timedelta
from time import time
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from muster.domain.event import Event, EventType
from muster.domain.ids import TenantId
from muster.events.signing import headers, message_id, secret_of
from muster.events.standard import envelope, public_type
from muster.ports.store.endpoints import Endpoint, EndpointState, SigningSecret


def present() -> datetime:
    """The whole second it is: receivers refuse what is older than five minutes, and a run of the suite takes longer."""
    return datetime.fromtimestamp(int(time()), UTC)


def signing_with(*secrets: SigningSecret) -> Endpoint:
    return Endpoint(
        id=uuid4(),
        tenant=TenantId(1),
        url="https://example.com/",
        description="",
        types=(),
        secrets=secrets,
        state=EndpointState.ACTIVE,
        created_at=present(),
    )


@given(key=st.binary(min_size=24, max_size=64), text=st.text())
def test_whatever_is_signed_verifies_with_its_secret(key: bytes, text: str) -> None:
    endpoint = signing_with(SigningSecret(secret_of(key)))

    signed = headers(endpoint, "msg_1", text.encode(), at=present())

    Webhook(secret_of(key)).verify(text.encode(), signed, json_parse=False)


def test_a_changed_body_or_another_secret_does_not_verify() -> None:
    signed = headers(signing_with(SigningSecret(secret_of(b"k" * 32))), "msg_1", b"{}", at=present())

    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(b"k" * 32)).verify(b"{ }", signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_of(b"x" * 32)).verify(b"{}", signed)


def test_a_secret_whose_time_is_over_signs_no_more() -> None:
    until = present()
    endpoint = signing_with(SigningSecret(secret_of(b"n" * 32)), SigningSecret(secret_of(b"o" * 32), until))

    before = headers(endpoint, "msg_1", b"{}", at=until - timedelta(seconds=1))
    after = headers(endpoint, "msg_1", b"{}", at=until)

    assert len(before["webhook-signature"].split()) == 2
    assert len(after["webhook-signature"].split()) == 1


def test_the_message_has_the_same_id_every_time_and_another_for_every_endpoint_and_event() -> None:
    one, other = uuid4(), uuid4()

    assert message_id(one, 7) == message_id(one, 7)
    assert len({message_id(one, 7), message_id(other, 7), message_id(one, 8)}) == 3


def test_the_envelope_is_the_same_bytes_every_time() -> None:
    event = Event(
        sequence=1,
        tenant=TenantId(1),
        type=EventType.BATCH_COMPLETED,
        batch=None,
        body='{"total":1}',
        created_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    )

    assert envelope(event, "msg_1") == (
        b'{"id":"msg_1","type":"batch.completed","timestamp":"2026-03-02T09:00:00Z","data":{"total":1}}'
    )


def test_types_are_spelled_with_dots_outside() -> None:
    assert all(":" not in public_type(type_) for type_ in EventType)
