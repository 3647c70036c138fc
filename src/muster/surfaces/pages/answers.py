"""Answers to a browser, with the headers that all of them carry."""

from collections.abc import Mapping
from types import MappingProxyType

from litestar import Response

from muster.surfaces.pages.place import Place, Stylesheet

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        # The address of the page is a secret, and so is what stands on it.
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)


def page(html: str, place: Place, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[object]:
    """A page in the language of its reader."""
    languages = {"Content-Language": place.voice.tag, "Vary": "Accept-Language"}
    return Response(
        html,
        status_code=status,
        media_type="text/html",
        headers={**HEADERS, **languages, **(headers or {})},
    )


def go_to(path: str) -> Response[object]:
    """Have the browser get `path`: what it sent is done with, and is not sent again by a reload."""
    return Response(b"", status_code=303, media_type="text/html", headers={**HEADERS, "Location": path})


def style(sheet: Stylesheet) -> Response[object]:
    """The stylesheet, for ever: another content has another name."""
    kept = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(sheet.content, media_type="text/css", headers=kept)
