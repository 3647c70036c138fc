"""Header fields in ASCII, folded, whatever a person typed into them (RFC 2047, RFC 2231, RFC 5322). Pure.

Nothing here can begin a new header: control characters and line ends become blanks before anything else happens.
"""

import base64
import re
import urllib.parse

FOLD = b"\r\n "
_COLUMNS = 76
_NAME_COLUMNS = 60
_WORD_OCTETS = 45
"""What an encoded word of 75 characters holds: 60 of base64 beside `=?utf-8?b?` and `?=`."""
_PIECE = 60
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9 !#$&+.^_`{}~()@,;-]{1,60}")


def clean(text: str) -> str:
    """`text` in one line: each control character and line end is a blank, half of a surrogate pair a question mark."""
    return _CONTROLS.sub(" ", text.encode("utf-8", "replace").decode())


def unstructured(text: str, *, indent: int) -> bytes:
    """A value such as a subject. `indent` is how many columns the field's name takes in its first line."""
    text = clean(text)
    if not _PRINTABLE.fullmatch(text) or "=?" in text or text != text.strip() or "  " in text:
        return encoded(text)
    rows, row = list[str](), " " * indent
    for word in text.split(" "):
        if len(word) > _COLUMNS - 1:
            return encoded(text)
        if len(row) + 1 + len(word) > _COLUMNS and row.strip():
            rows.append(row)
            row = word
        else:
            row = f"{row} {word}" if row.strip() else row + word
    rows.append(row)
    return FOLD.join(line.encode("ascii") for line in rows).lstrip(b" ")


def phrase(name: str) -> bytes:
    """A display name, as it stands before an address in angle brackets."""
    if len(name) <= _NAME_COLUMNS and _ATOMS.fullmatch(name):
        return name.encode("ascii")
    name = clean(name)
    if _PRINTABLE.fullmatch(name) and "=?" not in name and len(name) <= _NAME_COLUMNS and name == name.strip():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'.encode("ascii")
    return encoded(name)


def encoded(text: str) -> bytes:
    """`text` as encoded words, each on a line of its own, no character cut in two."""
    words: list[bytes] = []
    word = b""
    for char in text:
        octets = char.encode()
        if len(word) + len(octets) > _WORD_OCTETS:
            words.append(word)
            word = b""
        word += octets
    words.append(word)
    return FOLD.join(b"=?utf-8?b?" + base64.b64encode(word) + b"?=" for word in words)


def parameter(name: str, value: str) -> bytes:
    """`; name=value` for a Content-… field, in as many pieces as it takes; blanks around the value are left out."""
    value = clean(value).strip()
    if _PLAIN_VALUE.fullmatch(value):
        return f';{FOLD.decode()}{name}="{value}"'.encode("ascii")
    pieces, piece = list[str](), ""
    for char in value:
        quoted = urllib.parse.quote(char, safe="")
        if len(piece) + len(quoted) > _PIECE:
            pieces.append(piece)
            piece = ""
        piece += quoted
    pieces.append(piece)
    if len(pieces) == 1:
        return f";{FOLD.decode()}{name}*=utf-8''{piece}".encode("ascii")
    pieces[0] = f"utf-8''{pieces[0]}"
    rows = [f"{name}*{number}*={piece}" for number, piece in enumerate(pieces)]
    return b"".join(b";" + FOLD + row.encode("ascii") for row in rows)


def address(name: str, spelled: bytes, *, indent: int) -> bytes:
    """`name <address>`, or the address alone."""
    if not name.strip():
        return spelled
    shown = phrase(name)
    last = len(shown) + indent if FOLD not in shown else len(shown) - shown.rfind(FOLD)
    return shown + (FOLD if last + len(spelled) + 3 > _COLUMNS else b" ") + b"<" + spelled + b">"
