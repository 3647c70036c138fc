"""Batches: bodies and answers (specification A4 to A6)."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from muster.surfaces.record_batches.wire.entities import Entity
from muster.surfaces.record_batches.wire.relationships import Relationship

MOST_ENTRIES = 100
"""Records and relationships of one batch, together."""
LONGEST_REFERENCE = 255
INVALID_RECORD = "Invalid Record."

GET, POST, PUT, DELETE = "GET", "POST", "PUT", "DELETE"
COPY, ACT, AMORTIZE = "COPY", "EXECUTE-WORKFLOW", "CALCULATE-AMORTIZATION"
METHODS = frozenset({GET, POST, PUT, DELETE, COPY, ACT, AMORTIZE})
ON_RELATIONSHIPS = frozenset({GET, POST, DELETE})
"""The methods that relationships can be subject to."""

RESULT_COLUMNS = ("charTypeId", "charType", "id", "referenceId", "code", "message")
"""Of results as CSV. Relationships have the char type 0."""
DEFAULT_ROWS, MOST_ROWS = 25, 100
"""Of a part of the list."""

CREATED, IN_PROGRESS, COMPLETE, CANCELLED, ERRORED = "Created", "InProgress", "Complete", "Cancelled", "Errored"


class BatchOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`cancelIfRecordFails`: all of it is done, or nothing. `validateOnly` (ours): all of it is tried, nothing done."""

    cancel_if_record_fails: bool = False
    validate_only: bool = False


class NewBatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Up to 100 records and relationships, and what is to be done with them."""

    method: str
    """GET, POST, PUT, DELETE, COPY, EXECUTE-WORKFLOW or CALCULATE-AMORTIZATION."""
    batch_options: BatchOptions | None = None
    records: dict[str, list[dict[str, Any]]] | None = None
    """By char type id."""
    relationships: list[dict[str, Any]] | None = None
    amortization_model_id: int | None = None
    """For CALCULATE-AMORTIZATION."""


class BatchMade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """It was taken in."""

    batch_id: int
    batch_status: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of one record; `id` is 0 where making one failed."""

    record: Entity | UnsetType = UNSET
    code: int
    message: str
    id: int
    reference_id: str | UnsetType = UNSET


class LinkOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of one relationship."""

    relationship: Relationship | UnsetType = UNSET
    code: int
    message: str
    id: int
    reference_id: str | UnsetType = UNSET


class BatchResults(msgspec.Struct, frozen=True, kw_only=True):
    """By char type id, in the order of the request. Where nothing was done, only what failed is listed."""

    records: dict[str, list[Outcome]]
    relationships: list[LinkOutcome]


class Batch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a batch stands; results are there once it has ended."""

    batch_id: int
    batch_status: str
    """`Created`, `InProgress`, or one of the ends `Complete`, `Cancelled`, `Errored`."""
    batch_results: BatchResults | UnsetType = UNSET
    validate_only: bool | UnsetType = UNSET
    """True where it was only tried; ids of what it would have made are those that it would have got then."""
    total: int | UnsetType = UNSET
    """While it is in progress: how many records and relationships it has."""
    processed: int | UnsetType = UNSET
    """And how many of them are done."""


class ListedBatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A batch in a list. The list is ours: the vendor has none."""

    batch_id: int
    batch_status: str
    method: str
    validate_only: bool
    total: int
    processed: int
    created_by_id: int
    created_date: str
    ended_date: str | None


class Batches(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the list, newest first, and how many there are in all."""

    total_count: int
    batches: list[ListedBatch]


class Broken(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The broken rules of one sort."""

    key: str
    value: list[str]


class Verdict(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Why a record's data is not valid; told as a string (specification A8.4)."""

    is_valid: bool = False
    is_locked: bool
    is_deletable: bool
    errors: list[Broken]
    has_conflicts: bool = False
    has_blocking_conflicts: bool = False
    db_validation_errors: list[str] = []
