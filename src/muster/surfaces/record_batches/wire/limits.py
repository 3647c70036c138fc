"""The vendor's JSON of what a company may still ask for."""

import msgspec


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A number of things, and how many of them are left."""

    max: int
    remaining: int


class LimitsAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `GET /v4/limits` answers."""

    daily_api_requests: Limit
    """Of this day, UTC."""
    concurrent_processing_api_batches: Limit
    """Batches that wait or are worked on."""
