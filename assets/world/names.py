"""Names: how one is compared, turned into an IRI, and which aliases are worth keeping."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

LATIN_LETTERS = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ]")
THREE_CAPITALS = re.compile(r"[A-Z]{3}")
TRAILING_PARENTHESIS = re.compile(r"\s*\([^()]*\)$")
WITHOUT_DECOMPOSITION = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae", "Æ": "AE", "œ": "oe", "ß": "ss"}
)
# Codes and short names that questions are full of as words; as names they would be found everywhere.
COMMON_WORDS = frozenset((Path(__file__).parent / "common_words.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=500_000)
def normalise(name: str) -> str:
    """Fold accents, case, punctuation and a leading article, so that two spellings of one name become equal."""
    plain = unicodedata.normalize("NFKD", name.translate(WITHOUT_DECOMPOSITION))
    letters = "".join(character for character in plain if not unicodedata.combining(character)).casefold()
    words = re.sub(r"['’ʻʼ`]", "", letters)
    folded = re.sub(r"[^\w]+", " ", words).strip()
    return folded.removeprefix("the ") or folded


def label_of(key: str) -> str:
    """The key without the parenthetical that tells it from its namesakes."""
    return TRAILING_PARENTHESIS.sub("", key)


def slug(key: str) -> str:
    return quote(key.replace(", ", "_").replace(" ", "_"), safe="-_.~()!,'")


def is_latin(name: str) -> bool:
    return all(LATIN_LETTERS.match(character) or not character.isalpha() for character in name)


def is_plausible_alias(alias: str) -> bool:
    """Written names only: no codes, no transliterations (these start in lower case), no other script."""
    return (
        len(normalise(alias)) > 2
        and alias[0].isalpha()
        and alias[0].isupper()
        and is_latin(alias)
        and not THREE_CAPITALS.fullmatch(alias)
        and not any(character.isdigit() for character in alias)
    )


def distinct(label: str, aliases: Iterable[str]) -> list[str]:
    """The aliases that differ from the label and from each other in more than accents or case."""
    seen = {normalise(label)}
    kept = []
    for alias in aliases:
        form = normalise(alias)
        if len(form) > 1 and not form.isdigit() and form not in seen and form not in COMMON_WORDS:
            seen.add(form)
            kept.append(alias)
    return kept


def common_aliases(label: str, candidates: Iterable[str], most: int) -> list[str]:
    """At most `most` aliases; those that many languages share come first, then those closest in length."""
    written = [alias for alias in candidates if is_plausible_alias(alias)]
    spellings = Counter(normalise(alias) for alias in written)
    ranked = sorted(
        written,
        key=lambda alias: (-spellings[normalise(alias)], abs(len(alias) - len(label)), not alias.isascii(), alias),
    )
    return distinct(label, ranked)[:most]
