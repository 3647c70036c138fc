"""Files in a folder of this machine."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

import obstore
from obstore.store import LocalStore

from muster.files.keys import checked
from muster.files.objects import ObjectFiles, in_our_words


class FolderFiles(ObjectFiles):
    """See ports.files. What is put is on the disk, and under its name whole or not at all, when `put` returns."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when it is not there. Raises Unavailable when it cannot be."""
        with in_our_words():
            store = LocalStore(folder, mkdir=True)
        super().__init__(store)
        self._local = store
        self._folder = folder.resolve()

    async def put(self, key: str, content: bytes) -> None:
        """Keep it, or write over what is there."""
        name = checked(key)
        unready = f"{name}.{uuid4().hex}.part"
        with in_our_words():
            try:
                await obstore.put_async(self._local, unready, content)
                await asyncio.to_thread(_to_disk, self._folder / unready)
                await obstore.rename_async(self._local, unready, name)
            except BaseException:
                # Also when the one who asked is gone: half a file is of no use to anybody.
                (self._folder / unready).unlink(missing_ok=True)
                raise
            await asyncio.to_thread(self._folders_to_disk, self._folder / name)

    def _folders_to_disk(self, file: Path) -> None:
        for folder in file.parents:
            _to_disk(folder)
            if folder == self._folder:
                return


def _to_disk(path: Path) -> None:
    """Have the system write what it holds of a file, or of a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
