"""Surface: the text of a question: names put into a template, then the carelessness of people who type."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace
from random import Random

from assets.world.templates import SLOT

WITH_ARTICLE = frozenset({"Museum", "River", "Sea", "Landmark", "MountainRange", "Desert", "Painting", "Sculpture"})
COUNTRIES_WITH_ARTICLE = re.compile(
    r"United|Netherlands|Philippines|Bahamas|Maldives|Gambia|Republic|Islands|^U\.?S|^UK"
)
SHORTEST_TYPO = 5


@dataclass(frozen=True)
class Mention:
    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class Question:
    text: str
    mentions: tuple[Mention, ...]
    has_typo: bool = False


@dataclass(frozen=True)
class Name:
    """How an entity is called in a question; `before` and `after` qualify it without being part of the mention."""

    text: str
    entity: str
    kind: str
    before: str = ""
    after: str = ""
    has_article: bool = False  # whatever its class


def render(template: str, names: dict[str, Name], random: Random) -> Question:
    """Fill the slots and keep count of where the names went."""
    text, mentions, position = "", [], 0
    for slot in SLOT.finditer(template):
        text += template[position : slot.start()]
        name = names[slot.group()]
        before, shown = with_article(text, name, random)
        text += before
        mentions.append(Mention(len(text), len(text) + len(shown), name.entity))
        text += shown + name.after
        position = slot.end()
    return Question(text + template[position:], tuple(mentions))


def with_article(text: str, name: Name, random: Random) -> tuple[str, str]:
    """No `the the Beatles`, and `the` where people say it."""
    has_article = re.search(r"\b(the|a|an|this|that|'s) $", text, re.IGNORECASE) is not None
    if has_article and name.text.lower().startswith("the "):
        return name.before, name.text[4:]
    wants = (
        name.has_article
        or name.kind in WITH_ARTICLE
        or (name.kind == "Country" and COUNTRIES_WITH_ARTICLE.search(name.text))
    )
    if wants and not has_article and not name.before and not name.text.lower().startswith("the "):
        return ("the " if random.random() < 0.6 else ""), name.text
    return name.before, name.text


def misspell(question: Question, random: Random) -> Question:
    """One wrong letter, two times in three inside a name."""
    inside = [mention for mention in question.mentions if mention.end - mention.start >= SHORTEST_TYPO]
    words = [word for word in re.finditer(r"[^\W\d_]{5,}", question.text) if not overlaps(word, question.mentions)]
    if inside and (not words or random.random() < 2 / 3):
        mention = random.choice(inside)
        position = random.randrange(mention.start + 1, mention.end - 1)
    elif words:
        word = random.choice(words)
        position = random.randrange(word.start() + 1, word.end() - 1)
    else:
        return question
    return edit(question, position, random)


def overlaps(word: re.Match[str], mentions: tuple[Mention, ...]) -> bool:
    return any(word.start() < mention.end and mention.start < word.end() for mention in mentions)


def edit(question: Question, position: int, random: Random) -> Question:
    """Drop, double, replace or swap the letter at a position; spaces and signs stay."""
    text = question.text
    if not (text[position].isalpha() and text[position + 1].isalpha()):
        return question
    letter, following = text[position], text[position + 1]
    other = random.choice([one for one in string.ascii_lowercase if one != letter.lower()])
    kinds = [("", 1), (letter * 2, 1), (other, 1), *([(following + letter, 2)] if following != letter else [])]
    new, length = random.choice(kinds)
    change = len(new) - length
    moved = tuple(
        replace(
            mention,
            start=mention.start + (change if mention.start > position else 0),
            end=mention.end + (change if mention.end > position else 0),
        )
        for mention in question.mentions
    )
    return Question(text[:position] + new + text[position + length :], moved, has_typo=True)


def relax(question: Question, random: Random) -> Question:
    """Lower case, no question mark, or a capital at the beginning."""
    text, draw = question.text, random.random()
    if draw < 0.25 and len(text.lower()) == len(text):
        text = text.lower()
    elif draw < 0.6:
        text = text[:1].upper() + text[1:]
    asks_with_mark = text.endswith("?") and all(mention.end < len(text) for mention in question.mentions)
    if asks_with_mark and random.random() < 0.3:
        text = text[:-1]
    return replace(question, text=text)
