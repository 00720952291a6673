"""Who says the same: keys that are equal where feedback corrects the same question in the same way."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_WORDS = re.compile(r"\w+")


def question_key(question: str, snapshot: Mapping[str, Any]) -> str:
    """Equal for questions that differ in case, spaces and punctuation alone, and so do those that they lean on."""
    return _digest("\n".join(map(_plain, (question, *snapshot.get("after", ())))))


def correction_key(
    answers: Sequence[Mapping[str, str]],
    text: str,
    entity: Mapping[str, str] | None,
    comment: str,
    chosen: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Equal for the same entities and choices in any order, or the same words; empty where only a thumb was given.

    A comment tells apart only where it is all that was said.
    """
    said = [*sorted({f"id {answer['id']}" for answer in answers}), _plain(text)]
    said += sorted({_choice(each) for each in ([entity] if entity else []) + list(chosen)})
    if not any(said):
        said = [f"comment {_plain(comment)}"] if _plain(comment) else []
    return _digest("\n".join(said)) if said else ""


def _choice(row: Mapping[str, Any]) -> str:
    if "relation" not in row:
        return f"{_plain(row['mention'])} is {row['id']}"
    return f"{_plain(row['mention'])} hop {row['hop']} is {row['relation']} {'back' if row['inverse'] else 'on'}"


def pseudonym(visitor: str) -> str:
    """A short name under which a visitor can be told from others, and no more."""
    return _digest(visitor)[:6]


def contributor(visitor: str) -> str:
    """Who contributed, under a name that is the same in every export and does not tell whose feedback it is.

    A visitor's id is 32 random bytes, or a digest of them, so that nobody finds it by trying.
    """
    return _digest(f"contributor {visitor}")[:16]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORDS.findall(folded)) or folded.strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
