"""The patterns of `like`: a star at either end stands for anything; with a backslash before it, for itself."""

import msgspec


class Pattern(msgspec.Struct, frozen=True):
    """`words`, and whether they stand at the beginning, at the end; both: they are all of it."""

    words: str
    begins: bool
    ends: bool

    def fits(self, text: str) -> bool:
        """Whether `text` is like this."""
        if self.begins and self.ends:
            return text == self.words
        if self.begins:
            return text.startswith(self.words)
        return text.endswith(self.words) if self.ends else self.words in text


def read_pattern(text: str) -> Pattern:
    """The pattern that is written so."""
    head, rest, begins, ends = "", text, True, True
    if rest.startswith("\\*"):
        head, rest = "*", rest[2:]
    elif rest.startswith("*"):
        rest, begins = rest[1:], False
    if rest.endswith("\\*"):
        rest = f"{rest[:-2]}*"
    elif rest.endswith("*"):
        rest, ends = rest[:-1], False
    if text == "*":
        ends = False
    return Pattern(head + rest, begins, ends)
