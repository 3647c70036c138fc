"""What an operator may set, merged once at start: defaults.toml < muster.toml < environment < flags."""

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from cryptography.fernet import Fernet
from msgspec import Meta

from muster.domain.errors import BadInput
from muster.domain.fault import Fault

PREFIX = "MUSTER_"
CONFIG_VARIABLE = "MUSTER_CONFIG"
DEFAULT_FILE = Path("muster.toml")

_Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
_Waits = Annotated[tuple[Annotated[float, Meta(ge=0, le=604_800)], ...], Meta(max_length=50)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, checked. What each means stands in `defaults.toml`, in the same order."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=0, le=65_535)]
    public_url: str
    link_base: str
    trusted_proxies: tuple[Annotated[str, Meta(min_length=1)], ...]
    body_limit_bytes: Annotated[int, Meta(ge=1024, le=1 << 31)]
    client_timeout_seconds: _Seconds
    keep_alive_seconds: _Seconds
    connection_limit: Annotated[int, Meta(ge=1)]
    data: Path
    database_url: str
    migrate_on_start: bool
    files: str
    secret_key: str
    link_key: str
    workers: Annotated[int, Meta(ge=0, le=256)]
    lease_seconds: Annotated[float, Meta(ge=1, le=3600)]
    slice_seconds: Annotated[float, Meta(gt=0, le=3600)]
    carry_seconds: Annotated[float, Meta(gt=0, le=600)]
    rest_seconds: Annotated[float, Meta(gt=0, le=3600)]
    retry_seconds: _Waits
    receipt_wait_seconds: _Seconds
    receipt_keep_seconds: _Seconds
    upkeep_seconds: Annotated[float, Meta(gt=0, le=60)]
    drain_seconds: Annotated[float, Meta(ge=0, le=3600)]
    rate_per_second: Annotated[float, Meta(gt=0)]
    rate_burst: Annotated[int, Meta(ge=1)]
    expiry_hours: Annotated[int, Meta(ge=1, le=8760)]
    reminder_hours: Annotated[float, Meta(gt=0, le=8760)]
    reminder_quiet_hours: Annotated[float, Meta(ge=0, le=8760)]
    archive_days: Annotated[int, Meta(ge=0, le=36_500)]
    document_url: str
    link_misses_per_minute: Annotated[int, Meta(ge=1, le=100_000)]
    payments: Literal["sandbox"]
    mail_listen: str
    mail_listen_limit_bytes: Annotated[int, Meta(ge=10_240, le=1 << 28)]
    mail_retry_seconds: _Waits
    attachment_count: Annotated[int, Meta(ge=0, le=100)]
    attachment_limit_bytes: Annotated[int, Meta(ge=1, le=1 << 31)]
    attachment_types: tuple[Annotated[str, Meta(min_length=1)], ...]
    attachment_refused: tuple[str, ...]
    records_requests_per_second: Annotated[float, Meta(gt=0, le=100_000)]
    records_logins_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)]
    records_daily_requests: Annotated[int, Meta(ge=1, le=1 << 53)]
    records_open_batches: Annotated[int, Meta(ge=1, le=100_000)]
    records_batch_size: Annotated[int, Meta(ge=1, le=500)]
    records_plain_sessions: bool
    records_clock_skew_seconds: Annotated[float, Meta(gt=0, le=86_400)]
    records_lock_seconds: Annotated[float, Meta(gt=0, le=60)]
    records_results_days: Annotated[int, Meta(ge=1, le=36_500)]
    webhook_allow: tuple[Annotated[str, Meta(min_length=1)], ...]
    webhook_timeout_seconds: Annotated[float, Meta(gt=0, le=120)]
    webhook_retry_seconds: _Waits
    webhook_disable_seconds: _Seconds
    log_format: Literal["json", "console"]
    log_level: Literal["debug", "info", "warning", "error"]

    @property
    def store_url(self) -> str:
        """The database, as `stores.database` spells it."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{(self.data / 'muster.db').absolute()}"
        scheme, _, rest = self.database_url.partition("://")
        return f"{_DRIVERS[scheme]}://{rest}"

    @property
    def embedded(self) -> bool:
        """Whether the database is a file of this machine, worked on by one process."""
        return self.store_url.startswith("sqlite")

    @property
    def files_at(self) -> str:
        """Where files are kept: a folder, or the URL of an object store."""
        return self.files or str(self.data / "files")

    @property
    def address(self) -> str:
        """Where clients reach the server, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def links_begin(self) -> str:
        """Where the links in messages begin, without a trailing slash."""
        return self.link_base.rstrip("/") or f"{self.address}/l"

    @property
    def opt_outs_begin(self) -> str:
        """Where the links that take the reader of an e-mail off a list begin, without a trailing slash."""
        return f"{self.address}/u"


_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_LISTS = frozenset(
    {
        "attachment_refused",
        "attachment_types",
        "mail_retry_seconds",
        "retry_seconds",
        "trusted_proxies",
        "webhook_allow",
        "webhook_retry_seconds",
    }
)
_FILE_STORES = ("s3", "gs", "az")
_FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}


