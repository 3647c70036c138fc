"""Small enough to read: modules up to 400 lines, functions up to 50."""

from tests.architecture.source import ROOT, functions, line_of, modules, name_of

MODULE_LINES = 400
FUNCTION_LINES = 50


def test_no_module_is_longer_than_400_lines() -> None:
    everything = [module for folder in ("src", "tests", "scripts", "benchmarks") for module in modules(ROOT / folder)]
    lengths = {name_of(module): len(module.read_text(encoding="utf-8").splitlines()) for module in everything}
    assert {name: length for name, length in lengths.items() if length > MODULE_LINES} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = {
        f"{line_of(module, function)} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for module in modules()
        for function in functions(module)
    }
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}
