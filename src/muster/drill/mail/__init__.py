"""A mail server to rehearse with: the other end of the SMTP channel for tests, benchmarks and the demonstration."""

from muster.drill.mail.arrivals import Arrival
from muster.drill.mail.options import MailOptions
from muster.drill.mail.server import MailServer

__all__ = ["Arrival", "MailOptions", "MailServer"]
