"""What came of operations, in the vendor's codes and texts (specification A5.4, A5.5, A8.4)."""

from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType

import msgspec
from msgspec import UNSET

from muster.domain.records.char_types import CHAR_TYPES, RELATIONSHIP
from muster.domain.records.operation import Denial, Done, Flaw, FlawKind, Result
from muster.lookup.record_batches import RecordBatchState, Seen
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.translate.relationships import render_link
from muster.surfaces.record_batches.translate.sheets import sheet
from muster.surfaces.record_batches.wire import batches as wire

_OK = 200
_NOT_FOUND = "Record Not Found."

STATES: Mapping[RecordBatchState, str] = MappingProxyType(
    {
        RecordBatchState.CREATED: wire.CREATED,
        RecordBatchState.IN_PROGRESS: wire.IN_PROGRESS,
        RecordBatchState.COMPLETE: wire.COMPLETE,
        RecordBatchState.CANCELLED: wire.CANCELLED,
        RecordBatchState.ERRORED: wire.ERRORED,
    }
)

_DONE: Mapping[Done, str] = MappingProxyType(
    {
        Done.FOUND: "Found.",
        Done.CREATED: "Created.",
        Done.UPDATED: "Updated.",
        Done.DELETED: "Deleted.",
        Done.ACTED: "Action Executed.",
        Done.COPIED: "Copied.",
        Done.AMORTIZED: "Amortization Calculated.",
    }
)

_DENIED: Mapping[Denial, tuple[int, str]] = MappingProxyType(
    {
        Denial.NOT_FOUND: (404, _NOT_FOUND),
        Denial.NOT_ALLOWED: (403, "Access Denied."),
        Denial.LINKS_NOT_ALLOWED: (403, "Access Denied."),
        Denial.ACTION_NOT_AVAILABLE: (403, "Action {action} not available to be taken from status {status}"),
        Denial.UNUSABLE: (400, wire.INVALID_RECORD),
        Denial.FAULTY: (400, ""),
        Denial.LOCKED: (409, "Record Locked."),
        Denial.NOT_DELETABLE: (409, "Record Not Deletable."),
        Denial.BAD_LINK: (400, "Invalid Relationship"),
        Denial.NOT_A_PARTY: (
            400,
            "Unable to create relationship. Relationship Type ID must be a valid Party ID.",
        ),
        Denial.LINK_EXISTS: (409, "Relationship Already Exists."),
        Denial.END_MISSING: (404, _NOT_FOUND),
        Denial.BROKEN: (500, "Internal Server Error"),
    }
)
"""The text of a FAULTY one is its verdict."""

_DATA, _TEMPLATE, _TITLE = "CharDataValidation", "TemplateValidation", "TitleValidation"
_LINK, _AMORTIZATION = "RelationshipValidation", "AmortizationValidation"
_FLAWS: Mapping[FlawKind, tuple[str, str]] = MappingProxyType(
    {
        FlawKind.UNKNOWN_FIELD: (_DATA, "Invalid field found {label}."),
        FlawKind.REQUIRED: (_DATA, "{name} ({label}) is required"),
        FlawKind.BAD_VALUE: (_DATA, "Invalid value found for {label}."),
        FlawKind.TOO_LONG: (_DATA, "{label} exceeds the maximum length of {limit}."),
        FlawKind.NOT_MULTIPLE: (_DATA, "{label} does not allow multiple values."),
        FlawKind.CALCULATED: (_DATA, "{label} is calculated by date math."),
        FlawKind.NO_TEMPLATE: (_TEMPLATE, "TemplateId is required"),
        FlawKind.BAD_TEMPLATE: (_TEMPLATE, "Invalid template {label}."),
        FlawKind.NO_TITLE: (_TITLE, "Title is required"),
        FlawKind.LONG_TITLE: (_TITLE, "Title exceeds the maximum length of {limit}."),
        FlawKind.PARENT_MISSING: (_LINK, "Parent {label} {name} does not exist"),
        FlawKind.BAD_PARENT: (_LINK, "Invalid Relationship"),
        FlawKind.NO_AMOUNT: (_AMORTIZATION, "Amount is required for amortization."),
        FlawKind.NO_TERM_START: (_AMORTIZATION, "Term start is required for amortization."),
        FlawKind.NO_TERM_END: (_AMORTIZATION, "Term end is required for amortization."),
        FlawKind.BAD_TERM: (_AMORTIZATION, "Term is invalid for amortization."),
        FlawKind.NO_RUNS: (_AMORTIZATION, "Runs are required for amortization."),
        FlawKind.NO_REVENUE: (_AMORTIZATION, "Revenues are required for amortization."),
        FlawKind.NO_AMOUNT_TEMPLATE: (_AMORTIZATION, "Amount template for amortization does not exist."),
        FlawKind.TOO_MANY_AMOUNTS: (_AMORTIZATION, "A batch makes, and replaces, at most {limit} amounts."),
    }
)
"""Under which key, and with which text, each flaw is told."""


