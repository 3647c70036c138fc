"""Who acts, where and when: the surroundings of a unit of work."""

from datetime import datetime, timedelta

import msgspec

from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.tenant import Role

PATIENCE = timedelta(seconds=5)
"""How long a record that somebody else is changing is waited for, unless it is said otherwise."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts. `number` is how records know a user."""

    number: int
    role: Role


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a unit of work."""

    tenant: TenantId
    actor: Actor
    blueprint: Blueprint
    at: datetime
    patience: timedelta = PATIENCE
    """How long a record that somebody else is changing is waited for."""


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts in which tenant's record store. `user` is how its records know them (`RecordSettings.user`)."""

    tenant: TenantId
    user: int
    role: Role
