"""The paths that conditions and orders may name, list by list, and what stands behind each of them inside."""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

import msgspec

from muster.domain.category import CategoryState
from muster.domain.contact import BlockReason, ContactState
from muster.domain.directory import PartyKind
from muster.domain.subscriber import SubscriberState
from muster.lookup.shelves import ShelfName
from muster.surfaces.notifications.translate.batches import BATCH_STATES
from muster.surfaces.notifications.translate.ids import Prefix
from muster.surfaces.notifications.translate.messages import MESSAGE_STATES


class Sort(Enum):
    """What the values of a field are."""

    ID = auto()
    TEXT = auto()
    MOMENT = auto()
    FLAG = auto()
    WHOLE = auto()
    WORD = auto()
    """One of the vendor's words; several of our values may share one."""
    THING = auto()
    """Another object: it is there, or it is not."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A path that may be named. `name` is our field."""

    name: str
    sort: Sort
    prefix: str = ""
    """Of an id."""
    words: Mapping[str, tuple[str, ...]] = {}
    """The vendor's words, each with our values."""
    ordered: bool = True
    """Whether sorting by it makes sense: the order of our values is that of the vendor's."""


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a list's conditions may name. An element of a collection has no collections of its own."""

    fields: Mapping[str, Field]
    collections: Mapping[str, tuple[str, "Fields"]] = {}
    """By path: our name for it, and what its elements have."""


BATCH_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {status.value: tuple(sorted(states)) for status, states in BATCH_STATES.items()}
)
MESSAGE_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {status.value: tuple(sorted(states)) for status, states in MESSAGE_STATES.items()}
)


def _id(name: str, prefix: Prefix) -> Field:
    return Field(name=name, sort=Sort.ID, prefix=prefix)


def _word(name: str, words: Mapping[str, tuple[str, ...]], *, ordered: bool = True) -> Field:
    return Field(name=name, sort=Sort.WORD, words=words, ordered=ordered)


def _capitalised(*values: str) -> Mapping[str, tuple[str, ...]]:
    """The words of a field whose values differ from the vendor's in their first letter only."""
    return MappingProxyType({str(value).capitalize(): (str(value),) for value in values})


def _texts(*names: str, **paths: str) -> dict[str, Field]:
    """Texts that are called the same inside, and others by their path."""
    return {path: Field(name=name, sort=Sort.TEXT) for path, name in {**{one: one for one in names}, **paths}.items()}


def _audit(*events: str) -> dict[str, Field]:
    return {f"audit.{event}.at": Field(name=event, sort=Sort.MOMENT) for event in ("created", "updated", *events)}


def _thing(name: str) -> Field:
    return Field(name=name, sort=Sort.THING, ordered=False)


_REVISION = {"revision": Field(name="revision", sort=Sort.WHOLE)}
_CATEGORY = {
    "id": _id("number", Prefix.CATEGORY),
    **_texts("name", "description", "note", "icon", shortDescription="short_description"),
    "optOutAllowed": Field(name="opt_out_allowed", sort=Sort.FLAG),
    "deleteAllowed": Field(name="delete_allowed", sort=Sort.FLAG),
    "status": _word("state", _capitalised(*CategoryState)),
    "lastUsed": Field(name="last_used", sort=Sort.MOMENT),
    **_REVISION,
    **_audit("published", "unpublished"),
}
_ACCOUNT = {
    "name": Field(name="name", sort=Sort.TEXT),
    "type": _word("kind", _capitalised(*PartyKind)),
    "status": _word("status", _capitalised("active", "enabled", "disabled")),
}
_BLOCK_REASONS = _capitalised(*BlockReason)


def _under(path: str, name: str, fields: Mapping[str, Field]) -> dict[str, Field]:
    """The fields of an object that another one refers to."""
    return {
        f"{path}.{inner}": msgspec.structs.replace(field, name=f"{name}.{field.name}")
        for inner, field in fields.items()
    }


