"""Wording: ways to ask along a relation, made from the form of its label and nothing else.

A label is a participle ("directed by", "located in country"), a noun phrase ("place of birth", "has genre"), a noun
of something ("capital of"), a noun by someone ("music by"), a verb ("plays for club", "borders"), an -ing form
("starring") or a preposition ("in language"). Each form has its own ways to ask, forwards and backwards.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from kgqa.training.english import IRREGULAR, Words

PATTERNS = Path(__file__).with_name("wording.toml")
Tokens = list[str]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PREPOSITIONS = _set(
    "about after against among as at before behind between by during for from in into inside near of on onto over "
    "since through to toward towards under until upon via with within without"
)
PLACES = _set("area birthplace city continent country county district location place region site state town")
TIMES = _set("birthday date day month time when year")
# What else is said for a preposition after a verb: one plays in a club, and for it; works at a firm, and for it.
OTHERWISE = {"in": "for", "at": "for", "for": "in", "with": "for", "on": "in", "to": "in"}
AUXILIARIES = _set("is are was were has have had")
# Verbs in the third person that stand alone, or before a noun, in the labels of relations.
VERBS = _set(
    "belongs borders causes connects contains controls creates crosses describes directs employs features flows "
    "follows governs hosts includes influences joins knows leads lives makes manages marries operates owns performs "
    "plays precedes produces publishes represents sells serves shares speaks studies supports teaches treats uses "
    "wears wins works writes"
)


@dataclass(frozen=True)
class Wording:
    """Ways to speak of what one step leads to from an entity `{a}`.

    `questions` are whole; `{wh}` in them is "who", "what", "which film" …, and `{which}` the same without "who".
    `nouns` name the answers inside another question ("the genre of {a}"). `clauses` tell of one answer, after "that"
    ("was directed by {a}"), and `plural` of several. `reduced` follows a noun at once ("directed by {a}").
    """

    questions: tuple[str, ...]
    nouns: tuple[str, ...]
    clauses: tuple[str, ...]
    plural: tuple[str, ...]
    reduced: tuple[str, ...]
    kind: str = ""  # "person", "place" or "time" where the label says what the answers are
    thing: str = ""  # what the label calls an answer
    head: str = ""  # the noun in its patterns for which another may stand


Both = tuple[Wording, Wording]  # forwards, backwards
Parts = dict[str, str]  # what a label holds, by the names that wording.toml has for it; empty for what it lacks


@dataclass(frozen=True)
class Form:
    """A form that a label may have: how it is recognised, its parts, and which patterns word it."""

    fits: Callable[[Tokens], bool]
    parts: Callable[[Tokens, Words], Parts]
    patterns: str
    turned: bool = False  # "capital of" is worded as "capital" is, but backwards


def word(label: str, words: Words) -> Both:
    """The wordings of a relation with this label, forwards and backwards."""
    tokens = _tokens(label) or ["related", "to"]
    if tokens[0] in AUXILIARIES and _is_participle(tokens[1:]):
        tokens = tokens[1:]
    form = next(form for form in FORMS if form.fits(tokens))
    parts, patterns = form.parts(tokens, words), _patterns()[form.patterns]
    noun = parts.get("N", "")
    head = noun.split(" of ")[0].split()[-1] if noun else ""
    forward = replace(_worded(patterns["forward"], parts), kind=parts.get("kind", ""), thing=noun, head=head)
    backward = replace(_worded(patterns["backward"], parts), head=head)
    return (backward, forward) if form.turned else (forward, backward)


def _tokens(label: str) -> Tokens:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    return re.sub(r"[\W_]+", " ", spaced).lower().split()


@cache
def _patterns() -> dict[str, dict[str, dict[str, str]]]:
    """Form, direction and kind of pattern to lines of patterns."""
    return tomllib.loads(PATTERNS.read_text(encoding="utf-8"))


def _worded(patterns: dict[str, str], parts: Parts) -> Wording:
    filled = {kind: tuple(dict.fromkeys(_filled(lines, parts))) for kind, lines in patterns.items()}
    reduced = filled.get("reduced") or tuple(f"that {clause}" for clause in filled["plural"])
    return Wording(filled["questions"], filled["nouns"], filled["clauses"], filled["plural"], reduced)


def _filled(lines: str, parts: Parts) -> Iterator[str]:
    """Patterns with the parts put in, as far as the label has those that each needs."""
    for line in filter(None, lines.splitlines()):
        unless, pattern = re.fullmatch(r"(?:!(\w+) )?(.*)", line).groups()  # type: ignore[union-attr]
        needed = re.findall(r"<(\w+)>", pattern)
        if not parts.get(unless or "") and all(parts.get(name) for name in needed):
            yield re.sub(r"<(\w+)>", lambda match: parts[match[1]], pattern)


def _kind(noun: str) -> str:
    head = noun.split(" of ")[0].split()[-1] if noun else ""
    return "place" if head in PLACES else "time" if head in TIMES else ""


# Participles: directed by, located in country, based on


def _is_participle(tokens: Tokens) -> bool:
    return len(tokens) > 1 and (tokens[0].endswith("ed") or tokens[0] in IRREGULAR) and tokens[1] in PREPOSITIONS


def _participle(tokens: Tokens, words: Words) -> Parts:
    participle, preposition, noun = tokens[0], tokens[1], " ".join(tokens[2:])
    doer = words.base(participle) if preposition == "by" else ""
    kind = "person" if doer else _kind(noun)
    return {
        "P": participle,
        "R": preposition,
        "N": noun,
        "base": doer,
        "past": words.past(doer) or (participle if doer and participle.endswith("ed") else ""),
        "agent": words.agent(doer) if doer else "",
        "where": "where" if preposition in ("in", "at", "near") and _kind(noun) != "time" else "",
        "when": "when" if _kind(noun) == "time" or preposition in ("since", "until") else "",
        "kind": kind,
    }


# Nouns: genre, place of birth, has genre, starred actors, capital of, music by


def _is_possession(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[0] in ("has", "have") and tokens[1] not in PREPOSITIONS


def _possession(tokens: Tokens, words: Words) -> Parts:
    return _noun(tokens[1:], words)


def _noun(tokens: Tokens, words: Words) -> Parts:
    noun = " ".join(tokens)
    verb = words.verb_of_agent(tokens[-1])
    past = words.past(verb) if verb else ""
    return {
        "N": noun,
        "base": verb,
        "past": past,
        "P": past if past.endswith("ed") else "",
        "where": "where" if _kind(noun) == "place" else "",
        "when": "when" if _kind(noun) == "time" else "",
        "short": tokens[-1] if len(tokens) > 1 and "of" not in tokens else "",
        "kind": "person" if verb else _kind(noun),
    }


def _is_noun_of(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[-1] == "of"


def _noun_of(tokens: Tokens, words: Words) -> Parts:
    return _noun(tokens[1:-1] if tokens[0] in AUXILIARIES and len(tokens) > 2 else tokens[:-1], words)


def _is_noun_by(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[-1] == "by"


def _noun_by(tokens: Tokens, _words: Words) -> Parts:
    return {"work": " ".join(tokens[:-1]), "kind": "person"}


# Verbs: plays for club, borders, flows through, starring


def _is_verb(tokens: Tokens) -> bool:
    first = tokens[0]
    goes_on = len(tokens) > 1 and tokens[1] in PREPOSITIONS and first.endswith("s") and not first.endswith("ss")
    return first not in AUXILIARIES and (first in VERBS or goes_on)


def _verb(tokens: Tokens, words: Words) -> Parts:
    preposition = tokens[1] if len(tokens) > 1 and tokens[1] in PREPOSITIONS else ""
    noun = " ".join(tokens[2:] if preposition else tokens[1:])
    base = words.base_of_third(tokens[0])
    return {
        "V": f"{tokens[0]} {preposition}".strip(),
        "B": f"{base} {preposition}".strip(),
        "base": base,
        "third": tokens[0],
        "G": words.ing(base) if preposition else "",
        "R": preposition,
        "S": OTHERWISE.get(preposition, "") if noun else "",
        "N": noun,
        "agent": words.agent(base) if preposition else "",
        "where": "where" if preposition in ("in", "at") else "",
        "kind": _kind(noun),
    }


def _is_ing(tokens: Tokens) -> bool:
    return tokens[0].endswith("ing") and len(tokens[0]) > 5 and (len(tokens) == 1 or tokens[1] in PREPOSITIONS)


def _ing(tokens: Tokens, words: Words) -> Parts:
    base = words.base_of_ing(tokens[0])
    return {"G": " ".join(tokens), "B": base, "past": words.past(base) if base else ""}


# States: in language, is in country, is aged


def _is_preposition(tokens: Tokens) -> bool:
    kept = tokens[1:] if tokens[0] in AUXILIARIES else tokens
    return bool(kept) and kept[0] in PREPOSITIONS


def _preposition(tokens: Tokens, _words: Words) -> Parts:
    preposition, *rest = tokens[1:] if tokens[0] in AUXILIARIES else tokens
    kind = _kind(" ".join(rest))
    where = "where" if preposition in ("in", "at", "near") and kind == "place" else ""
    return {"R": preposition, "N": " ".join(rest), "where": where, "kind": kind}


def _is_state(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[0] in AUXILIARIES


def _state(tokens: Tokens, words: Words) -> Parts:
    measured = words.base(tokens[-1]) if tokens[-1].endswith("ed") else ""  # is aged: what is the age
    return {"A": " ".join(tokens[1:]), "N": measured}


FORMS = (
    Form(_is_possession, _possession, "noun"),
    Form(_is_participle, _participle, "participle"),
    Form(_is_noun_of, _noun_of, "noun", turned=True),
    Form(_is_noun_by, _noun_by, "noun_by"),
    Form(_is_verb, _verb, "verb"),
    Form(_is_ing, _ing, "ing"),
    Form(_is_preposition, _preposition, "preposition"),
    Form(_is_state, _state, "state"),
    Form(lambda tokens: True, _noun, "noun"),
)
