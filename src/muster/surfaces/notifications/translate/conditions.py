"""From what an RQL expression says to a condition on our own fields."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from muster.domain.fault import Fault
from muster.domain.query import Among, Compare, Comparison, Condition, Either, Every, Holds, Like, Not, Value
from muster.surfaces.notifications.translate import ids
from muster.surfaces.notifications.translate.fields import Field, Fields, Sort
from muster.surfaces.notifications.translate.patterns import read_pattern
from muster.surfaces.notifications.translate.rql.refusals import UNKNOWN_CALL, UNKNOWN_PATH
from muster.surfaces.notifications.translate.rql.tree import (
    All,
    Comparing,
    Elements,
    Expression,
    Listed,
    Literal,
    Negated,
    Operator,
    Some,
    Wrapped,
)
from muster.surfaces.notifications.translate.values import end_of, read_flag, read_moment, read_whole

MOST_CONDITIONS: Final = 100
MOST_VALUES: Final = 1000
"""Of one list."""
ALWAYS: Final = Every(())
NEVER: Final = Either(())
_COMPARISONS: Final[Mapping[Operator, Comparison]] = MappingProxyType(
    {
        Operator.EQ: Comparison.EQ,
        Operator.NE: Comparison.NE,
        Operator.GT: Comparison.GT,
        Operator.GE: Comparison.GE,
        Operator.LT: Comparison.LT,
        Operator.LE: Comparison.LE,
    }
)
_WORDS: Final[Mapping[Operator, Callable[[str, str], bool]]] = MappingProxyType(
    {
        Operator.GT: str.__gt__,
        Operator.GE: str.__ge__,
        Operator.LT: str.__lt__,
        Operator.LE: str.__le__,
        Operator.LIKE: lambda word, value: read_pattern(value).fits(word),
        Operator.ILIKE: lambda word, value: read_pattern(value.casefold()).fits(word.casefold()),
    }
)


class _NoSuchValue(Exception):
    """The field cannot be compared so, or not with this."""

    def __init__(self, value: Literal) -> None:
        super().__init__()
        self.value = value


class Conditions:
    """Reads the expressions of one query, and notes every fault in them."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._count = 0

    def read(self, expression: Expression, fields: Fields) -> Condition:
        """What `expression` asks of a list with these fields; anything at all where it is faulty."""
        made: Condition
        match expression:
            case All(of):
                made = Every(tuple(self.read(one, fields) for one in of))
            case Some(of):
                made = Either(tuple(self.read(one, fields) for one in of))
            case Negated(of):
                made = Not(self.read(of, fields))
            case Comparing(test, path, value):
                made = self._on(fields, path, lambda field: _compare(field, test, value))
            case Listed(path, values, outside):
                made = self._listed(fields, path, values, outside=outside)
            case Elements(path, where, throughout):
                made = self._elements(fields, path, where, throughout=throughout)
            case Wrapped():
                made = self._fault("filter", UNKNOWN_CALL)
        return made

    def _listed(self, fields: Fields, path: str, values: Sequence[Literal], *, outside: bool) -> Condition:
        if len(values) > MOST_VALUES:
            return self._fault(path, f"A list has at most {MOST_VALUES} values")
        found = self._on(fields, path, lambda field: self._among(field, values))
        return Not(found) if outside else found

    def _among(self, field: Field, values: Sequence[Literal]) -> Condition:
        """The field has one of the values; each instant counts as a condition, since each takes two comparisons."""
        if field.sort in {Sort.MOMENT, Sort.THING}:
            self._count += len(values) - 1
            return NEVER if self._count > MOST_CONDITIONS else Either(tuple(_equals(field, value) for value in values))
        among: dict[Value, None] = {}
        for value in values:
            among |= dict.fromkeys(_meant(field, value))
        several = tuple(one for one in among if one is not None)
        if None not in among:
            return Among(field.name, several)
        return Either((Among(field.name, several), Compare(field.name, Comparison.EQ, None)))

    def _elements(self, fields: Fields, path: str, where: Expression | None, *, throughout: bool) -> Condition:
        known = fields.collections.get(path)
        if known is None:
            return self._fault(path, UNKNOWN_PATH)
        self._counted()
        name, inner = known
        return Holds(name, None if where is None else self.read(where, inner), throughout=throughout)

    def _on(self, fields: Fields, path: str, make: Callable[[Field], Condition]) -> Condition:
        field = fields.fields.get(path)
        if field is None:
            return self._fault(path, UNKNOWN_PATH)
        self._counted()
        try:
            made = make(field)
        except _NoSuchValue as error:
            return self._fault(path, f"Cannot convert value: '{error.value.spelled}'.")
        if self._count > MOST_CONDITIONS:
            self._too_many()
        return made

    def _counted(self) -> None:
        self._count += 1
        if self._count > MOST_CONDITIONS:
            self._too_many()

    def _too_many(self) -> None:
        if all(fault.code != "TOO_MANY" for fault in self.faults):
            self.faults.append(Fault("query", "TOO_MANY", f"A query has at most {MOST_CONDITIONS} conditions"))

    def _fault(self, path: str, message: str) -> Condition:
        if len(self.faults) <= MOST_CONDITIONS:
            self.faults.append(Fault(path[:100], "INVALID_EXPRESSION", message))
        return NEVER


