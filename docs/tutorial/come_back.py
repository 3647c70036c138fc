"""Play a recipient's mail server: send back an e-mail that was taken before, or complain about it.

python3 docs/tutorial/come_back.py bounce|complain ADDRESS HOST:PORT

Reads `arrivals.jsonl` of the simulated mail server for where the e-mail to ADDRESS came from.
"""

import json
import smtplib
import sys
from pathlib import Path

BOUNCE = """\
From: MAILER-DAEMON@mx.example.com
To: <{back}>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=part

--part
Content-Type: text/plain

I could not deliver your message. There is nobody of that name here.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--part--
"""
COMPLAINT = """\
From: feedback@mx.example.com
To: <{back}>
Subject: Somebody pressed "Spam"
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=part

--part
Content-Type: text/plain

One of our users reported this message.

--part
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: example/1
Version: 1
Original-Mail-From: <{back}>

--part--
"""

what, address, server = sys.argv[1:]
arrivals = [json.loads(line) for line in Path("arrivals.jsonl").read_text(encoding="utf-8").splitlines()]
back = next(one["sender"] for one in reversed(arrivals) if one["recipient"] == address and one["taken"])
host, _, port = server.partition(":")
with smtplib.SMTP(host, int(port)) as muster:
    text = {"bounce": BOUNCE, "complain": COMPLAINT}[what].format(back=back, address=address)
    muster.sendmail("", [back], text)
