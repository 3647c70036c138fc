"""The files of records that come with this server, by name."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from muster.domain.document import parse

_HERE = "muster.records.seeding"
SAMPLES: Mapping[str, str] = MappingProxyType({"seed-records": "film-and-tv.toml"})
"""Each with its file, of the form TOML."""


def sample(name: str) -> bytes:
    """The file of a sample. Raises KeyError for one that there is not."""
    return files(_HERE).joinpath("samples", SAMPLES[name]).read_bytes()


def title_of(name: str) -> str:
    """What a sample is."""
    return str(parse(sample(name), "toml").get("title", ""))