def render_batch(seen: Seen) -> wire.Batch:
    """The batch; with results once it has ended."""
    results = UNSET if seen.results is None else render_results(seen.results, groups=seen.groups, state=seen.state)
    working = seen.state is RecordBatchState.IN_PROGRESS
    return wire.Batch(
        batch_id=seen.number,
        batch_status=STATES[seen.state],
        batch_results=results,
        validate_only=True if seen.dry else UNSET,
        total=seen.total if working else UNSET,
        processed=seen.total - seen.open if working else UNSET,
    )


def results_csv(results: wire.BatchResults) -> str:
    """The same results as CSV: what came of each, without the records themselves."""
    records = (_row(int(key), one) for key, outcomes in results.records.items() for one in outcomes)
    links = (_row(RELATIONSHIP, one) for one in results.relationships)
    return sheet(wire.RESULT_COLUMNS, chain(records, links))


def render_results(results: Sequence[Result], *, groups: Sequence[int], state: RecordBatchState) -> wire.BatchResults:
    """One entry a result, under the char types in the order of `groups`; where nothing was done, failures only."""
    told = [one for one in results if state is RecordBatchState.COMPLETE or one.denial is not None]
    records: dict[int, list[wire.Outcome]] = {group: [] for group in groups}
    links: list[wire.LinkOutcome] = []
    for result in told:
        if result.denial is Denial.END_MISSING:
            for ref in result.missing:
                records.setdefault(ref.char_type, []).append(_missing(ref.number, result))
        elif result.group == RELATIONSHIP:
            links.append(_link_outcome(result))
        else:
            records.setdefault(result.group, []).append(_outcome(result))
    return wire.BatchResults(
        records={str(group): outcomes for group, outcomes in records.items() if outcomes}, relationships=links
    )


def refusal(result: Result) -> tuple[int, str] | None:
    """The code and text of an operation that was not done; None of one that was."""
    if result.denial is None:
        return None
    code, text = _DENIED[result.denial]
    if result.denial is Denial.FAULTY:
        return code, verdict(result)
    return code, text.format(action=result.action, status=result.status)


def refusal_of(denial: Denial) -> tuple[int, str]:
    """The code and text of a denial that says nothing more."""
    return _DENIED[denial]


def verdict(result: Result) -> str:
    """Why a record's data is not valid, as the compact JSON that stands where other failures have a sentence."""
    found: dict[str, dict[str, None]] = {}
    for flaw in result.flaws:
        key, _ = _FLAWS[flaw.kind]
        found.setdefault(key, {})[flaw_text(flaw)] = None
    told = wire.Verdict(
        is_locked=result.locked,
        is_deletable=result.deletable,
        errors=[wire.Broken(key=key, value=list(texts)) for key, texts in found.items()],
    )
    return msgspec.json.encode(told).decode()


def flaw_text(flaw: Flaw) -> str:
    """One broken rule in the vendor's words."""
    _, text = _FLAWS[flaw.kind]
    return text.format(label=flaw.label, name=flaw.name, limit=flaw.limit)


def path_name(char_type: int) -> str:
    """What sentences call a sort of record."""
    known = CHAR_TYPES.get(char_type)
    return known.path if known else "record"


def _outcome(result: Result) -> wire.Outcome:
    code, message = _told(result)
    return wire.Outcome(
        record=render_entity(result.record) if result.record is not None and code == _OK else UNSET,
        code=code,
        message=message,
        id=result.number,
        reference_id=result.reference if result.reference is not None else UNSET,
    )


def _link_outcome(result: Result) -> wire.LinkOutcome:
    code, message = _told(result)
    return wire.LinkOutcome(
        relationship=render_link(result.link) if result.link is not None and code == _OK else UNSET,
        code=code,
        message=message,
        id=result.number,
        reference_id=result.reference if result.reference is not None else UNSET,
    )


def _missing(number: int, result: Result) -> wire.Outcome:
    code, message = _DENIED[Denial.END_MISSING]
    reference = result.reference if result.reference is not None else UNSET
    return wire.Outcome(code=code, message=message, id=number, reference_id=reference)


def _row(char_type: int, outcome: wire.Outcome | wire.LinkOutcome) -> Sequence[str | int]:
    name = "relationship" if char_type == RELATIONSHIP else path_name(char_type)
    reference = "" if outcome.reference_id is UNSET else outcome.reference_id
    return char_type, name, outcome.id, reference, outcome.code, outcome.message


def _told(result: Result) -> tuple[int, str]:
    """Code and text of any result."""
    refused = refusal(result)
    if refused is not None:
        return refused
    return _OK, _DONE[result.done] if result.done is not None else ""
