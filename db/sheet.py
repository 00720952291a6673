"""A sheet for people: lines of CSV in which no cell is a formula."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

# What makes a spreadsheet compute: the signs, their wide forms, and what some programs skip before them.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")


def sheet_line(values: Iterable[Any]) -> str:
    """One line with its end, every text quoted, as RFC 4180 has it."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(map(cell, values))
    return line.getvalue()


def cell(value: Any) -> str | int | float:
    """A value as it stands in a cell; a text that could be a formula has an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(FORMULA) else text
