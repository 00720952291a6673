"""Links: the words for sets that a relation leads to, and for how much it leads to, made from its label alone."""

import re
from dataclasses import dataclass
from pathlib import Path

from kgqa.graph.catalog import Catalog
from kgqa.training.english import IRREGULAR, Words, plural
from kgqa.training.patterns import ONE, Parts, Patterns, plain
from kgqa.training.phrasing import is_personal, subject_of
from kgqa.training.wording import AUXILIARIES, FORMS, PREPOSITIONS

PATTERNS = Patterns(Path(__file__).with_name("links.toml"))
AT = frozenset({"in", "at", "on", "near", "inside", "within", "from"})  # what is located there still is
ONCE = frozenset(["born", "built", "created", "established", "formed", "founded", "made", "published", "released"])
SAME = frozenset(["series", "species", "news", "means"])
PARTICIPLE = next(form for form in FORMS if form.patterns == "participle")


@dataclass(frozen=True)
class Noun:
    """What a thing is called, and several of them; empty where nobody can tell."""

    one: str = ""
    many: str = ""

    def __bool__(self) -> bool:
        return bool(self.one)

    def form(self, form: int) -> str:
        """What one is called, or several."""
        return self.one if form == ONE else self.many

    @property
    def personal(self) -> bool:
        """Whether it is somebody."""
        return bool(self.one) and is_personal(self.one)


@dataclass(frozen=True)
class Link:
    """A relation in one of its two directions, in words.

    `noun` is what the label calls what it leads to; `own` says that the label itself has that noun, so that no class
    says it better.
    """

    heading: tuple[str, str]
    parts: Parts
    noun: Noun
    own: bool

    def mods(self) -> list[str]:
        """What follows a noun for what it leads to from {a}, for one and for several."""
        return PATTERNS.filled((*self.heading, "mods"), self.parts)

    def nots(self) -> list[str]:
        """What follows a noun for what it does not lead to from {a}."""
        return PATTERNS.filled((*self.heading, "nots"), self.parts)

    def preds(self) -> list[str]:
        """What is said of where it starts, with {y} for what it leads to."""
        return PATTERNS.filled((*self.heading, "preds"), self.parts)

    def asks(self) -> list[str]:
        """Questions whether it leads from {a} to {b}."""
        return PATTERNS.filled((*self.heading, "asks"), self.parts)

    def counts(self, things: str) -> list[str]:
        """Questions to how many things it leads from {a}."""
        return PATTERNS.filled((*self.heading, "counts"), {**self.parts, "things": things})


def links_of(catalog: Catalog, words: Words) -> list[Link]:
    """The links of all relations, each forwards and backwards."""
    found: list[Link] = []
    for label, description in zip(catalog.relation_labels, catalog.relation_descriptions, strict=True):
        found += link(label, words, start_of(description, label))
    return found


def link(label: str, words: Words, subject: str = "") -> tuple[Link, Link]:
    """A relation with this label, forwards and backwards; `subject` is what it starts from, where that is known."""
    tokens = spoken(label).split() or ["related", "to"]
    if tokens[0] in AUXILIARIES and PARTICIPLE.fits(tokens[1:]):
        tokens = tokens[1:]
    form = next(form for form in FORMS if form.fits(tokens))
    parts = _completed(form.parts(tokens, words))
    named, start = Noun(parts["N"], parts["Ns"]), noun(subject)
    if form.patterns == "verb":
        start = start or noun(parts.get("agent", "").replace("flower", ""))  # which is nothing that flows
    doer = form.patterns in ("noun_by", "ing") or (form.patterns == "participle" and bool(parts.get("past")))
    forward = Link((form.patterns, "forward"), parts, named or (noun("person") if doer else Noun()), bool(named))
    backward = Link((form.patterns, "backward"), parts, start, False)
    return (backward, forward) if form.turned else (forward, backward)


def spoken(label: str) -> str:
    """A label as it is said: without what stands in brackets, in small letters, "position s" in one word."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"\s*\([^()]*\)\s*$", "", label))
    said = " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())
    return re.sub(r"(\w+) s\b", r"\1s", said)


def noun(text: str) -> Noun:
    """A noun from a label, which may have it in the plural: "countries" -> country, countries."""
    first, _, second = plain(text).partition(" or ")
    if first and second:
        left, right = noun(first), noun(second)
        return Noun(f"{left.one} or {right.one}", f"{left.many} or {right.many}")
    words = plain(text).split()
    if not words:
        return Noun()
    place = next((place for place in range(1, len(words)) if _ends_noun(words[place], words[place - 1])), len(words))
    one = singular(words[place - 1])
    return Noun(*(" ".join([*words[: place - 1], form, *words[place:]]) for form in (one, plural(one))))


def _ends_noun(word: str, before: str) -> bool:
    """Whether the noun of a label has ended before this word: "place of birth", "languages spoken"."""
    participle = word.endswith("ed") or word in IRREGULAR
    return word == "of" or word in PREPOSITIONS or (participle and before.endswith("s"))


def singular(word: str) -> str:
    """cities -> city, people -> person, films -> film; what is no plural is left as it is."""
    if word == "people":
        return "person"
    if word in SAME or not word.endswith("s") or word.endswith(("ss", "us", "is", "ics")) or len(word) < 4:
        return word
    return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]


def start_of(description: str, label: str) -> str:
    """What a relation starts from, where its description is a way to it: "film film genre", of a film.

    Of two words before the label, the first is the field: "education university colors" starts from a university.
    """
    subject = subject_of(description, label)
    if subject.split(" ")[0] in ("of", *PREPOSITIONS):
        return ""
    return subject.split()[-1] if subject and len(description.split()) == len(label.split()) + 2 else subject


def _completed(parts: Parts) -> Parts:
    """With the forms of "be" that a participle goes with, and the noun for one and for several."""
    is_ = parts.get("R", "") in AT and parts.get("P", "") not in ONCE
    named = noun(parts.get("N", ""))
    be = ("is", "are") if is_ else ("was", "were")
    return {
        **parts,
        "be": f"[{be[0]}|{be[1]}|be]",
        "benot": f"[{be[0]}|{be[1]}] not",
        "Be": be[0],
        "bemany": be[1],
        "N": named.one,
        "Ns": named.many,
    }
