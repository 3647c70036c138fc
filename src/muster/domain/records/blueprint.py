"""Everything a tenant configures for its record store. It changes as a whole, and seldom."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

import msgspec

from muster.domain.records.amortization import Model, Setup
from muster.domain.records.process import NONE, Process, Status
from muster.domain.records.template import PickList, Template
from muster.domain.tenant import Role


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A role in which a contact can take part in another record: a type of relationship."""

    id: int
    name: str


class WorkRole(msgspec.Struct, frozen=True, kw_only=True):
    """Who may take an action or see a status: a name for some of the server's roles."""

    id: int
    name: str
    roles: tuple[Role, ...]


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """What `roles` (empty: everybody) may not write. `template` None: any of the char type."""

    char_type: int
    template: int | None = None
    roles: tuple[Role, ...] = ()


class PeriodAction(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with the amounts of a process when a financial period is closed."""

    process: int
    action: int


class Blueprint(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The configuration of one tenant's record store. `version` ascends with each change."""

    version: int = 0
    company_currency: str = "USD"
    templates: tuple[Template, ...] = ()
    processes: tuple[Process, ...] = ()
    lists: tuple[PickList, ...] = ()
    parties: tuple[Party, ...] = ()
    roles: tuple[WorkRole, ...] = ()
    bans: tuple[Ban, ...] = ()
    models: tuple[Model, ...] = ()
    amortization: Setup = Setup()
    period_actions: tuple[PeriodAction, ...] = ()

    @cached_property
    def template_by_id(self) -> Mapping[tuple[int, int], Template]:
        """By (char type, id)."""
        return MappingProxyType({(one.char_type, one.id): one for one in self.templates})

    @cached_property
    def process_by_id(self) -> Mapping[int, Process]:
        """With the one that stands for none, under 0."""
        return MappingProxyType({NONE.id: NONE} | {one.id: one for one in self.processes})

    @cached_property
    def list_by_id(self) -> Mapping[int, PickList]:
        """The lists of values."""
        return MappingProxyType({one.id: one for one in self.lists})

    @cached_property
    def party_by_id(self) -> Mapping[int, Party]:
        """The types of relationships that are parties."""
        return MappingProxyType({one.id: one for one in self.parties})

    @cached_property
    def role_by_id(self) -> Mapping[int, WorkRole]:
        """The roles that workflows name."""
        return MappingProxyType({one.id: one for one in self.roles})

    @cached_property
    def model_by_id(self) -> Mapping[int, Model]:
        """The amortization models."""
        return MappingProxyType({one.id: one for one in self.models})

    def template_of(self, char_type: int, template: int) -> Template | None:
        """The template, if there is one."""
        return self.template_by_id.get((char_type, template))

    def process_of(self, template: Template | None) -> Process:
        """The process of a template's records; the one that stands for none where it has none."""
        return self.process_by_id.get(template.process, NONE) if template is not None else NONE

    def status_of(self, template: Template | None, status: int) -> Status:
        """A status by its id; one with no name where the process knows it no more."""
        return self.process_of(template).status_by_id.get(status) or Status(id=status, name="")
