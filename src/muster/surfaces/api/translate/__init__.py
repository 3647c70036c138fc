"""Between the JSON of our API and the catalogue. Pure."""

from muster.surfaces.api.translate.endpoints import (
    endpoint,
    read_change,
    read_range,
    read_whole,
    read_wish,
    with_secret,
)
from muster.surfaces.api.translate.suppressions import (
    read_address,
    read_addresses,
    read_page,
    read_suppressions,
    read_text,
    suppression,
)

__all__ = [
    "endpoint",
    "read_address",
    "read_addresses",
    "read_change",
    "read_page",
    "read_range",
    "read_suppressions",
    "read_text",
    "read_whole",
    "read_wish",
    "suppression",
    "with_secret",
]
