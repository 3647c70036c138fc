"""The batches of the demo, and what must become of each entry.

What the carrier does is decided by the last digits of a number; see docs/reference/smpp-channel.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from muster.surfaces.workflow_batches.wire import Header, NewBatch, NewEntry, Payload, UseTemplate

SIZE = 10_000
_EACH = 100
"""Of every hundred entries one is bad, one opted out, and so on."""
_BAD, _OUT, _REFUSED, _LATER, _BOUNCED = 13, 27, 41, 55, 69


class Plan(msgspec.Struct, frozen=True):
    """A batch and the states its entries must end in. A crash may turn some of `sent` into `unknown`."""

    body: Mapping[str, Any]
    states: Mapping[str, int]


def refund_template() -> Mapping[str, Any]:
    """The template `Refund` of the vendor's sample."""
    steps = [
        {"name": "notification", "input": {"preDefined": {"introductoryMessage": "Collect it here:"}}},
        {"name": "customer-account"},
        {"name": "financial-account", "input": {"preDefined": {"financialAccountSubType": "DEBIT"}}},
    ]
    return {"name": "Refund", "displayName": "Refund", "definition": {"steps": steps}}


def seed_batch() -> Mapping[str, Any]:
    """The vendor's sample request, with the brace it lacks."""
    people = (("John", "+16471234567"), ("Jane", "+15551231234"))
    entries = [
        NewEntry(
            title=f"Send a refund to {name} Doe",
            expiry_in_hours=2,
            customer_memo=f"Hi {name} Doe, this is a refund for your recent order.",
            parameters={"phoneNumber": number},
        )
        for name, number in people
    ]
    return _batch(entries, key="27a36bda-1aa6-6582-12ac-c3f287a33c7a")


def big_batch() -> Plan:
    """Ten thousand refunds, some of which cannot go through."""
    states = Counter(_fate(i) for i in range(SIZE))
    entries = [
        NewEntry(
            title=f"Send refund {i}",
            customer_memo=f"Refund {i} for your recent order.",
            parameters={"phoneNumber": _number(i)},
        )
        for i in range(SIZE)
    ]
    return Plan(_batch(entries, key=f"demo-{SIZE}"), states)


def _batch(entries: Sequence[NewEntry], *, key: str) -> Mapping[str, Any]:
    header = Header(
        use_template=UseTemplate(template_name="Refund"), requests_in_batch=len(entries), idempotency_key=key
    )
    body: Mapping[str, Any] = msgspec.to_builtins(NewBatch(header=header, payload=Payload(batch_entries=[*entries])))
    return body


def _fate(i: int) -> str:
    fates = {_BAD: "rejected", _OUT: "suppressed", _REFUSED: "failed", _BOUNCED: "undelivered"}
    return fates.get(i % _EACH, "delivered")


def _number(i: int) -> str:
    endings = {_REFUSED: "0001", _LATER: "0006", _BOUNCED: "0003"}
    if i % _EACH == _BAD:
        return f"12-{i}"
    return f"+1{300 + i // 1000}{i % 1000:03d}{endings.get(i % _EACH, '1212')}"


OPTED_OUT = tuple(_number(i) for i in range(_OUT, SIZE, _EACH))
"""Who must not be reached."""
