"""Looking for words in a column."""

from typing import Any

from sqlalchemy import ColumnElement, func


def holds(column: ColumnElement[Any], words: str) -> ColumnElement[bool]:
    """Whether `column` holds `words` somewhere; `%` and `_` in them mean themselves.

    Letter case does not matter as far as the database knows letters (SQLite: A to Z). The database folds both sides:
    were the words folded here, a stored Ä that it does not fold would never be found.
    """
    escaped = words.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return func.lower(column).like(func.lower(f"%{escaped}%"), escape="/")
