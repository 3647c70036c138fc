"""Bounces and complaints as servers really write them."""

from uuid import UUID

from muster.channels.smtp.verp import Returned, make
from muster.domain.ids import ChannelId, TenantId

KEY = b"the key of return paths"
ENTRY = UUID("0196f0c0-1111-7abc-8def-0123456789ab")


def a_return_path(*, tenant: int = 1, channel: int = 2, attempt: int = 1, entry: UUID = ENTRY, key: bytes = KEY) -> str:
    """The local part that names a letter."""
    returned = Returned(tenant=TenantId(tenant), channel=ChannelId(channel), entry=entry, attempt=attempt)
    made = make(key, returned)
    assert made is not None
    return made


def a_dsn(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ana@example.com>: Recipient address rejected: User unknown",
    words: str = "I'm sorry to have to inform you that your message could not be delivered.",
) -> bytes:
    """A delivery status notification as Postfix makes it."""
    told = f"Final-Recipient: rfc822; ana@example.com\nAction: {action}\n"
    told += f"Status: {status}\n" if status else ""
    told += f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    return f"""\
Return-Path: <>
Date: Mon, 1 Jun 2026 10:00:00 +0200 (CEST)
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {a_return_path()}@bounces.example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4B1C220A3F.1780300800/mx.example.com"
Content-Transfer-Encoding: 8bit
Message-Id: <20260601080000.5A3F220B11@mx.example.com>

This is a MIME-encapsulated message.

--4B1C220A3F.1780300800/mx.example.com
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.example.com.

{words}

                   The mail system

--4B1C220A3F.1780300800/mx.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
X-Postfix-Queue-ID: 4B1C220A3F
Arrival-Date: Mon, 1 Jun 2026 10:00:00 +0200 (CEST)

{told}Remote-MTA: dns; mail.example.com

--4B1C220A3F.1780300800/mx.example.com
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: news@example.org
To: ana@example.com
Subject: Version 5.2.2 of our price list

Hello
--4B1C220A3F.1780300800/mx.example.com--
""".encode()


EXIM = b"""\
From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: b-x@bounces.example.org
Auto-Submitted: auto-replied
X-Failed-Recipients: ana@example.com
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1wAbcD-0001Xy-2z@mail.example.net>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ana@example.com
    host mx.example.com [192.0.2.25]
    SMTP error from remote mail server after RCPT TO:<ana@example.com>:
    550 5.1.1 <ana@example.com>: User unknown in virtual mailbox table

------ This is a copy of the message, including all the headers. ------

From: news@example.org
Subject: 552 5.2.2 in the subject

Hello
"""

EXIM_FULL = EXIM.replace(
    b"550 5.1.1 <ana@example.com>: User unknown in virtual mailbox table", b"mailbox is full: quota"
)

QMAIL = b"""\
Date: 1 Jun 2026 10:00:00 -0000
From: MAILER-DAEMON@qmail.example.net
To: b-x@bounces.example.org
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ana@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <b-x@bounces.example.org>
Subject: (#5.2.2)

Hello
"""

EXCHANGE = b"""\
From: <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>
To: <b-x@bounces.example.org>
Date: Mon, 1 Jun 2026 08:00:00 +0000
Content-Type: multipart/report; report-type=delivery-status;\tboundary="b1_outer"
Subject: Undeliverable: Hello
Auto-Submitted: auto-replied
MIME-Version: 1.0

--b1_outer
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="b2_inner"

--b2_inner
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to ana@example.com couldn't be delivered.=20

--b2_inner
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Your message couldn't be delivered.</body></html>

--b2_inner--

--b1_outer
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01.example.com
Received-From-MTA: dns;mail.example.org
Arrival-Date: Mon, 1 Jun 2026 08:00:00 +0000

Final-Recipient: rfc822;ana@example.com
Action: failed
Status: 5.4.1
Diagnostic-Code: smtp;550 5.4.1 Recipient address rejected: Access denied.
 [AM0PR01FT001.eop-EUR01.prod.protection.example.com]

--b1_outer
Content-Type: message/rfc822

Subject: Hello

Hello
--b1_outer--
"""

GMAIL = b"""\
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: b-x@bounces.example.org
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <1@example.org>
X-Failed-Recipients: ana@example.com
Content-Type: multipart/report; boundary="000000000000a1b2c3"; report-type=delivery-status
MIME-Version: 1.0

--000000000000a1b2c3
Content-Type: multipart/related; boundary="000000000000a1b2c4"

--000000000000a1b2c4
Content-Type: text/plain; charset="UTF-8"

** Message blocked **

The recipient's inbox is out of storage space and inactive.

--000000000000a1b2c4--
--000000000000a1b2c3
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 01 Jun 2026 01:00:00 -0700 (PDT)
X-Original-Message-ID: <1@example.org>

Final-Recipient: rfc822; ana@example.com
Action: failed
Status: 5.2.2
Remote-MTA: dns; gmail-smtp-in.l.example.com. (the server for the domain example.com.)
Diagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is out of storage space and inactive. 552 5.2.2 For more
 information, go to https://support.example.com
Last-Attempt-Date: Mon, 01 Jun 2026 01:00:01 -0700 (PDT)

--000000000000a1b2c3
Content-Type: message/rfc822

Subject: Hello

Hello
--000000000000a1b2c3--
"""

WARNING = b"""\
From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: b-x@bounces.example.org
Subject: Warning: message delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to the address:

  ana@example.com

No action is required on your part. Delivery attempts will continue.
"""

AWAY = b"""\
From: Ana <ana@example.com>
To: b-x@bounces.example.org
Subject: Out of office: Hello
Auto-Submitted: auto-replied

Hi. This is the automatic reply of Ana.

<ana@example.com>: I am on holiday until Monday. For 550 5.1.1 ask Ben.
"""


def a_complaint(*, kind: str = "abuse", mail_from: str = "", returned: str = "") -> bytes:
    """A report of a feedback loop (RFC 5965)."""
    original = f"Original-Mail-From: <{mail_from}>\n" if mail_from else ""
    return f"""\
From: <abusedesk@example.com>
Date: Mon, 1 Jun 2026 10:00:00 +0000
Subject: FW: Hello
To: <complaints@bounces.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP 192.0.2.1.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
{original}Source-IP: 192.0.2.1

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

Return-Path: <{returned or "news@example.org"}>
From: <news@example.org>
To: <redacted@example.com>
Subject: Hello

Hello
--part1_13d.2e68ed54_boundary--
""".encode()
