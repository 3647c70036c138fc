"""The outcome of a parcel from the answers to its parts."""

from muster.channels.smpp.shipment import Answer, Shipment, conclude
from muster.domain.outcome import Carried, Deferred, Refused, Unknown, Unsent

LOST, NO, LATER, KEPT = Unknown("answer_lost"), Refused("invalid_address"), Deferred("queue_full"), Unsent("too_late")


def concluded(*answers: Answer) -> object:
    return conclude(answers, confirmed=False)


def test_a_text_all_of_whose_parts_were_taken_is_carried() -> None:
    assert concluded("1", "2", "3") == Carried(("1", "2", "3"), 3)


def test_a_text_of_which_nothing_was_taken_fails_as_its_worst_part() -> None:
    assert concluded(LATER, NO, KEPT) == NO
    assert concluded(KEPT, LATER) == LATER
    assert concluded(KEPT, KEPT) == KEPT


def test_a_text_that_was_taken_in_part_is_unknown_with_the_ids_of_that_part() -> None:
    outcome = concluded("1", NO)
    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.refs) == ("partly_taken", ("1",))


def test_a_lost_answer_makes_the_whole_text_unknown() -> None:
    assert concluded("1", LOST, NO) == Unknown("answer_lost", "", ("1",), 3)
    assert concluded(NO, LOST) == Unknown("answer_lost", segments=2)


def test_when_time_is_up_what_left_is_unknown_and_the_rest_unsent() -> None:
    ends = list[int]()
    shipment = Shipment(4, confirmed=False, finished=lambda: ends.append(1))
    shipment.expect(3, 2)
    shipment.carried(0, 0, "a")
    shipment.carried(3, 0, "b")
    shipment.close({(1, 0)}, code="too_late", detail="")
    assert shipment.outcomes == [
        Carried(("a",)),
        Unknown("too_late"),
        KEPT,
        Unknown("partly_taken", "1 of 2 segments were taken.", ("b",), 2),
    ]
    assert ends == [1]


def test_the_first_outcome_stands() -> None:
    shipment = Shipment(1, confirmed=False, finished=lambda: None)
    shipment.close({(0, 0)}, code="too_late", detail="")
    shipment.carried(0, 0, "late")
    assert shipment.outcomes == [Unknown("too_late")]