def _compare(field: Field, test: Operator, value: Literal) -> Condition:
    """`field` compared with `value`. Nothing but EQ and NE can be asked of what is absent."""
    if test is Operator.EQ:
        return _equals(field, value)
    if test is Operator.NE:
        return _differs(field, value)
    if value.text is None:
        raise _NoSuchValue(value)
    return _BY_SORT[field.sort](field, test, value)


def _equals(field: Field, value: Literal) -> Condition:
    if field.sort is Sort.MOMENT and value.text is not None:
        return Every((_moment(field, Operator.GE, value), _moment(field, Operator.LE, value)))
    meant = _meant(field, value)
    if field.sort is Sort.WORD and value.text is not None:
        return Among(field.name, meant)
    return Compare(field.name, Comparison.EQ, meant[0]) if meant else NEVER


def _differs(field: Field, value: Literal) -> Condition:
    if value.text is not None and field.sort in {Sort.MOMENT, Sort.WORD}:
        return Not(_equals(field, value))
    meant = _meant(field, value)
    return Compare(field.name, Comparison.NE, meant[0]) if meant else ALWAYS


def _meant(field: Field, value: Literal) -> tuple[Value, ...]:
    """Which of our values a value stands for: for a word several; none at all for an id that is none."""
    text = value.text
    if text is None:
        return (None,)
    if field.sort is Sort.WORD:
        return field.words.get(text, ())
    if field.sort is Sort.ID:
        number = ids.read(field.prefix, text)
        return () if number is None else (number,)
    one = _plain(field.sort, value)
    if one is None:
        raise _NoSuchValue(value)
    return (one,)


def _plain(sort: Sort, value: Literal) -> Value:
    """A value of a sort that has one value for each text; None where the text is none."""
    text = value.text or ""
    match sort:
        case Sort.TEXT:
            return text
        case Sort.FLAG:
            return read_flag(text)
        case Sort.WHOLE:
            return read_whole(text)
        case Sort.MOMENT | Sort.THING | Sort.ID | Sort.WORD:
            return None


def _word(field: Field, test: Operator, value: Literal) -> Condition:
    """The vendor's words are compared, not ours."""
    fits = _WORDS[test]
    return Among(
        field.name, tuple(ours for word in field.words if fits(word, value.text or "") for ours in field.words[word])
    )


def _text(field: Field, test: Operator, value: Literal) -> Condition:
    if test in _COMPARISONS:
        return Compare(field.name, _COMPARISONS[test], value.text)
    pattern = read_pattern(value.text or "")
    folds = test is Operator.ILIKE
    return Like(field.name, pattern.words, begins=pattern.begins, ends=pattern.ends, folds=folds)


def _whole(field: Field, test: Operator, value: Literal) -> Condition:
    if test not in _COMPARISONS:
        raise _NoSuchValue(value)
    return Compare(field.name, _COMPARISONS[test], *_meant(field, value))


def _id(field: Field, test: Operator, value: Literal) -> Condition:
    """An id is like a whole one, or like the beginning of one; what stands in its middle is not asked of numbers."""
    if test in _COMPARISONS:
        number = ids.read(field.prefix, value.text or "")
        return NEVER if number is None else Compare(field.name, _COMPARISONS[test], number)
    text = value.text or ""
    pattern = read_pattern(text.upper() if test is Operator.ILIKE else text)
    if not pattern.begins and (pattern.ends or pattern.words):
        raise _NoSuchValue(value)
    if pattern.ends:
        return _equals(field, Literal(pattern.words))
    span = ids.beginning(field.prefix, pattern.words)
    if span is None:
        return NEVER
    return Every((Compare(field.name, Comparison.GE, span[0]), Compare(field.name, Comparison.LE, span[1])))


def _moment(field: Field, test: Operator, value: Literal) -> Condition:
    """A time compared as it is shown: what happened within the millisecond that is named happened then."""
    moment = read_moment(value.text or "")
    if moment is None or test not in _COMPARISONS:
        raise _NoSuchValue(value)
    if test in {Operator.GE, Operator.LT}:
        return Compare(field.name, _COMPARISONS[test], moment)
    return Compare(field.name, Comparison.LT if test is Operator.LE else Comparison.GE, end_of(moment))


def _neither(_field: Field, _test: Operator, value: Literal) -> Condition:
    raise _NoSuchValue(value)


_BY_SORT: Final[Mapping[Sort, Callable[[Field, Operator, Literal], Condition]]] = MappingProxyType(
    {
        Sort.WORD: _word,
        Sort.TEXT: _text,
        Sort.WHOLE: _whole,
        Sort.ID: _id,
        Sort.MOMENT: _moment,
        Sort.FLAG: _neither,
        Sort.THING: _neither,
    }
)
"""Every test but EQ and NE, which all sorts know."""
