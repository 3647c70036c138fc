"""From the HTML that a client submits to what may stand in an e-mail."""

import re
from hashlib import sha256
from typing import Final

import msgspec
import nh3

from muster.domain.letter import Letter
from muster.domain.mailing import Mailing
from muster.kinds.notifications.plain import text_of, words

# Dropped with all that is in them: what runs, what is not text, and styles for the whole page.
_GONE: Final = words(
    "script style title template iframe object embed applet svg math audio video canvas noembed noframes"
    " select textarea button xmp"
)
_TAGS: Final = words(
    "a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em"
    " figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s samp section"
    " small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
_CELL: Final = words("colspan rowspan scope headers nowrap height")
_LOOKS: Final = words("align valign bgcolor width")
_ATTRIBUTES: Final = {
    "*": {"style", "title", "dir", "lang", "align", "role", "id"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "table": {"border", "cellpadding", "cellspacing", "summary", "height", "background", *_LOOKS},
    "tr": {"height", *_LOOKS},
    "td": {"background", *_CELL, *_LOOKS},
    "th": {"background", "abbr", *_CELL, *_LOOKS},
    "thead": set(_LOOKS),
    "tbody": set(_LOOKS),
    "tfoot": set(_LOOKS),
    "col": {"span", *_LOOKS},
    "colgroup": {"span", *_LOOKS},
    "font": {"color", "face", "size"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"size", "color", "noshade", *_LOOKS},
    "time": {"datetime"},
    "del": {"datetime"},
    "ins": {"datetime"},
}
_PICTURES: Final = frozenset({("img", "src"), ("table", "background"), ("td", "background"), ("th", "background")})
_PICTURE: Final = re.compile(r"\s*(?:https://|cid:)", re.IGNORECASE)
"""Pictures come safely from somewhere, or with the letter."""
# Nothing that lays itself over the reader's own page (position, z-index) or brings something in.
_PROPERTIES: Final = words(
    "color background background-color background-image background-position background-repeat background-size opacity"
    " font font-family font-size font-style font-variant font-weight line-height letter-spacing word-spacing"
    " text-align text-decoration text-indent text-transform text-overflow vertical-align white-space word-break"
    " word-wrap overflow-wrap direction"
    " width min-width max-width height min-height max-height margin margin-top margin-right margin-bottom margin-left"
    " padding padding-top padding-right padding-bottom padding-left box-sizing"
    " border border-top border-right border-bottom border-left border-color border-style border-width border-radius"
    " border-collapse border-spacing border-top-left-radius border-top-right-radius border-bottom-left-radius"
    " border-bottom-right-radius box-shadow"
    " display float clear overflow table-layout caption-side empty-cells list-style list-style-type"
    " list-style-position outline mso-line-height-rule mso-table-lspace mso-table-rspace"
)
_WILD: Final = re.compile(r"[\\<>@]|/\*|expression|javascript|vbscript|-moz-binding|behavi", re.IGNORECASE)
"""What makes a browser do something, or hides that it does: the whole style goes."""
_REFERENCE: Final = re.compile(r"(?:url|image|image-set|src)\s*\(\s*[\"']?\s*(?!https://|cid:)", re.IGNORECASE)


def _attribute(tag: str, attribute: str, value: str) -> str | None:
    """The value as it may stand; None: not at all."""
    if (tag, attribute) in _PICTURES:
        return value if _PICTURE.match(value) else None
    if attribute == "style":
        return None if _WILD.search(value) or _REFERENCE.search(value) else value
    return value


_cleaner: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_GONE),
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    generic_attribute_prefixes={"aria-"},
    url_schemes={"https", "http", "mailto", "tel", "sms", "cid"},
    url_relative="deny",
    filter_style_properties=set(_PROPERTIES),
    link_rel=None,
)


_ELEMENT: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_STYLING: Final = words("a b big code em font i nobr s small strike strong tt u")
"""Where one of these stays open, every paragraph after it has it too: a short text becomes a long one."""
_UNCLOSED: Final = words(
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th thead tbody tfoot"
    " colgroup option optgroup body html head"
)
"""They have no end, or often none is written."""
_DEEPEST, _MOST_STYLING = 256, 16
_MOST_GROWTH, _SMALL = 4, 1 << 16
"""How much longer than the body what is left of it may be, where that is long at all."""


def is_tangled(html: str) -> bool:
    """Whether more elements stay open in each other than any letter needs, which would take too long to take apart."""
    depth: dict[str, int] = {}
    total = styling = 0
    for closing, name in _ELEMENT.findall(html):
        tag = name.lower()
        if tag in _UNCLOSED or (closing and not depth.get(tag)):
            continue
        step = -1 if closing else 1
        depth[tag] = depth.get(tag, 0) + step
        total += step
        styling += step if tag in _STYLING else 0
        if total > _DEEPEST or styling > _MOST_STYLING:
            return True
    return False


def sanitised(html: str) -> str:
    """`html` as a fragment without anything that runs, asks for input, or is fetched in the open.

    Out: scripts, forms, frames, objects, drawings (SVG), event handlers, URLs of other schemes than those of the web,
    mail and telephone, relative URLs, pictures but over HTTPS or from the letter itself, comments, style sheets, and
    what leads away (`meta`, `base`, `link`). In: text, tables, links, and looks that are written beside an element.
    """
    return _cleaner.clean(html)


def letter_of(mailing: Mailing) -> Letter | None:
    """What all messages of `mailing` have in common; None where its body is tangled."""
    if is_tangled(mailing.body):
        return None
    html = sanitised(mailing.body)
    if len(html) > max(_SMALL, _MOST_GROWTH * len(mailing.body)):
        return None
    letter = Letter(
        key="",
        subject=mailing.subject,
        html=html,
        text=text_of(html),
        enclosures=tuple(attachment.enclosure for attachment in mailing.attachments),
        sender_name=mailing.party_name,
        footer=_footer(mailing),
    )
    # What may change while the mailing is under way (names) makes it another letter.
    said = sha256(msgspec.msgpack.encode(letter)).hexdigest()
    return msgspec.structs.replace(letter, key=f"{mailing.batch_id}-{said[:16]}")


def _footer(mailing: Mailing) -> str:
    """Why its reader got it, in one sentence; empty where the category's name is not known."""
    sender = f" from {mailing.party_name}" if mailing.party_name else ""
    about = mailing.category_name
    return f"You receive this e-mail because you are on the list for “{about}”{sender}." if about else ""
