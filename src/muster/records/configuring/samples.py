"""The blueprints that come with this server, by name."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from muster.domain.document import parse

_HERE = "muster.records.configuring"
SAMPLES: Mapping[str, str] = MappingProxyType({"film-and-tv": "film-and-tv.toml", "conformance": "conformance.toml"})
"""Each with its file, of the form TOML."""


def sample(name: str) -> bytes:
    """The file of a sample. Raises KeyError for one that there is not."""
    return files(_HERE).joinpath("blueprints", SAMPLES[name]).read_bytes()


def title_of(name: str) -> str:
    """What a sample is."""
    return str(parse(sample(name), "toml").get("title", ""))
