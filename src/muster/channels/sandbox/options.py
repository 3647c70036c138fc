"""The sandbox's settings, as `muster channel add … sandbox --option k=v` gives them."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.rule import rules_of

_Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]


class SandboxOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times, speed and memory of one sandbox."""

    delay_ms: _Milliseconds = 200
    """From the hand-over to an ordinary receipt."""
    late_ms: _Milliseconds = 5_000
    """From the hand-over to a late receipt."""
    answer_ms: _Milliseconds = 0
    """How long the provider takes to answer a hand-over."""
    rate: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    """The most parcels a second; None for as fast as it goes."""
    fail_times: Annotated[int, Meta(ge=0, le=100)] = 2
    """How often an address that fails first does so."""
    keep: Annotated[int, Meta(ge=0, le=100_000)] = 1_000
    """How many of the last messages the outbox holds."""


_RULES = rules_of(SandboxOptions)


def read_options(options: Mapping[str, str]) -> SandboxOptions:
    """Read `options`; raises BadInput naming every fault."""
    faults: list[Fault] = []
    for name, value in options.items():
        if name not in _RULES:
            message = f"is not an option of sandbox; there are {', '.join(_RULES)}"
            faults.append(Fault(f"options.{name}", "unknown_option", message))
            continue
        try:
            msgspec.convert({name: value}, SandboxOptions, strict=False)
        except msgspec.ValidationError:
            faults.append(Fault(f"options.{name}", "bad_option", f"must be {_RULES[name].takes}"))
    if faults:
        raise BadInput("The sandbox does not take these options.", faults)
    return msgspec.convert(dict(options), SandboxOptions, strict=False)
