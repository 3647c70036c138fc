"""What a scenario measured, and how it is written down."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import msgspec

FOLDER = Path(__file__).parent / "results"
_SIZES = {"quick": 0, "normal": 1, "full": 2}


class Figure(msgspec.Struct, frozen=True):
    """One number and what it counts."""

    name: str
    value: float
    unit: str


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A number to reach: `measured` at most, or at least, `wanted`."""

    name: str
    measured: float
    wanted: float
    at_most: bool
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether it was."""
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted

    @property
    def told(self) -> str:
        """In words: `1.62 (to reach: at most 2)`."""
        side = "at most" if self.at_most else "at least"
        unit = f" {self.unit}" if self.unit else ""
        return f"{_short(self.measured)}{unit} (to reach: {side} {_short(self.wanted)}{unit})"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario's outcome."""

    number: int
    name: str
    title: str
    size: str
    bars: tuple[Bar, ...]
    figures: tuple[Figure, ...]
    machine: dict[str, str] = {}


class Size(msgspec.Struct, frozen=True):
    """How much to measure: `quick` only proves that it runs, `normal` is what the results show, `full` takes longer."""

    name: str

    def of(self, quick: int, normal: int, full: int | None = None) -> int:
        """One of the three; `full` is as `normal` when it is not given."""
        return (quick, normal, normal if full is None else full)[_SIZES[self.name]]


def middle(name: str, values: Sequence[float], unit: str) -> Iterator[Figure]:
    """The median of `values`, and the range they lie in where there are several."""
    yield Figure(name, median(values), unit)
    if len(values) > 1:
        yield Figure(f"{name}, lowest", min(values), unit)
        yield Figure(f"{name}, highest", max(values), unit)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def machine(postgres: str | None = None) -> dict[str, str]:
    """What the figures depend on and nobody can be recognised by."""
    # SC_PHYS_PAGES counts what the kernel may use: a little less than what is built in.
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    found = {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
    }
    return found | ({"PostgreSQL": postgres} if postgres else {})


def keep(result: Result, folder: Path = FOLDER) -> None:
    """Write `<name>.json`, and the table of all results anew."""
    folder.mkdir(exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(result), indent=2)
    (folder / f"{result.name}.json").write_bytes(text + b"\n")
    results = sorted(
        (msgspec.json.decode(path.read_bytes(), type=Result) for path in folder.glob("*.json")), key=lambda r: r.number
    )
    (folder / "README.md").write_text("\n".join(_page(results)) + "\n")


def _page(results: Sequence[Result]) -> Iterator[str]:
    yield "# Results of the benchmarks"
    yield ""
    yield "Written by `make bench`; docs/reference/benchmarks.md tells what each scenario does."
    yield ""
    yield "| | Scenario | What counts | Measured | To reach | Reached |"
    yield "|---|---|---|---|---|---|"
    for result in results:
        for bar in result.bars:
            side = "≤" if bar.at_most else "≥"
            unit = f" {bar.unit}" if bar.unit else ""
            yield (
                f"| {result.number} | {result.title} | {bar.name} | {_short(bar.measured)}{unit}"
                f" | {side} {_short(bar.wanted)}{unit} | {'yes' if bar.reached else 'no'} |"
            )
    for result in results:
        yield from _section(result)


def _section(result: Result) -> Iterator[str]:
    yield ""
    yield f"## {result.number}. {result.title}"
    yield ""
    yield "On " + ", ".join(f"{name} {value}" for name, value in result.machine.items()) + f"; size: {result.size}."
    yield ""
    yield "| Figure | |"
    yield "|---|---:|"
    for figure in result.figures:
        yield f"| {figure.name} | {_short(figure.value)} {figure.unit} |"


def told(result: Result) -> Iterator[str]:
    """The lines for the terminal."""
    yield f"{result.number}. {result.title}"
    for bar in result.bars:
        yield f"   {'reached' if bar.reached else 'MISSED '}  {bar.name}: {bar.told}"
    for figure in result.figures:
        yield f"            {figure.name}: {_short(figure.value)} {figure.unit}"


def _short(value: float) -> str:
    """Three digits that matter, thousands set apart."""
    if value == 0 or abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.3g}"
