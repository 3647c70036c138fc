"""The entries that all scenarios send: one text of one segment each, to numbers nobody has."""

import msgspec

from muster.kinds.workflow_batches.entries import Draft

TEMPLATE = "Refund"


def number(i: int, *, start: int = 0) -> str:
    """The `i`th phone number; two starts that lie far enough apart never meet."""
    return f"+1{2000000000 + start + i}"


def entry(i: int, *, start: int = 0) -> dict[str, object]:
    """The `i`th entry as a client of the door writes it."""
    return {
        "title": f"Send refund {i}",
        "expiryInHours": 48,
        "customerMemo": f"Refund {i} for your recent order.",
        "parameters": {"phoneNumber": number(i, start=start)},
    }


def draft(i: int) -> Draft:
    """The same entry as the door reads it."""
    written = entry(i)
    return Draft(written["title"], written["expiryInHours"], written["customerMemo"], written["parameters"])


def body(entries: int, *, key: str, start: int = 0) -> bytes:
    """A request for that many entries."""
    return msgspec.json.encode(
        {
            "header": {
                "useTemplate": {"templateName": TEMPLATE},
                "requestsInBatch": entries,
                "idempotencyKey": key,
            },
            "payload": {"batchEntries": [entry(i, start=start) for i in range(entries)]},
        }
    )
