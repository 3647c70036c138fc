"""The vendor's own clients of the notifications door, as tests/peers/install puts them here."""

import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

from tests.peers.newer_python import understand

_PLACE = Path(__file__).parent / ".site-packages"


def why_not() -> str:
    """Why they cannot be had; empty when they can."""
    return "" if _PLACE.is_dir() else "the vendor's clients are not installed (`make test` does it)"


def imported(name: str) -> ModuleType:
    """A module of theirs. What is installed for Muster goes before what is installed for them."""
    if str(_PLACE) not in sys.path:
        sys.path.append(str(_PLACE))
        understand({"mpt_api_client", "mpt_extension_sdk"})
    with warnings.catch_warnings():
        # What they use that will be gone one day is not ours to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        return import_module(name)
