"""What is told of records and relationships."""

from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RIGHT, RecordRef
from muster.domain.records.operation import Act, Change, Create, Draft, ParentAsk, Remove
from tests.records.house import House, create


async def test_a_record_made_is_told_with_its_template_and_status(house: House) -> None:
    film = await house.have(CATALOG_ITEM, "A secret title")
    ((happened, body),) = await house.told()
    assert happened == "record:created"
    assert body["action"] == "created"
    assert (body["record"], body["template_name"], body["status_name"]) == (film.number, "Feature", "Open")
    assert body["created"] == {"at": "2026-03-02T09:00:00Z", "by": 7}
    assert "secret" not in str(body)


async def test_a_record_changed_twice_in_a_batch_is_told_once(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    changes = [Change(group=CATALOG_ITEM, number=film.number, draft=Draft(title=title)) for title in ("x", "y", "x")]
    await house.do(*changes)
    assert [happened for happened, _ in await house.told()] == ["record:created", "record:updated"]


async def test_each_action_taken_is_told(house: House) -> None:
    film = await house.have(CATALOG_ITEM)
    for action in (2, 1):
        await house.do(Act(group=CATALOG_ITEM, number=film.number, action=action))
    _, locked, opened = await house.told()
    assert (locked[0], locked[1]["executed_action"], locked[1]["status_name"]) == ("record:acted", 2, "Locked")
    assert opened[1]["executed_action"] == 1
    assert opened[1]["executed"] == {"at": "2026-03-02T09:00:00Z", "by": 7}


async def test_a_component_is_told_with_the_module_it_belongs_to(house: House) -> None:
    deal = await house.have(DEAL)
    draft = Draft(template=1, parents=(ParentAsk(parent=deal),))
    (right,) = await house.do(Create(group=RIGHT, draft=draft))
    await house.do(Change(group=RIGHT, number=right.number, draft=Draft(title="x")))
    await house.do(Remove(group=RIGHT, number=right.number))
    told = [(kind, body) for kind, body in await house.told() if kind.startswith("record") and body["char_type"] == 3]
    assert [kind for kind, _ in told] == ["record:created", "record:updated", "record:deleted"]
    roots = [body["root"] for _, body in told]
    assert {(root["char_type"], root["record"]) for root in roots if isinstance(root, dict)} == {(DEAL, deal.number)}
    assert len(roots) == 3


async def test_relationships_are_told_with_both_ends(house: House) -> None:
    deal, person = await house.have(DEAL), await house.have(CONTACT)
    await house.link(deal, person, 2)
    await house.do(Remove(group=CONTACT, number=person.number))
    made, parted = [(kind, body) for kind, body in await house.told() if kind.startswith("relationship")]
    assert (made[0], parted[0]) == ("relationship:created", "relationship:deleted")
    for _, body in (made, parted):
        parent, child = body["parent"], body["child"]
        assert isinstance(parent, dict)
        assert isinstance(child, dict)
        assert (parent["template_name"], child["record"], body["kind_name"]) == ("License", 1, "Contracting Party")
    assert parted[1]["deleted"] == {"at": "2026-03-02T09:00:00Z", "by": 7}


async def test_what_was_undone_is_not_told(house: House) -> None:
    await house.do(create(CATALOG_ITEM), create(CATALOG_ITEM, fake=1), whole=True)
    assert await house.told() == []
    assert await house.get(RecordRef(CATALOG_ITEM, 1)) is None
