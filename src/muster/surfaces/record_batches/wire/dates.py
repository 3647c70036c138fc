"""Date math: bodies and answers (specification A11.1, A11.2)."""

from datetime import date

import msgspec

from muster.surfaces.record_batches.wire.paths import ENTITY, PREFIX

DATE_MATH = f"{PREFIX}/date-math"
ONE_DATE_MATH = f"{DATE_MATH}/{{number:str}}"
DATE_MATH_OF = f"{ENTITY}/date-math"

EQUALS, EARLIEST, LATEST, PRIORITY = "Equals", "Earliest Of", "Latest Of", "Priority Of"
HARD, ARCHIVE, OPEN = "Hard", "Archive", "Open"
ASAP, KEEP = "ASAP", "KeepTBD"
NO_OPTION, FIRST_OF_MONTH = "None", "FirstOfTheMonth"
DAYS, WEEKS, MONTHS, YEARS, BUSINESS_DAYS = "Days", "Weeks", "Months", "Years", "BusinessDays"

UPDATED = "Date math updated successfully."
NOT_UPDATED = "We encountered an error while attempting to update date math."
CIRCULAR = "Date math cannot reference itself."


class ParentCalc(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A date to look at, and how far from it. Quantities are 0 or more; `dayUnit` is a name or a number."""

    entity_type_id: int
    id: int
    tag_label: str
    year_quantity: int = 0
    month_quantity: int = 0
    week_quantity: int = 0
    day_quantity: int = 0
    day_unit: str | int = DAYS
    is_prior_to: bool = False
    sort_order: int = 0


class ParentCalcChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be different about a date that is looked at; what is absent stays."""

    date_math_rel_id: int
    entity_type_id: int | None = None
    id: int | None = None
    tag_label: str | None = None
    year_quantity: int | None = None
    month_quantity: int | None = None
    week_quantity: int | None = None
    day_quantity: int | None = None
    day_unit: str | int | None = None
    is_prior_to: bool | None = None
    sort_order: int | None = None


class NewDateMath(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A calculation. Options are names, in any case, or numbers."""

    type: str | int = EQUALS
    compare_to_date: date | None = None
    child_entity_type_id: int
    child_id: int
    child_tag_label: str
    recalc_option: str | int = HARD
    condition_option: str | int = ASAP
    date_option: str | int = NO_OPTION
    parent_calcs: list[ParentCalc]


class DateMathChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be different about a calculation; what is absent stays. An empty `compareToDate` is taken away."""

    date_math_calc_id: int
    type: str | int | None = None
    compare_to_date: str | None = None
    recalc_option: str | int | None = None
    condition_option: str | int | None = None
    date_option: str | int | None = None
    create_parent_calcs: list[ParentCalc] = []
    update_parent_calcs: list[ParentCalcChange] = []
    delete_parent_calcs: list[int] = []


class ChildCharacteristic(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The field that is calculated. `type` is how."""

    type: str
    entity_title: str
    entity_type_id: int
    id: int
    tag_label: str
    label: str
    characteristic_id: int
    """Which field of its template it is, from 1."""


class ShownParentCalc(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A date that is looked at."""

    date_math_rel_id: int
    year_quantity: int
    month_quantity: int
    week_quantity: int
    day_quantity: int
    day_unit: str
    is_prior_to: bool
    sort_order: int
    entity_title: str
    entity_type_id: int
    id: int
    tag_label: str
    label: str
    characteristic_id: int


class DateMath(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A calculation, and in `result` what it says in English."""

    result: str
    date_math_calc_id: int
    is_calculated: bool
    compare_to_date: str | None
    date_option: str
    recalc_option: str
    condition_option: str
    child_characteristic: ChildCharacteristic
    parent_calcs: list[ShownParentCalc]


class Message(msgspec.Struct, frozen=True):
    """A sentence."""

    message: str
