"""Print a batch of 100 refunds. Its name, the argument, is its idempotency key: sent again, it changes nothing."""

import json
import sys

FROM = "5f0c7a52-6a0e-4c39-9d0b-6f2f1c8e7a10"  # The shop's own account, as the payment service calls it.


def refund(number: int) -> dict[str, object]:
    """One entry of the batch; the phone numbers are among those that belong to nobody."""
    amount, phone = f"{number + 5}.50", f"+1647555{number + 100:04}"
    memo = f"Hello! Order {number + 1000} was cancelled, and we owe you ${amount}."
    parameters = {"phoneNumber": phone, "baFinancialAccountId": FROM, "amount": amount}
    return {"title": f"Refund for order {number + 1000}", "customerMemo": memo, "parameters": parameters}


template = {"templateName": "Refund to a bank account"}
header = {"useTemplate": template, "requestsInBatch": 100, "idempotencyKey": sys.argv[1]}
print(json.dumps({"header": header, "payload": {"batchEntries": [refund(n) for n in range(100)]}}, indent=2))
