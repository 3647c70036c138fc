"""One call of carry: its parcels' outcomes as the answers come in. Pure; no task and no future per message."""

from collections.abc import Callable, Collection, Sequence

from muster.domain.outcome import Carried, Deferred, Outcome, Refused, Unknown, Unsent

Answer = str | Deferred | Refused | Unknown | Unsent
"""What became of one part: the provider's id of it, or why there is none."""


class Shipment:
    """The parcels of one call and what became of each; `finished` is called once, when all have an outcome."""

    __slots__ = ("_confirmed", "_finished", "_journeys", "closed", "left", "outcomes")

    def __init__(self, count: int, *, confirmed: bool, finished: Callable[[], None]) -> None:
        self._confirmed = confirmed
        self._finished = finished
        self._journeys: dict[int, list[Answer | None]] = {}
        self.outcomes: list[Outcome | None] = [None] * count
        self.left = count
        self.closed = False

    def expect(self, index: int, parts: int) -> None:
        """Parcel `index` travels in more than one part."""
        self._journeys[index] = [None] * parts

    def carried(self, index: int, part: int, ref: str) -> None:
        """The provider took one part and calls it `ref`."""
        if index in self._journeys:
            self._answered(index, part, ref)
        else:
            self.settle(index, Carried((ref,), 1, self._confirmed))

    def failed(self, index: int, part: int, why: Deferred | Refused | Unknown | Unsent) -> None:
        """One part was not taken, or nobody knows."""
        if index in self._journeys:
            self._answered(index, part, why)
        else:
            self.settle(index, why)

    def settle(self, index: int, outcome: Outcome) -> None:
        """The parcel's outcome is known; the first one stands."""
        if self.outcomes[index] is not None:
            return
        self.outcomes[index] = outcome
        self.left -= 1
        if not self.left:
            self.closed = True
            self._finished()

    def has_parts(self, index: int) -> bool:
        """Whether the parcel travels in more than one part."""
        return index in self._journeys

    def in_vain(self, index: int) -> bool:
        """Whether another part already failed, so that sending the rest would only cost money."""
        return any(answer is not None and not isinstance(answer, str) for answer in self._journeys.get(index, ()))

    def close(self, under_way: Collection[tuple[int, int]], *, code: str, detail: str) -> None:
        """Time is up: what is `under_way` (parcel, part) is Unknown, what has not left is Unsent."""
        lost, kept = Unknown(code, detail), Unsent(code, detail)
        for index, outcome in enumerate(self.outcomes):
            if outcome is not None:
                continue
            answers = self._journeys.get(index, [None])
            for part, answer in enumerate(tuple(answers)):
                if answer is None:
                    self.failed(index, part, lost if (index, part) in under_way else kept)

    def _answered(self, index: int, part: int, answer: Answer) -> None:
        answers = self._journeys[index]
        if answers[part] is None:
            answers[part] = answer
            known = [one for one in answers if one is not None]
            if len(known) == len(answers):
                self.settle(index, conclude(known, confirmed=self._confirmed))


def conclude(answers: Sequence[Answer], *, confirmed: bool) -> Outcome:
    """The outcome of a parcel from those of its parts.

    All taken: Carried. None taken and none lost: as the first refused part says, else the first deferred, else Unsent.
    Anything between is Unknown, with the ids of what was taken: part of the text may arrive, so sending all of it again
    would double that part, and only a person or the channel's policy may want that.
    """
    refs = tuple(answer for answer in answers if isinstance(answer, str))
    if len(refs) == len(answers):
        return Carried(refs, len(refs), confirmed)
    lost = [answer for answer in answers if isinstance(answer, Unknown)]
    if lost:
        return Unknown(lost[0].code, lost[0].detail, refs, len(answers))
    failures = [answer for answer in answers if isinstance(answer, Deferred | Refused | Unsent)]
    worst = min(failures, key=lambda failure: (Refused, Deferred, Unsent).index(type(failure)))
    if refs:
        detail = f"{len(refs)} of {len(answers)} segments were taken. {worst.detail}".strip()
        return Unknown("partly_taken", detail, refs, len(answers))
    return worst


Piece = tuple[Shipment, int, int, bytes]
"""One segment on its way: its shipment, which parcel, which part (both 0-based), the body of its submit_sm.

A plain tuple: one is made for every segment, and a class costs five times as much.
"""
