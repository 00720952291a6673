"""Choices: what a person put in the place of an entity or a relation that was taken, as plain rows."""

from collections.abc import Mapping
from typing import Any

from db.errors import StoreInputError

ENTITY = {"mention": str, "id": str, "label": str}
RELATION = {"mention": str, "hop": int, "relation": str, "label": str, "inverse": bool}


def checked_choice(row: Mapping[str, Any]) -> dict[str, Any]:
    """Exactly what a choice says: the entity that a mention means, or what a hop from it, counted from 0, follows.

    Raises:
        StoreInputError: if it says neither.
    """
    form = RELATION if "relation" in row else ENTITY
    if not all(type(row.get(name)) is kind for name, kind in form.items()):
        raise StoreInputError(
            f"expected a choice with {', '.join(ENTITY)} or {', '.join(RELATION)}, found {dict(row)!r}"
        )
    return {name: row[name] for name in form}


def in_words(row: Mapping[str, Any]) -> str:
    """What a choice says, as a line of text."""
    if "relation" not in row:
        return f"“{row['mention']}” means {row['label']}"
    arrow = "←" if row["inverse"] else "→"
    return f"step {row['hop'] + 1} from “{row['mention']}” is {arrow} {row['label']}"
