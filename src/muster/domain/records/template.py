"""How records of one template look: their fields, and what they may be related to."""

from enum import StrEnum
from functools import cached_property

import msgspec


class DataType(StrEnum):
    """What a field holds (specification A8.2, where the shapes of values stand)."""

    TEXT = "AlphaNumericText"
    CHECKBOX = "Checkbox"
    DATE = "Date_US"
    YEAR = "FourDigitYear"
    NUMBER = "Number"
    PERCENTAGE = "Percentage"
    MONEY = "Money"
    CURRENCY = "Currency"
    EMAIL = "Email"
    ADDRESS = "InternetAddress"
    DOCUMENT = "ExternalDocument"
    TIMECODE = "SMPTETimeCode"
    PASSWORD = "Password"  # noqa: S105 - the name of a data type, no secret
    CARD = "CreditCard"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a list. `xref` is what other systems call it; `children` are ids of values below it."""

    id: int
    label: str
    xref: str | None = None
    active: bool = True
    children: tuple[int, ...] = ()


class PickList(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A list of values that fields are chosen from. `guid` is how the lists' own calls name it."""

    id: int
    guid: str
    name: str
    options: tuple[Option, ...]

    @cached_property
    def by_id(self) -> dict[int, Option]:
        """Every value, inactive ones too."""
        return {option.id: option for option in self.options}

    @cached_property
    def by_label(self) -> dict[str, Option]:
        """Every value by its label as it is spelled; of several the first."""
        return {option.label: option for option in reversed(self.options)}


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is asked for only while another one has this value."""

    label: str
    value: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `label` is its key among a record's values; `max_length` 0 means without bound."""

    label: str
    name: str
    description: str = ""
    data_type: DataType = DataType.TEXT
    required: bool = False
    editable: bool = True
    multiple: bool = False
    max_length: int = 0
    sequence: int = 0
    pick_list: int | None = None
    """The list its values come from (`PickList.id`)."""
    indicator: int = 0
    """What the field is for where the server must know (5 term start, 6 term end, 9 total …); 0: nothing."""
    copied: bool = True
    reported: bool = True
    group: int = 0
    group_name: str = ""
    group_sequence: int = 0
    trigger: Trigger | None = None


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """Another template that records may be related to. `relevance`: 1 not relevant to rights, 2 relevant."""

    char_type: int
    template: int
    relevance: int = 1


class Template(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A template of one char type. `process` 0: its records have no workflow. Empty pairings allow everything."""

    char_type: int
    id: int
    name: str
    description: str = ""
    group: int = 0
    group_name: str = ""
    indicator: int = 0
    process: int = 0
    fields: tuple[Field, ...] = ()
    parents: tuple[Pairing, ...] = ()
    children: tuple[Pairing, ...] = ()

    @cached_property
    def by_label(self) -> dict[str, Field]:
        """Its fields by their labels."""
        return {field.label: field for field in self.fields}

    def indicated(self, indicator: int) -> Field | None:
        """The first field with this indicator."""
        return self._by_indicator.get(indicator)

    @cached_property
    def _by_indicator(self) -> dict[int, Field]:
        return {field.indicator: field for field in reversed(self.fields)}
