"""Print one e-mail to the 1,000 members of a club, as the door takes it. Its subject is the argument."""

import json
import sys

members = [f"member{number:04}@example.com" for number in range(1000)]
members[500] = "unknown.500@example.com"  # Mistyped: the mail server knows nobody of that name.

body = "<h1>We meet on Monday</h1><p>At eight, in the old mill. The programme is attached.</p>"
batch = {"category": {"id": "NTC-0000-0001"}, "subject": sys.argv[1], "body": body}
print(json.dumps(batch | {"contacts": [{"email": email} for email in members]}, indent=1))
