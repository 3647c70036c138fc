"""Figures come from one closed table."""

import ast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from muster.telemetry.metrics import COUNTERS, LEVELS, OBSERVATIONS, PrometheusMeter
from tests.architecture.source import modules

TABLES = {"count": COUNTERS, "observe": OBSERVATIONS, "level": LEVELS}


def test_what_was_counted_can_be_read_by_prometheus() -> None:
    meter = PrometheusMeter()
    meter.count("outcomes", 3, outcome="carried")
    meter.observe("window_seconds", 0.2)
    meter.level("queue_depth", 7)
    found = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(meter.text().decode())
        for sample in family.samples
    }
    assert found["muster_outcomes_total", (("outcome", "carried"),)] == 3
    assert found["muster_window_seconds_count", ()] == 1
    assert found["muster_queue_depth", ()] == 7


def test_a_name_or_label_outside_the_table_is_a_bug() -> None:
    with pytest.raises(KeyError):
        PrometheusMeter().count("surprises")
    with pytest.raises(ValueError, match="label"):
        PrometheusMeter().count("outcomes", batch="5b0e2f7a")


def test_every_figure_taken_anywhere_is_in_the_table() -> None:
    unknown = {
        (method, name)
        for module in modules()
        for method, name in _taken(ast.parse(module.read_text(encoding="utf-8")))
        if name.removesuffix("_total") not in TABLES[method]
    }
    assert unknown == set()


def _taken(tree: ast.Module) -> list[tuple[str, str]]:
    """(method, name) of each call such as `meter.count("name", …)` on something called meter, `self` or exchange."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [
        (call.func.attr, first.value)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in TABLES and _is_meter(call.func.value)
        for first in call.args[:1]
        if isinstance(first, ast.Constant) and isinstance(first.value, str)
    ]


def _is_meter(subject: ast.expr) -> bool:
    return ast.unparse(subject).split(".")[-1].lstrip("_") in {"meter", "self", "exchange"}


def test_two_meters_do_not_share_figures() -> None:
    first, second = PrometheusMeter(), PrometheusMeter()
    first.count("chunks")
    assert b"muster_chunks_total 0.0" in second.text()
