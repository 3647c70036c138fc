"""Figures for whoever watches: one closed table of names, in the text format of Prometheus."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Figure(msgspec.Struct, frozen=True):
    """One figure: what it means and which labels it has, always all of them."""

    help: str
    labels: tuple[str, ...] = ()


COUNTERS: Mapping[str, Figure] = MappingProxyType(
    {
        "outcomes": Figure("What channels answered for entries, by sort of answer.", ("outcome",)),
        "chunks": Figure("Chunks a worker finished or handed back."),
        "leases_lost": Figure("Chunks a worker lost to another because its lease ran out."),
        "receipts": Figure("Receipts taken from channels."),
        "replies": Figure("Texts that people sent back."),
        "reply_wishes": Figure("Texts that ask for no more messages (stop), or for messages again (start).", ("wish",)),
        "entries_submitted": Figure("Entries stored by accepted batches, by kind.", ("kind",)),
        "batches_submitted": Figure("Batches accepted, by kind.", ("kind",)),
        "http_requests": Figure("HTTP requests answered, by route template and status.", ("method", "route", "status")),
        "smpp_receipts": Figure("Receipts taken from SMSCs and kept."),
        "smpp_receipts_not_kept": Figure("Receipts an SMSC is asked to send again, because the store was away."),
        "smpp_unreadable_receipts": Figure("Messages from SMSCs that are receipts and could not be read."),
        "smpp_messages_received": Figure("Messages from people."),
        "smpp_message_parts": Figure("Parts of long messages from people, which are not put together."),
        "smpp_replies": Figure("Messages from people taken from SMSCs and kept."),
        "smpp_replies_not_kept": Figure("Messages an SMSC is asked to send again, because the store was away."),
        "smpp_malformed": Figure("PDUs that are not what the protocol says."),
        "smpp_late_answers": Figure("Answers of SMSCs that came after they counted as lost."),
        "smpp_dead_peers": Figure("Sessions given up because the SMSC was silent."),
        "smpp_sessions_lost": Figure("SMPP sessions that ended."),
        "smpp_throttled": Figure("Times an SMSC asked for less."),
        "smtp_sessions": Figure("Sessions opened with mail servers."),
        "smtp_sessions_ended": Figure("Sessions with mail servers that ended in order."),
        "smtp_sessions_failed": Figure("Sessions that mail servers did not let us open."),
        "smtp_dead_peers": Figure("Sessions given up because the mail server was silent."),
        "smtp_malformed": Figure("Answers of mail servers that are not what the protocol says."),
        "mail_reports": Figure("Bounces and complaints that came in, by what they said.", ("said",)),
        "mail_reports_not_kept": Figure("Bounces and complaints asked for again, because the store was away."),
        "mail_recipients_refused": Figure("Addresses that mail came in for and that are not ours."),
        "mail_connections_refused": Figure("Connections refused because too many brought mail at once."),
        "webhook_events_told": Figure("Events fanned out to the webhook endpoints that want them."),
        "webhook_deliveries": Figure("Attempts to deliver an event to a webhook, by outcome.", ("outcome",)),
        "chores": Figure("Rounds of upkeep, by chore and result.", ("chore", "result")),
    }
)
OBSERVATIONS: Mapping[str, Figure] = MappingProxyType(
    {
        "window_seconds": Figure("Time a channel took for one window of entries."),
        "submit_seconds": Figure("Time to store one batch, its entries checked.", ("kind",)),
        "http_request_seconds": Figure("Time to answer an HTTP request, by route template.", ("method", "route")),
    }
)
LEVELS: Mapping[str, Figure] = MappingProxyType(
    {
        "queue_depth": Figure("Chunks with a job that waits or runs."),
        "open_connections": Figure("HTTP connections open."),
        "channels_open": Figure("Channels open in this process.", ("kind",)),
        "channels_fit": Figure("Open channels that could hand something over now.", ("kind",)),
        "build_info": Figure("Always 1; the label says which version runs.", ("version",)),
    }
)


class PrometheusMeter:
    """Fulfils ports.meter with a registry of its own.

    A name outside the tables raises KeyError, a wrong set of labels ValueError: both are bugs of the caller.
    """

    def __init__(self) -> None:
        # The time each counter began says nothing that the process's start does not, and doubles the page.
        cast("Callable[[], None]", disable_created_metrics)()
        self._registry = CollectorRegistry()
        self._counters = {
            name: Counter(f"muster_{name}", figure.help, figure.labels, registry=self._registry)
            for name, figure in COUNTERS.items()
        }
        self._observations = {
            name: Histogram(f"muster_{name}", figure.help, figure.labels, registry=self._registry, buckets=_SHORT)
            for name, figure in OBSERVATIONS.items()
        }
        self._levels = {
            name: Gauge(f"muster_{name}", figure.help, figure.labels, registry=self._registry)
            for name, figure in LEVELS.items()
        }

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add `amount` to the counter `name`, with or without the `_total` that Prometheus appends."""
        counter = self._counters[name.removesuffix("_total")]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Record one measurement in seconds."""
        observation = self._observations[name]
        (observation.labels(**labels) if labels else observation).observe(value)

    def level(self, name: str, value: float, **labels: str) -> None:
        """Set the gauge `name`."""
        gauge = self._levels[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def text(self) -> bytes:
        """Everything measured so far, in the Prometheus text format (CONTENT_TYPE)."""
        return generate_latest(self._registry)
