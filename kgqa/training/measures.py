"""Measures: the words for a number that entities have, found by the label of the relation that leads to it."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.numbers import Attribute, Numbers
from kgqa.training.english import IRREGULAR, Words
from kgqa.training.links import Noun, noun, spoken
from kgqa.training.patterns import BASE, ONE, Parts, Patterns, formed
from kgqa.training.wording import PREPOSITIONS

FILE = Path(__file__).with_name("measures.toml")
PATTERNS = Patterns(FILE)
DATE_WORDS = frozenset(["date", "dates", "year"])
TIME_WORDS = frozenset(["start", "end", "began", "begun", "ended"])
UNSAID = frozenset(["date", "year", "time", "in", "of", "on", "the"])
DONE = frozenset(IRREGULAR) | {past for _, past in IRREGULAR.values()}  # verbs, such as "begun" and "began"
YEARS, MOSTLY = (-3000.0, 2200.0), 0.9
HAVE = "[has|have|have]"
UNIT_SHARE = 0.6
HIGH, LOW = ("highest", "greatest"), ("lowest", "smallest")
COMPARATIVES = {
    "highest": "higher", "greatest": "greater", "largest": "larger", "lowest": "lower", "smallest": "smaller",
    "latest": "later", "earliest": "earlier",
}  # fmt: skip
WORDS = {  # of what is larger and smaller, and of what is later and earlier
    "over": (("more than", "over", "above"), ("less than", "under", "below"), (), ()),
    "above": (("above", "exceeding", "greater than"), ("below", "under", "smaller than"), (), ()),
    "counting": (("more than", "over"), ("fewer than", "less than"), (), ()),
    "fullest": (("most",), ("fewest",), (), ()),
    "fuller": (("more",), ("fewer",), (), ()),
    "before": ((), (), ("after",), ("before",)),
    "first": ((), (), ("last", "most recently", "latest"), ("first", "earliest")),
    "earlier": ((), (), ("later",), ("earlier",)),
}


@dataclass(frozen=True)
class Measure:
    """What can be measured of entities, in words.

    `things` are what the number counts, and `has` says that somebody has {y} of them. `dated` numbers are years, and
    `event` is what happened then. `words` are those of the family that the label belongs to.
    """

    attribute: Attribute
    nouns: tuple[str, ...]
    words: Mapping[str, Any]
    unit: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    has: tuple[str, ...] = (f"{HAVE} {{y}}",)
    dated: bool = False
    event: str = ""
    old: tuple[str, ...] = ()

    def is_(self, what: str) -> bool:
        """Whether its numbers can be "compared", be added up ("adds"), or have a mean ("means")."""
        if not self.words.get("compared", True) or (self.dated and what in ("adds", "means")):
            return False
        return bool(self.words.get(what, True))

    def parts(self, random: Random, large: bool = True, personal: bool = False) -> dict[str, str]:
        """The words of one way to speak of it, of large numbers or of small ones."""

        def chosen(texts: Sequence[str]) -> str:
            return texts[0] if personal and texts else random.choice(texts) if texts else ""

        found = {name: chosen(lists[(2 if self.dated else 0) + (not large)]) for name, lists in WORDS.items()}
        ways = (("most", "more"), ("least", "less"))
        most, more = ways[not large]
        found |= {"most": chosen(self.words.get(most, ())), "more": chosen(self.words.get(more, ()))}
        if self.words.get("numbered"):
            found |= {"morenumbered": found["more"], "lessnumbered": chosen(self.words.get("less", ()))}
        found["top"] = self._top(random, large)
        found["higher"] = COMPARATIVES[found["top"]]
        has, _, after = random.choice(self.has).partition("{y}")
        base = formed(has, BASE).strip()
        return {
            **found,
            **self._event(large),
            "noun": random.choice(self.nouns) if self.nouns else "",
            "nouns": noun(self.nouns[0]).many if self.nouns else "",
            "how": chosen(self.words.get("how", ())),
            "adjective": chosen(self.words.get("adjective", ())),
            "live": random.choice(self.words.get("live", ("",))),
            "unit": random.choice(self.unit) if self.unit and random.random() < UNIT_SHARE else "",
            "things": random.choice(self.things) if self.things else "",
            "years": "years" if self.dated else "",
            "has": has.strip(),
            "with": "with" if has.strip() == HAVE and not after else "",
            "after": after.strip(),
            "hasone": formed(has, ONE).strip(),
            "hasbase": "" if base == has or base.startswith("be ") else base,
        }

    def _top(self, random: Random, large: bool) -> str:
        """What the greatest or the least of these numbers are called."""
        if self.dated:
            return "latest" if large else "earliest"
        words: Sequence[str] = self.words.get("high" if large else "low", (HIGH, LOW)[not large])
        return random.choice(words)

    def _event(self, large: bool) -> dict[str, str]:
        """The words for what happened: "was born", "born"; "died", "who died"."""
        if not self.event:
            return {}
        passive = self.event.startswith("[was")
        done = self.event.partition("] ")[2]
        old = self.old[large] if self.old else ""
        return {
            "event": self.event,
            "born": done if passive else f"that {self.event}",
            "passive": done if passive else "",
            "do": "" if passive else formed(self.event, BASE),
            "old": old,
            "older": re.sub("est$", "er", old),
        }


def said(heading: str, manner: str, parts: Parts) -> list[str]:
    """The ways to say that something is extreme, beyond a number … `pre` or `post` of a noun, or as a `pred`."""
    return PATTERNS.filled((heading, manner), parts)


def measure_of(attribute: Attribute, label: str, values: NDArray[np.float64], words: Words) -> Measure | None:
    """The words for the values under a relation with this label; nothing where the label is no name for them."""
    name, unit = without_unit(spoken(label))
    tokens = name.split()
    if not tokens or (len(tokens) == 1 and (tokens[0] in PREPOSITIONS or len(name) < 3)):
        return None
    event, key = _event_of(tokens, words)
    if _is_years(values) and (event or DATE_WORDS & {*tokens} or TIME_WORDS & {*tokens}):
        nouns = () if event and (key in DONE or key.endswith("ed")) else (name,)
        old = tuple(_table()["old"].get(key, ()))
        return Measure(attribute, nouns, {}, dated=True, event=event, old=old)
    counted = _counted(tokens)
    if counted:
        return Measure(attribute, (name,), {}, things=(counted.many,))
    family: dict[str, Any] = next((one for one in _table()["families"] if _belongs(name, one["labels"])), {})
    return Measure(attribute, tuple(family.get("nouns", (name,))), family, unit, tuple(family.get("things", ())))


def measure_of_count(attribute: Attribute, things: Noun, preds: Sequence[str]) -> Measure:
    """The words for how many things a relation leads to, of which `preds` say that somebody has {y}."""
    return Measure(attribute, (), {}, things=(things.many,), has=tuple(preds))


def without_unit(label: str) -> tuple[str, tuple[str, ...]]:
    """A label without the unit at its end, and how people say that unit: "length in km", "weight kg"."""
    units: dict[str, list[str]] = _table()["units"]
    for unit in sorted(units, key=len, reverse=True):
        name = label.removesuffix(f" {unit}")
        if name != label and not name.endswith(" of"):
            return name.removesuffix(" in"), tuple(units[unit])
    return label, ()


def _event_of(tokens: list[str], words: Words) -> tuple[str, str]:
    """What happened at a date with this label, and the word that says so: "date of birth", "year founded"."""
    left = [token for token in tokens if token not in UNSAID]
    if not left:
        return "", ""
    *before, last = left
    event: str = _table()["events"].get(last, "")
    if event and before in ([], ["first"], ["initial"]):
        return event, last
    participle = last in IRREGULAR or (last.endswith("ed") and bool(words.base(last)))
    if participle and before in ([], ["first"]):
        return f"[was|were|be] {' '.join(left)}", last
    return "", ""


def _is_years(values: NDArray[np.float64]) -> bool:
    inside = (values > YEARS[0]) & (values < YEARS[1]) & (np.abs(values) > 31)
    return bool(len(values)) and bool(inside.mean() >= MOSTLY)


def _counted(tokens: list[str]) -> Noun:
    """What a number of runways, or a runway count, counts."""
    if tokens[:2] == ["number", "of"]:
        return noun(" ".join(tokens[2:]))
    return noun(" ".join(tokens[:-1])) if tokens[-1] == "count" else Noun()


def _belongs(name: str, labels: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(label)}\b", name) for label in labels)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def measures_of(numbers: Numbers, words: Words) -> list[Measure]:
    """The measures of all values of a graph that have a name."""
    labels, found = numbers.catalog.relation_labels, []
    for column, attribute in enumerate(numbers.values):
        values = numbers.table[:, column]
        if attribute.relation % 2 == 0:
            found.append(measure_of(attribute, labels[attribute.relation // 2], values[~np.isnan(values)], words))
    return [measure for measure in found if measure]
