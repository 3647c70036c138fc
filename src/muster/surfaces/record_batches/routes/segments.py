"""What stands below the name of a char type, and beside it: `/contact/402`, `/contact-templates/1`, `/contact-fields`.

The router matches whole segments, so one whose name is put together (`contact-templates`) is taken apart here.
"""

from typing import NamedTuple

from litestar import Response, get
from litestar.exceptions import MethodNotAllowedException
from litestar.params import FromPath

from muster.domain.errors import NotFound
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.domain.records.char_types import BY_PATH, CharType, RecordRef
from muster.surfaces.access import Call
from muster.surfaces.record_batches.documentation import answering, refusals
from muster.surfaces.record_batches.routes.answers import answer
from muster.surfaces.record_batches.routes.door import Caller, Door, TheDoor
from muster.surfaces.record_batches.translate import configuration as shown
from muster.surfaces.record_batches.translate.bodies import whole
from muster.surfaces.record_batches.translate.entities import render_entity
from muster.surfaces.record_batches.wire import configuration as wire
from muster.surfaces.record_batches.wire.entities import Entity
from muster.surfaces.record_batches.wire.paths import (
    BELOW_ENTITY,
    DRAFTS_WORD,
    ENTITIES,
    ENTITY,
    FAR_BELOW_ENTITY,
    TEMPLATES_WORD,
    About,
)

Segment = FromPath[str]


class Named(NamedTuple):
    """What a first segment names."""

    char_type: CharType
    about: About


def named(segment: str) -> Named:
    """What a first segment names. Raises NotFound."""
    for about in About:
        char_type = BY_PATH.get(segment.removesuffix(about)) if segment.endswith(about) else None
        if char_type is not None:
            return Named(char_type, about)
    raise NotFound


def char_type_of(segment: str) -> int:
    """The char type whose records a first segment names. Raises NotFound; MethodNotAllowed, where it can be read."""
    found = named(segment)
    if found.about is not About.RECORDS:
        raise MethodNotAllowedException(headers={"Allow": "GET"})
    return found.char_type.id


def ref_of(segment: str, number: str) -> RecordRef:
    """The record that two segments name. Raises NotFound, MethodNotAllowed."""
    return RecordRef(char_type_of(segment), number_of(number))


def number_of(text: str) -> int:
    """The whole number in a path. Raises NotFound."""
    number = whole(text)
    if number is None:
        raise NotFound
    return number


@get(
    ENTITIES,
    summary="Read the templates, fields or processes of a char type",
    responses=answering(wire.Templates) | refusals(404),
)
async def read_lists(type_path: Segment, door: TheDoor, acting: Caller) -> Response[bytes]:
    """`/contact-templates`, `/contact-fields`, `/contact-processes`: the name of the char type, and what of it."""
    char_type, about = named(type_path)
    blueprint = await door.blueprints.current(acting.acting.tenant)
    match about:
        case About.TEMPLATES:
            return answer(shown.render_templates(blueprint, char_type.id))
        case About.FIELDS:
            return answer(shown.render_fields(blueprint, char_type.id))
        case About.PROCESSES:
            return answer(shown.render_processes(blueprint, char_type.id))
        case About.RECORDS:
            raise MethodNotAllowedException(headers={"Allow": "POST"})
        case About.STATUSES:
            raise NotFound


@get(
    ENTITY,
    summary="Read a record, a template, or the statuses of a template",
    responses=answering(Entity) | refusals(404),
)
async def read_one(
    *, type_path: Segment, number: Segment, request: Call, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """`/contact/402` with its parents (and `extendedData=true`), `/contact-templates/1`, `/contact-statuses/1`."""
    char_type, about = named(type_path)
    if about is About.RECORDS and number != TEMPLATES_WORD:
        view = await door.finder.entity(acting.acting.tenant, RecordRef(char_type.id, number_of(number)))
        return answer(render_entity(view, extended=wants_extended(request)))
    blueprint = await door.blueprints.current(acting.acting.tenant)
    match about:
        case About.RECORDS:
            return answer(shown.render_templates(blueprint, char_type.id))
        case About.TEMPLATES:
            return answer(_template(blueprint, char_type, number))
        case About.STATUSES:
            template = shown.template_of(blueprint, char_type.id, number_of(number))
            return answer(shown.render_status_names(blueprint, template))
        case About.FIELDS | About.PROCESSES:
            raise NotFound


@get(
    BELOW_ENTITY,
    summary="Read the draft templates of a record, a field of a template, or a template",
    responses=answering(wire.FieldDetail) | refusals(404),
)
async def read_detail(
    *, type_path: Segment, number: Segment, detail: Segment, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """`/contact/402/draft-templates`, `/contact-templates/1/first_name`, `/contact/templates/1`."""
    char_type, about = named(type_path)
    if about is About.RECORDS and detail == DRAFTS_WORD:
        return await _drafts(door, acting.acting.tenant, RecordRef(char_type.id, number_of(number)))
    blueprint = await door.blueprints.current(acting.acting.tenant)
    if about is About.RECORDS and number == TEMPLATES_WORD:
        return answer(_template(blueprint, char_type, detail))
    if about is About.TEMPLATES:
        return answer(_field(blueprint, char_type, number, label=detail))
    raise NotFound


@get(FAR_BELOW_ENTITY, summary="Read a field of a template", responses=answering(wire.FieldDetail) | refusals(404))
async def read_field(
    *, type_path: Segment, number: Segment, detail: Segment, rest: Segment, door: TheDoor, acting: Caller
) -> Response[bytes]:
    """`/contact/templates/1/first_name`, as one page of the vendor's prints it."""
    char_type, about = named(type_path)
    if about is not About.RECORDS or number != TEMPLATES_WORD:
        raise NotFound
    blueprint = await door.blueprints.current(acting.acting.tenant)
    return answer(_field(blueprint, char_type, detail, label=rest))


HANDLERS = (read_lists, read_one, read_detail, read_field)


def wants_extended(call: Call) -> bool:
    """Whether what is known of dates is to be told, too."""
    return call.query_params.get("extendedData", "").lower() == "true"


async def _drafts(door: Door, tenant: TenantId, ref: RecordRef) -> Response[bytes]:
    """There are none; but the record has to be there."""
    await door.finder.entity(tenant, ref, links=False)
    return answer(wire.DraftTemplates())


def _template(blueprint: Blueprint, char_type: CharType, number: str) -> wire.TemplateDetail:
    return shown.render_template(blueprint, shown.template_of(blueprint, char_type.id, number_of(number)))


def _field(blueprint: Blueprint, char_type: CharType, number: str, *, label: str) -> wire.FieldDetail:
    template = shown.template_of(blueprint, char_type.id, number_of(number))
    return shown.render_field(blueprint, template, label)