def _reference(path: str, name: str, prefix: Prefix, *, fields: Mapping[str, Field]) -> dict[str, Field]:
    """An object that another one refers to: itself, its id (kept by the other), and its fields."""
    return {path: _thing(name), **_under(path, name, fields), f"{path}.id": _id(name, prefix)}


_OF_A_MAILING = {
    **_reference("category", "category", Prefix.CATEGORY, fields=_CATEGORY),
    **_reference("account", "party", Prefix.ACCOUNT, fields=_ACCOUNT),
}
_ATTACHMENTS = {
    "attachments": (
        "attachments",
        Fields(
            fields={
                "id": _id("number", Prefix.ATTACHMENT),
                **_texts("name", fileName="file_name", contentType="content_type"),
                "fileSize": Field(name="size", sort=Sort.WHOLE),
            }
        ),
    )
}


def _named(prefix: Prefix) -> Fields:
    return Fields(fields={"id": _id("number", prefix), **_texts("name")})


FIELDS: Mapping[ShelfName, Fields] = MappingProxyType(
    {
        ShelfName.MAILINGS: Fields(
            fields={
                "id": _id("number", Prefix.BATCH),
                "status": _word("state", BATCH_WORDS, ordered=False),
                **_texts("subject", "body"),
                **_REVISION,
                **_OF_A_MAILING,
                **_audit(),
                "audit.created.by.id": _id("made_by", Prefix.TOKEN),
                "audit.created.of.id": _id("made_for", Prefix.ACCOUNT),
            },
            collections=_ATTACHMENTS,
        ),
        ShelfName.MESSAGES: Fields(
            fields={
                "id": _id("number", Prefix.MESSAGE),
                "batch": _thing("mailing"),
                "batch.id": _id("mailing", Prefix.BATCH),
                "contact": _thing("contact"),
                "contact.id": _id("contact", Prefix.CONTACT),
                **_texts("subject", "body", **{"contact.email": "contact.email", "contact.name": "contact.name"}),
                "contact.status": _word("contact.state", _capitalised(*ContactState)),
                "status": _word("state", MESSAGE_WORDS, ordered=False),
                **_REVISION,
                **_OF_A_MAILING,
                **_audit("queued", "sent", "bounced", "complained", "failed", "discarded"),
                "audit.created.of.id": _id("made_for", Prefix.ACCOUNT),
            },
            collections=_ATTACHMENTS,
        ),
        ShelfName.CATEGORIES: Fields(fields=_CATEGORY),
        ShelfName.CONTACTS: Fields(
            fields={
                "id": _id("number", Prefix.CONTACT),
                **_texts("email", "name"),
                "status": _word("state", _capitalised(*ContactState)),
                "blockedReason": _word("blocked_reason", _BLOCK_REASONS),
                "user": _thing("person"),
                "user.id": _id("person", Prefix.USER),
                "userId": _id("person", Prefix.USER),
                **_texts(**{"user.name": "person.name", "user.email": "person.email"}),
                **_REVISION,
                **_audit("activated", "blocked"),
            },
            collections={
                "optOuts": (
                    "opt_outs",
                    Fields(
                        fields={
                            **_named(Prefix.CATEGORY).fields,
                            "status": _word("state", _capitalised(*CategoryState)),
                        }
                    ),
                )
            },
        ),
        ShelfName.SUBSCRIBERS: Fields(
            fields={
                "id": _id("number", Prefix.SUBSCRIBER),
                **_texts("name", "note"),
                "status": _word("state", _capitalised(*SubscriberState)),
                **_REVISION,
                **_OF_A_MAILING,
                **_audit("activated", "disabled"),
            },
            collections={
                "recipients.users": ("people", _named(Prefix.USER)),
                "recipients.userGroups": ("groups", _named(Prefix.GROUP)),
            },
        ),
    }
)
"""Everything that can be named, list by list."""
