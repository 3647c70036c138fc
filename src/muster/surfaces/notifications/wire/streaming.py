"""How a list is asked for as a stream."""

from typing import Final

STREAMING_HEADER: Final = "MPT-Streaming"
COUNT_HEADER: Final = "MPT-Item-Count"
JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonl"
_RANGES: Final = {
    JSON: JSON,
    JSON_LINES: JSON_LINES,
    "application/*": JSON_LINES,
    "*/*": JSON_LINES,
}


def acceptable(accept: str) -> str | None:
    """The format that an `Accept` header prefers, lines where it does not say; None where it takes neither."""
    if not accept.strip():
        return JSON_LINES
    best, weight = None, 0.0
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        own = _weight(parameters)
        if name in _RANGES and own > weight:
            best, weight = _RANGES[name], own
    return best


def _weight(parameters: list[str]) -> float:
    """The `q` of a media range; 1 where it has none, 0 where it is no number."""
    given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return float(given)
    except ValueError:
        return 0.0
