"""Where everything of this door stands.

Handlers whose paths share a beginning name its parameters alike: `type_path` is the path name of a char type, `number`
that of a record, relationship or batch.
"""

from enum import StrEnum

PREFIX = "/v4"
"""Where every path of this door begins."""

BATCHES = f"{PREFIX}/batch"
BATCH = f"{BATCHES}/{{number:str}}"

ENTITIES = f"{PREFIX}/{{type_path:str}}"
ENTITY = f"{ENTITIES}/{{number:str}}"
ACT = f"{ENTITY}/execute-workflow-action/{{action_id:str}}"
ACT_ON_DOCUMENT = f"{ENTITY}/execute-document-workflow-action/{{action_id:str}}"
SWITCH = f"{ENTITY}/switch-template"
SWITCH_CHECK = f"{ENTITY}/switch-template-check"
ALLOCATE = f"{ENTITY}/calculate-allocations"
ALLOCATION_MODELS = f"{PREFIX}/allocation-model-list"
BELOW_ENTITY = f"{ENTITY}/{{detail:str}}"
FAR_BELOW_ENTITY = f"{BELOW_ENTITY}/{{rest:str}}"

RELATIONSHIPS = f"{PREFIX}/relationship"
RELATIONSHIP = f"{RELATIONSHIPS}/{{number:str}}"
RELATIONSHIP_TYPES = f"{PREFIX}/relationship-types"

ACTIONS = f"{PREFIX}/processes/{{process_id:str}}/actions"
ACTION = f"{ACTIONS}/{{action_id:str}}"
STATUSES = f"{PREFIX}/processes/{{process_id:str}}/statuses"

LISTS = f"{PREFIX}/master-value-list"
LIST = f"{LISTS}/{{list_id:str}}"
LIST_VALUES = f"{LIST}/value"
LIST_VALUE = f"{LIST_VALUES}/{{value_id:str}}"

TEMPLATES_WORD, DRAFTS_WORD = "templates", "draft-templates"
"""Below the name of a char type; below a record."""


class About(StrEnum):
    """What of a char type the first segment names, by how it ends."""

    RECORDS = ""
    TEMPLATES = "-templates"
    FIELDS = "-fields"
    STATUSES = "-statuses"
    PROCESSES = "-processes"
