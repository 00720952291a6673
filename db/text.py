"""Text and JSON that every database takes: PostgreSQL refuses NUL, and JSON has no NaN."""

import math
import re
from typing import Any

from db.errors import StoreInputError

# Control characters other than tab and newline, lone surrogates, noncharacters.
UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    """Leave out what cannot be stored; line ends become newlines."""
    return UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_json(value: Any, path: str = "$") -> Any:
    """The same value with clean text throughout.

    Raises:
        StoreInputError: for a number or a type that JSON does not have; the message says where.
    """
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreInputError(f"{path}: {value} is not a JSON number; store a finite number or null")
        return value
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item, f"{path}[{i}]") for i, item in enumerate(value)]
    raise StoreInputError(f"{path}: {type(value).__name__} is not a JSON type; store plain values")
