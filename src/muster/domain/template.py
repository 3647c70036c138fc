"""What a tenant prepares once and uses for many batches."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from muster.domain.ids import PrincipalId, TemplateId, TemplateVersionId


class TemplateState(StrEnum):
    """Whether a template may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"
    DELETED = "deleted"


_S = TemplateState

MOVES: Mapping[TemplateState, frozenset[TemplateState]] = MappingProxyType(
    {
        _S.ACTIVE: frozenset({_S.SUSPENDED, _S.ARCHIVED, _S.DELETED}),
        _S.SUSPENDED: frozenset({_S.ACTIVE, _S.ARCHIVED, _S.DELETED}),
        _S.ARCHIVED: frozenset({_S.DELETED}),
        _S.DELETED: frozenset(),
    }
)
"""Where a template may go from each state."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a template. `definition` is the kind's own JSON."""

    id: TemplateId
    version_id: TemplateVersionId
    version: int
    """1-based; the highest is the current one."""
    kind: str
    name: str
    display_name: str
    description: str
    definition: str
    state: TemplateState
    created_by: PrincipalId | None
    created_at: datetime
    updated_at: datetime
