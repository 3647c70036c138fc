"""What sorts of records there are: a closed table (record-batches specification A3)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import msgspec


class Standing(StrEnum):
    """Whether a record of the sort stands alone or belongs to another."""

    MODULE = "module"
    COMPONENT = "component"


class CharType(msgspec.Struct, frozen=True):
    """One sort of record. `path` names it in addresses and sentences."""

    id: int
    path: str
    standing: Standing


class RecordRef(NamedTuple):
    """Which record: numbers are unique only within their char type."""

    char_type: int
    number: int


RELATIONSHIP = 0
"""Stands where a char type would, for relationships."""
CATALOG_ITEM, CONTACT, RIGHT, DEAL, TABLE = 1, 2, 3, 4, 5
AMOUNT = 10

_M, _C = Standing.MODULE, Standing.COMPONENT

CHAR_TYPES: Mapping[int, CharType] = MappingProxyType(
    {
        char_type.id: char_type
        for char_type in (
            CharType(CATALOG_ITEM, "catalog-item", _M),
            CharType(CONTACT, "contact", _M),
            CharType(RIGHT, "right", _C),
            CharType(DEAL, "deal", _M),
            CharType(TABLE, "table", _C),
            CharType(7, "financial-document", _M),
            CharType(AMOUNT, "amount", _C),
            CharType(13, "royalty", _C),
            CharType(14, "file", _C),
            CharType(15, "job", _M),
            CharType(16, "project", _M),
            CharType(17, "inventory", _M),
        )
    }
)
BY_PATH: Mapping[str, CharType] = MappingProxyType({one.path: one for one in CHAR_TYPES.values()})
