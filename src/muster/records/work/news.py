"""What is told of records and relationships: one event for each that changed, when everything is done.

A body is JSON without titles and values: what was done, to what, where it stands, who and when. Times are ISO 8601.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from muster.domain.event import EventType, NewEvent
from muster.domain.records.char_types import RecordRef
from muster.domain.records.record import Link, Record, Stamp
from muster.domain.records.trace import Happening
from muster.ports.store.unit import Transaction
from muster.records.work.pacing import at_leisure
from muster.records.work.roots import root_of
from muster.records.work.views import end_of, kind_name
from muster.records.work.workspace import News, Workspace

_OF_RECORDS: Mapping[Happening, EventType] = {
    Happening.CREATED: EventType.RECORD_CREATED,
    Happening.UPDATED: EventType.RECORD_UPDATED,
    Happening.DELETED: EventType.RECORD_DELETED,
    Happening.ACTED: EventType.RECORD_ACTED,
}
_OF_LINKS: Mapping[Happening, EventType] = {
    Happening.CREATED: EventType.RELATIONSHIP_CREATED,
    Happening.DELETED: EventType.RELATIONSHIP_DELETED,
}
_Key = RecordRef | int


def events_of(workspace: Workspace) -> Iterator[NewEvent]:
    """What is to be told of everything done, in the order in which it was first done.

    A record that was changed several times is told of once, as it stands in the end; what was made and deleted again
    is not told at all. Actions are told each.
    """
    return (_event(workspace, news) for news in settled(workspace.news))


def settled(news: Iterable[News]) -> Sequence[News]:
    """The news without what later news made pointless."""
    kept: list[News] = []
    by_thing: dict[_Key, list[News]] = {}
    for one in news:
        by_thing.setdefault(_key(one.what), []).append(one)
    worth = {key: _worth_telling(told) for key, told in by_thing.items()}
    for one in news:
        told = worth[_key(one.what)]
        if told and told[0] is one:
            kept.append(told.pop(0))
    return kept


def _worth_telling(told: Sequence[News]) -> list[News]:
    made = told[0].happening is Happening.CREATED
    gone = next((one for one in told if one.happening is Happening.DELETED), None)
    if gone is not None:
        return [] if made else [gone]
    updates = [one for one in told if one.happening is Happening.UPDATED]
    pointless = updates if made else updates[1:]
    return [one for one in told if not any(one is other for other in pointless)]


def _key(what: Record | Link) -> _Key:
    return what.ref if isinstance(what, Record) else what.number


def _event(workspace: Workspace, news: News) -> NewEvent:
    if isinstance(news.what, Link):
        happened, body = _OF_LINKS[news.happening], _link_body(workspace, news.what)
    else:
        happened, body = _OF_RECORDS[news.happening], _record_body(workspace, news, news.what)
    if news.happening is Happening.DELETED:
        body["deleted"] = _mark(workspace.stamp)
    text = msgspec.json.encode({"action": news.happening.value, **body}).decode()
    return NewEvent(type=happened, batch=None, body=text)


def _record_body(workspace: Workspace, news: News, told: Record) -> dict[str, object]:
    now = workspace.last_seen(told.ref)
    record = told if news.happening is Happening.DELETED or now is None else now
    root = news.root if news.root is not None else root_of(workspace, record.ref)
    body = _entity(workspace, record)
    body |= {"created": _mark(record.created), "updated": _mark(record.updated), "moved": _mark(record.moved)}
    if root is not None:
        body["root"] = _end(workspace, root)
    if news.happening is Happening.ACTED:
        body |= {"executed_action": news.action, "executed": _mark(workspace.stamp)}
    return body


def _link_body(workspace: Workspace, link: Link) -> dict[str, object]:
    return {
        "relationship": link.number,
        "kind": link.kind,
        "kind_name": kind_name(workspace.blueprint, link.kind),
        "parent": _end(workspace, link.parent),
        "child": _end(workspace, link.child),
        "created": _mark(link.created),
        "updated": _mark(link.updated),
    }


def _end(workspace: Workspace, ref: RecordRef) -> dict[str, object]:
    """A record that is only mentioned: whole where it is at hand, else its name."""
    record = workspace.last_seen(ref)
    return {"char_type": ref.char_type, "record": ref.number} if record is None else _entity(workspace, record)


def _entity(workspace: Workspace, record: Record) -> dict[str, object]:
    end = end_of(workspace.blueprint, record)
    return {
        "char_type": record.ref.char_type,
        "record": record.ref.number,
        "template": end.template,
        "template_name": end.template_name,
        "process": end.process,
        "process_name": end.process_name,
        "status": end.status,
        "status_name": end.status_name,
    }


def _mark(stamp: Stamp) -> dict[str, object]:
    return {"at": stamp.at, "by": stamp.by}


async def finish(tx: Transaction, workspace: Workspace) -> None:
    """Write what was done in a workspace, and have it told."""
    events = await at_leisure(events_of(workspace))
    await workspace.flush()
    if events:
        await tx.outbox.add(workspace.scene.tenant, events, at=workspace.scene.at)
