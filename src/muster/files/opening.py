"""From a setting to a file store."""

from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import MemoryStore, from_url

from muster.domain.errors import BadInput
from muster.files.folder import FolderFiles
from muster.files.objects import ObjectFiles
from muster.ports.files import Files

REMOTE: Final = frozenset({"s3", "gs", "az"})
_RETRIES: Final = 4
_PATIENCE: Final = timedelta(seconds=30)


def open_files(url: str) -> Files:
    """The store that `url` names: a folder (a path or `file://…`), `s3://`, `gs://`, `az://`, or `memory://`.

    What a store in the cloud needs to let us in is read from its usual environment variables. Nothing is asked of it
    yet. Raises BadInput for a URL that names none, Unavailable for a folder that cannot be made.
    """
    parts = urlsplit(url)
    if "://" not in url:
        return FolderFiles(Path(url))
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return FolderFiles(Path(unquote(parts.path)))
    if parts.scheme == "memory":
        return ObjectFiles(MemoryStore())
    if parts.scheme not in REMOTE or not parts.netloc:
        raise BadInput("Files are kept in a folder, or at s3://bucket/prefix, gs://…, az://…")
    try:
        store = from_url(url, retry_config={"max_retries": _RETRIES, "retry_timeout": _PATIENCE})
    except (BaseError, ValueError):
        # Not its text: it may hold what the environment says.
        raise BadInput("The store that files are to be kept in cannot be opened: check its URL and settings") from None
    return ObjectFiles(store)
