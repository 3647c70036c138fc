"""Every module is named for one noun, and a vendor's words stay behind its own door."""

import re

from tests.architecture.source import SRC, classes, line_of, modules, name_of

NO_NOUNS = re.compile(r"(^|_)(utils?|helpers?|common|misc|base|managers?|processors?|stuff)(_|$)")
NO_CLASSES = re.compile(r"(Manager|Processor|Helper|Utils?)$")
VENDORS = re.compile(r"linx|rocketkor|rightsline|evicertia|evisms|lynn|softwareone", re.IGNORECASE)


def test_no_module_is_named_for_nothing() -> None:
    parts = {name_of(module): name_of(module).removesuffix(".py").split("/") for module in modules()}
    assert [name for name, words in parts.items() if any(NO_NOUNS.search(word) for word in words)] == []


def test_no_class_is_named_for_nothing() -> None:
    assert [line_of(m, c) for m in modules() for c in classes(m) if NO_CLASSES.search(c.name)] == []


def test_a_vendors_words_stand_only_in_its_surface() -> None:
    inside = [module for module in modules() if not module.is_relative_to(SRC / "surfaces")]
    assert {name_of(m): found for m in inside if (found := VENDORS.findall(m.read_text(encoding="utf-8")))} == {}


def test_what_the_surfaces_share_knows_no_vendor() -> None:
    shared = list((SRC / "surfaces").glob("*.py"))
    assert {name_of(m): found for m in shared if (found := VENDORS.findall(m.read_text(encoding="utf-8")))} == {}
