"""A new batch: from the vendor's body to what intake takes."""

import msgspec

from muster.domain.ids import TemplateId
from muster.kinds.workflow_batches.entries import Draft
from muster.surfaces.bodies import is_array
from muster.surfaces.workflow_batches.translate.fields import (
    INVALID_TYPE,
    MOST_FAULTS,
    OUT_OF_RANGE,
    REQUIRED,
    Faults,
)
from muster.surfaces.workflow_batches.wire import KEY_HEADER, LONGEST_KEY, MOST_ENTRIES, SHORTEST_KEY

_LENGTH = (SHORTEST_KEY, LONGEST_KEY)


class BatchOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A new batch as its sender means it."""

    template: TemplateId | str
    """By id, or by exact name."""
    idempotency_key: str | None
    drafts: list[Draft]


def read_order(body: dict[str, object], key_header: str | None) -> BatchOrder:
    """What the body asks for. Raises BadInput with every fault; what is wrong inside an entry is none."""
    faults = Faults()
    header = faults.an_object(body.get("header"), "header") or {}
    payload = faults.an_object(body.get("payload"), "payload")
    template = _template(header.get("useTemplate"), faults) if "header" in body else None
    key = faults.a_text(header.get("idempotencyKey"), "header.idempotencyKey", length=_LENGTH)
    if header.get("idempotencyKey") is None and key_header is not None:
        key = faults.a_text(key_header, KEY_HEADER, length=_LENGTH)
    drafts = _drafts(payload.get("batchEntries"), faults) if payload is not None else None
    if header:
        _check_count(header.get("requestsInBatch"), drafts, faults)
    faults.refuse()
    return BatchOrder(template=template or "", idempotency_key=key, drafts=drafts or [])


def _template(value: object, faults: Faults) -> TemplateId | str | None:
    path = "header.useTemplate"
    use = faults.an_object(value, path)
    if use is None:
        return None
    name, identity = use.get("templateName"), use.get("templateId")
    if name is not None and identity is not None:
        faults.add(path, "MUTUALLY_EXCLUSIVE", "templateName and templateId exclude each other")
        return None
    if name is None and identity is None:
        faults.add(path, REQUIRED, "one of templateName, templateId is required")
        return None
    if identity is not None:
        found = faults.a_uuid(identity, f"{path}.templateId")
        return None if found is None else TemplateId(found)
    return faults.a_text(name, f"{path}.templateName", length=(1, 255))


def _drafts(value: object, faults: Faults) -> list[Draft] | None:
    path = "payload.batchEntries"
    if not is_array(value):
        if value is None:
            faults.add(path, REQUIRED, "is required")
        else:
            faults.add(path, INVALID_TYPE, "must be an array")
        return None
    if len(value) > MOST_ENTRIES:
        # The count is at fault, or contradicts this: `_check_count` says so, and nothing more need be read.
        return [Draft()] * len(value)
    strange = [index for index, entry in enumerate(value) if type(entry) is not dict]
    for index in strange[:MOST_FAULTS]:
        faults.add(f"{path}[{index}]", INVALID_TYPE, "must be an object")
    if strange:
        return None
    entries: list[dict[str, object]] = value  # type: ignore[assignment]  # every one is a dict, as just checked
    return [Draft(e.get("title"), e.get("expiryInHours"), e.get("customerMemo"), e.get("parameters")) for e in entries]


def _check_count(value: object, drafts: list[Draft] | None, faults: Faults) -> None:
    path = "header.requestsInBatch"
    if value is None:
        faults.add(path, REQUIRED, "is required")
    elif not isinstance(value, int) or isinstance(value, bool):
        faults.add(path, INVALID_TYPE, "must be an integer")
    elif not 1 <= value <= MOST_ENTRIES:
        faults.add(path, OUT_OF_RANGE, f"must be between 1 and {MOST_ENTRIES}")
    elif drafts is not None and len(drafts) != value:
        faults.add(path, "COUNT_MISMATCH", f"is {value}, but payload.batchEntries holds {len(drafts)}")
