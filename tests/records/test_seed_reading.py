"""Files of records as they are read: every mistake is told with its place, before any store is asked."""

import pytest

from muster.domain.document import MOST_BYTES
from muster.domain.errors import BadInput, MalformedBody, TooLarge
from muster.records.seeding.reading import read_seeds
from tests.records.seed_files import BLUEPRINT

MISTAKES = """
[[records]]
[[records]]
type = "contact"
id = 0
[[records]]
type = "contact"
id = 1
template = "X"
value = 1
[[records]]
type = "contact"
id = 1
values = 7
[[records]]
type = "catalog-item"
id = 1
status = "Sold"
[[relationships]]
id = 1
parent = "deal"
child = "ship/1"
party = "Cook"
[[relationships]]
id = 2
parent = "deal/1"
child = "deal/2"
[[relationships]]
id = 3
parent = "deal/1"
child = "deal/2"
[[date_rules]]
target = "deal/2 start"
[[date_rules]]
target = "deal/2 start"
choosing = "latest"
sources = [{ of = "x" }]
[[rates]]
from = "EUR"
to = "EUR"
rate = 1
since = 2024-01-01
[[rates]]
from = "EUR"
to = "USD"
since = "yesterday"
[[rates]]
from = "EUR"
to = "USD"
since = 2024-01-01
[[rates]]
from = "Euro"
rate = "1.1"
[[rates]]
from = "eur"
to = "USD"
rate = 1.1
since = "2024-02-01"
[[rates]]
from = "EUR"
to = "USD"
rate = 1.2
since = 2024-02-01
[[rates]]
from = "GBP"
to = "USD"
rate = 1e-10
since = 2024-02-01
[[periods]]
year = 2024
period = 1
start = 2024-02-01
end = 2024-01-01
[[periods]]
year = 2024
period = 400
start = 2024-02-01
end = 2024-03-01
[[periods]]
year = 2024
period = 3
start = 2024-03-01
end = 2024-03-31
[[periods]]
year = 2024
period = 3
start = 2024-04-01
end = 2024-04-30
[[periods]]
year = 2024
period = 4
start = 2024-03-31
end = 2024-04-30
[[periods]]
period = "4"
end = 7
"""


def test_every_mistake_of_a_file_is_told_with_its_place() -> None:
    head = "".join(BLUEPRINT.partition("[blueprint]")[1:])
    with pytest.raises(BadInput) as error:
        read_seeds(("rest = 1\n" + head + MISTAKES).encode(), form="toml")
    assert {fault.path: fault.code for fault in error.value.faults} == {
        "rest": "unknown_key",
        "rates[#1]": "bad_currency",
        "rates[#2].rate": "bad_rate",
        "rates[#2].since": "not_a_day",
        "rates[#3].rate": "bad_rate",
        "rates[#4].from": "not_a_currency",
        "rates[#4].to": "missing",
        "rates[#4].rate": "bad_rate",
        "rates[#4].since": "not_a_day",
        "rates[#6].since": "duplicate",
        "rates[#7].rate": "bad_rate",
        "periods[#1].end": "bad_end",
        "periods[#2].period": "out_of_bounds",
        "periods[#4].period": "duplicate",
        "periods[#5]": "overlapping",
        "periods[#6].year": "missing",
        "periods[#6].period": "not_whole",
        "periods[#6].start": "not_a_day",
        "periods[#6].end": "not_a_day",
        "records[#1].type": "missing",
        "records[#1].id": "missing",
        "records[#1].template": "missing",
        "records[contact/0].id": "out_of_bounds",
        "records[contact/1].template": "unknown",
        "records[contact/1].value": "unknown_key",
        "records[contact/1].id": "duplicate",
        "records[contact/1].values": "not_a_table",
        "records[catalog-item/1].status": "unknown",
        "relationships[1].parent": "not_a_record",
        "relationships[1].child": "not_a_record",
        "relationships[1].party": "unknown",
        "relationships[3]": "duplicate",
        "date_rules[#1].sources": "bad_count",
        "date_rules[#2].target": "duplicate",
        "date_rules[#2].sources[#1].of": "not_a_field",
    }


@pytest.mark.parametrize("said", ["", "blueprint = 'no-such'", "blueprint = 7"])
def test_a_blueprint_must_be_named(said: str) -> None:
    with pytest.raises(BadInput) as error:
        read_seeds(said.encode(), form="toml")
    (fault,) = error.value.faults
    assert (fault.path, "film-and-tv" in fault.message) == ("blueprint", True)


def test_of_very_many_mistakes_the_first_are_told() -> None:
    rows = '[[records]]\ntype = "contact"\n' * 5_000
    with pytest.raises(BadInput, match="first 200 of 5,000 faults") as error:
        read_seeds((BLUEPRINT + rows).encode(), form="toml")
    assert len(error.value.faults) == 200


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b" " * (MOST_BYTES + 1), TooLarge),
        (b"\xff", MalformedBody),
        (b"[" * 100_000, MalformedBody),
        (b"a = nan", MalformedBody),
        (b"a = " + b"9" * 10_000, MalformedBody),
    ],
)
def test_a_document_that_cannot_be_read_is_said_to_be_the_file(document: bytes, error: type[BadInput]) -> None:
    with pytest.raises(error, match=r"^The file "):
        read_seeds(document, form="toml")


def test_a_title_no_store_takes_is_a_mistake() -> None:
    rows = '[[records]]\ntype = "contact"\nid = 1\ntitle = "T\\u0000"\n'
    with pytest.raises(BadInput) as error:
        read_seeds((BLUEPRINT + rows).encode(), form="toml")
    assert [fault.path for fault in error.value.faults] == ["records[contact/1].title"]
