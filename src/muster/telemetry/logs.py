"""The log: one line an event, for machines (JSON) or people, and nothing personal in it."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import Processor

LogFormat = Literal["json", "console"]

_PERSONAL = re.compile(
    r"(^|_)(address(es)?|phones?|msisdn|e?mails?|texts?|body|payload|recipients?|token|secrets?|password|keys?|bearer"
    r"|authorization|cookie|credentials?|options|title)($|_)"
)
# With a plus: certainly one. Bare digits: only where they stand alone, so that ids and times stay readable.
_LONG_NUMBER = re.compile(r"\+\d{7,15}|(?<![\w.:/-])\d{8,15}(?![\w.:-])")
_E_MAIL = re.compile(r"[^\s<>\"'(),:;@]{1,64}@[\w-]+(?:\.[\w-]+)+")
_MASK = "[hidden]"
_DEEPEST = 8
_KEEP = frozenset({"event", "level", "timestamp", "logger", "code", "bind_address"})


def configure(log_format: LogFormat, level: str, *, stream: TextIO | None = None) -> None:
    """Send everything that is logged, by us or by a library, to `stream` (standard error) in one format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(log_format, target)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _quieten()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def hide_personal(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Mask what keys that name personal or secret things hold, and what looks like a phone number or an e-mail.

    The last guard, not the rule: the rule is not to log them.
    """
    for key, value in event.items():
        if key in _KEEP and key != "event":
            continue
        if key != "event" and _PERSONAL.search(key.lower()):
            event[key] = _MASK
        elif isinstance(value, str):
            event[key] = _masked(value)
    return event


def _masked(value: str) -> str:
    return _LONG_NUMBER.sub(_MASK, _E_MAIL.sub(_MASK, value) if "@" in value else value)


def _ending(log_format: LogFormat, stream: TextIO) -> list[Processor]:
    if log_format == "json":
        return [_lay_out_exception, hide_personal, structlog.processors.JSONRenderer()]
    # The console renderer would format the exception itself, after the mask; a plain text of it can be masked.
    return [structlog.processors.format_exc_info, hide_personal, structlog.dev.ConsoleRenderer(colors=stream.isatty())]


def _lay_out_exception(
    _logger: object, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Turn `exc_info` into types, masked messages and places: never the local variables, which hold entries."""
    given = event.pop("exc_info", None)
    if isinstance(given, BaseException):
        event["exception"] = _chain(given)
    elif isinstance(given, tuple):  # what sys.exc_info() answered in the standard library's logging
        event["exception"] = _chain(cast("tuple[type, BaseException | None, object]", given)[1])
    elif given:
        event["exception"] = _chain(sys.exc_info()[1])
    return event


def _chain(error: BaseException | None) -> list[dict[str, object]]:
    """`error` and what caused it, outermost first."""
    chain: list[dict[str, object]] = []
    while error is not None and len(chain) < _DEEPEST:
        frames = traceback.extract_tb(error.__traceback__)
        link: dict[str, object] = {
            "type": type(error).__name__,
            "message": _masked(str(error)),
            "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if isinstance(error, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", error)
            link["group"] = [_chain(inner) for inner in group.exceptions]
        chain.append(link)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def _quieten() -> None:
    """Libraries' own lines: what they start and stop is ours to say, and their access logs hold paths with tokens."""
    for name in ("uvicorn.access", "aiohttp.access", "aiosqlite", "asyncio", "pgqueuer", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # They log every command, addresses and all; what a peer does wrong is answered to it and counted.
    for name in ("mail.log", "mail.error", "flufl.bounce"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
