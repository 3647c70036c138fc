"""A broken rule, as its author should read it."""

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One rule an entry or a request broke: where, which rule, and a sentence for its author."""

    path: str
    code: str
    message: str
    part: str = ""
    """Which half of an entry the field belongs to, in the kind's words; empty where that makes no sense."""
