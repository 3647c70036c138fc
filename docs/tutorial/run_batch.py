"""Hand over the batch on standard input, wait until it has ended, and print one line for each thing in it."""

import json
import sys
import time
from http import HTTPStatus

from signed_call import call

status, text = call("POST", "/batch", sys.stdin.buffer.read())
if status != HTTPStatus.ACCEPTED:
    sys.exit(text)
batch = json.loads(text)
while "batchResults" not in batch:
    time.sleep(0.2)
    batch = json.loads(call("GET", f"/batch/{batch['batchId']}")[1])

print(f"Batch {batch['batchId']}: {batch['batchStatus']}")
results = batch["batchResults"]
for char_type, outcomes in [*results["records"].items(), ("relationship", results["relationships"])]:
    for one in outcomes:
        print(f"  {char_type}/{one['id']}  {one['code']}  {one['message']}")
