"""The secrets of an installation: what encrypts at rest, and what link tokens are derived from."""

import hashlib
import hmac
import os
import stat
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet

from muster.app.settings import Settings, is_key, split_keys
from muster.domain.errors import BadInput
from muster.domain.fault import Fault

KEY_FILE = "secret.key"


class Keyring(msgspec.Struct, frozen=True):
    """`keys` are Fernet keys, newest first: the first encrypts, all decrypt. The others are 32 bytes each."""

    keys: tuple[str, ...]
    link_key: bytes
    """What links are derived from and signed with."""
    return_key: bytes
    """What the return paths of e-mails are signed with."""


def open_keyring(settings: Settings) -> Keyring:
    """The keys from the settings, or else from the key file, which is made when missing. Raises BadInput."""
    keys = split_keys(settings.secret_key) or _from_file(settings.data / KEY_FILE)
    if not keys or not all(is_key(key) for key in keys):
        fault = Fault(path=str(settings.data / KEY_FILE), code="bad_key", message="holds no usable key")
        raise BadInput("The secret key file cannot be used.", [fault])
    secret = settings.link_key or keys[-1]
    return Keyring(keys, _derived(secret, b"muster links"), _derived(secret, b"muster return paths"))


def _derived(secret: str, use: bytes) -> bytes:
    return hmac.digest(secret.encode(), use, hashlib.sha256)


def new_key() -> str:
    """A fresh key: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode()


def _from_file(path: Path) -> tuple[str, ...]:
    """The keys in `path`, one a line, newest first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            message = "can be read by others; set its mode to 0600"
            raise BadInput("The secret key file is open.", [Fault(path=str(path), code="too_open", message=message)])
        return split_keys(",".join(path.read_text("ascii").splitlines()))
    except (OSError, UnicodeDecodeError) as exc:
        fault = Fault(path=str(path), code="unreadable", message=f"cannot be used: {exc}")
        raise BadInput("The secret key file cannot be used.", [fault]) from exc


def _make(path: Path) -> None:
    """Write a new key file unless there is one; of two processes that start together one wins, whole."""
    if path.exists():
        return
    own = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
