"""What a file may be called."""

import re
from typing import Final

LONGEST: Final = 512
_KEY: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


def checked(key: str) -> str:
    """`key`, if it is one as ports.files has it, no part beginning with a dot; else ValueError: somebody made it up."""
    if len(key) > LONGEST or ".." in key or not _KEY.fullmatch(key):
        raise ValueError("not the key of a file")
    return key
