"""What the vendor shows of allocations."""

import msgspec


class AllocationModel(msgspec.Struct, frozen=True, kw_only=True):
    """A way to spread a deal's money over its titles."""

    id: int
    name: str
    parent_char_template_id: int = msgspec.field(name="parentCharTemplateID")