def load(
    *, file: Path | None = None, environment: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> Settings:
    """The settings in force. A flag that is None counts as not given.

    `file` must exist when it is named (here or in MUSTER_CONFIG); `muster.toml` in the working directory need not.
    Raises BadInput with every fault of every source, each with the place it came from as its path.
    """
    faults: list[Fault] = []
    merged: dict[str, object] = {}
    sources: Iterable[tuple[str, Mapping[str, object], bool]] = (
        ("defaults.toml", defaults(), True),
        _from_file(file, environment, faults),
        ("environment", _from_environment(environment), False),
        ("flag", {k: v for k, v in (flags or {}).items() if v is not None}, True),
    )
    for source, values, strict in sources:
        for name, raw in values.items():
            _take(merged, (source, name, raw), faults, strict=strict)
    if not faults:
        settings = msgspec.convert(merged, Settings, dec_hook=_decode)
        faults.extend(_contradictions(settings))
        if not faults:
            return settings
    raise BadInput("The settings cannot be used.", faults)


def defaults() -> dict[str, object]:
    """The text of defaults.toml as values."""
    return tomllib.loads(files("muster.app").joinpath("defaults.toml").read_text("utf-8"))


def unknown_in(environment: Mapping[str, str]) -> list[str]:
    """Variables that begin like ours and mean nothing, sorted: often a slip of the pen."""
    known = {PREFIX + name.upper() for name in _FIELDS} | {CONFIG_VARIABLE}
    return sorted(
        name for name in environment if name.startswith(PREFIX) and name not in known and "_TEST_" not in name
    )


def _from_file(
    file: Path | None, environment: Mapping[str, str], faults: list[Fault]
) -> tuple[str, Mapping[str, object], bool]:
    named = file or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    path = named or DEFAULT_FILE
    if named is None and not path.exists():
        return str(path), {}, True
    try:
        return str(path), tomllib.loads(path.read_text("utf-8")), True
    except OSError as exc:
        faults.append(Fault(path=str(path), code="unreadable", message=f"cannot be read: {exc.strerror}"))
    except UnicodeDecodeError:
        faults.append(Fault(path=str(path), code="unreadable", message="is not UTF-8 text"))
    except tomllib.TOMLDecodeError as exc:
        faults.append(Fault(path=str(path), code="not_toml", message=f"is not TOML: {exc}"))
    return str(path), {}, True


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in _FIELDS:
        raw = environment.get(PREFIX + name.upper())
        if raw is not None:
            is_list = name in _LISTS
            found[name] = [part.strip() for part in raw.split(",") if part.strip()] if is_list else raw
    return found


def _take(merged: dict[str, object], given: tuple[str, str, object], faults: list[Fault], *, strict: bool) -> None:
    """Check one value by its own field's type; keep it, or note the fault with where it came from."""
    source, name, raw = given
    path = f"{PREFIX}{name.upper()}" if source == "environment" else f"{source}: {name}"
    field = _FIELDS.get(name)
    if field is None:
        near = difflib.get_close_matches(name, _FIELDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        faults.append(Fault(path=path, code="unknown_setting", message=f"is not a setting{hint}"))
        return
    try:
        value: object = msgspec.convert(raw, field.type, strict=strict, dec_hook=_decode)
    except msgspec.ValidationError as exc:
        faults.append(Fault(path=path, code="bad_value", message=str(exc)))
        return
    merged[name] = value


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise NotImplementedError


def _contradictions(settings: Settings) -> list[Fault]:
    """What each type allows and the program cannot use."""
    found = [*_bad_urls(settings)]
    for number, key in enumerate(split_keys(settings.secret_key), start=1):
        if not is_key(key):
            found.append(("secret_key", f"key {number} is not 32 bytes in URL-safe base64; `muster key` makes one"))
    found.extend(
        ("webhook_allow", f"{allowed!r} is not a network such as 10.0.0.0/8")
        for allowed in settings.webhook_allow
        if "/" in allowed and not is_network(allowed)
    )
    found.extend(
        ("trusted_proxies", f"{proxy!r} is not an address or a network such as 10.0.0.0/8")
        for proxy in settings.trusted_proxies
        if not is_network(proxy)
    )
    if settings.document_url and "{documentId}" not in settings.document_url:
        found.append(("document_url", "must hold {documentId}, the place of the document's id"))
    if settings.carry_seconds >= settings.lease_seconds:
        found.append(("carry_seconds", "must be shorter than lease_seconds, or a busy worker loses its chunk"))
    return [Fault(path=path, code="bad_value", message=message) for path, message in found]


def _bad_urls(settings: Settings) -> Iterator[tuple[str, str]]:
    scheme, separator, _ = settings.database_url.partition("://")
    if settings.database_url and (not separator or scheme not in _DRIVERS):
        yield "database_url", "must begin with sqlite:/// or postgresql://"
    scheme, separator, _ = settings.files.partition("://")
    if separator and scheme not in _FILE_STORES:
        yield "files", f"must be a folder, or a URL that begins with one of {', '.join(_FILE_STORES)}"
    if settings.mail_listen and not _is_listening(settings.mail_listen):
        yield "mail_listen", "must be smtp://<host>:<port> or lmtp://<host>:<port>"
    for name in ("public_url", "link_base", "document_url"):
        url: str = getattr(settings, name)
        if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc):
            yield name, "must be a http:// or https:// URL"


def _is_listening(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return parts.scheme in {"smtp", "lmtp"} and bool(parts.hostname) and parts.port is not None
    except ValueError:
        return False


def split_keys(joined: str) -> tuple[str, ...]:
    """The keys of a comma-separated list, newest first."""
    return tuple(part.strip() for part in joined.split(",") if part.strip())


def is_key(key: str) -> bool:
    """Whether `key` can encrypt: 32 bytes in URL-safe base64."""
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def is_network(allowed: str) -> bool:
    """Whether an entry of `webhook_allow` is a network or an address; else it is the name of a host."""
    try:
        ip_network(allowed)
    except ValueError:
        return False
    return True
