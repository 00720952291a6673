"""Phrasing: the words of a question about relations, with slots for the names of its entities."""

import re
from dataclasses import replace
from functools import cached_property
from random import Random

from kgqa.graph.catalog import Catalog
from kgqa.training.english import Words, plural
from kgqa.training.wording import Wording, word

PEOPLE = frozenset({"person", "people", "human", "man", "woman"})
OTHERWISE = 0.25  # how often another noun stands for that of a label
PERSONAL = re.compile(r"(ist|ian|ress|[ts]or|player|writer|singer|producer|poet|leader|maker)$")
AFTER_NOUN = re.compile(r"[,;:(]|\b(in|of|by|for|from|on|at|with|and|who|that|which|set|based|about|to)\b")
UNKNOWN = (
    "favourite colour", "shoe size", "phone number", "opening hours", "email address", "ticket price", "star sign",
    "favourite food", "bank balance", "website", "dress code", "best friend", "colour", "weight in kilograms", "smell",
    "password", "nickname at school", "insurance", "parking space", "dentist", "blood pressure", "mood today", "recipe",
)  # fmt: skip


class Phraser:
    """Words questions by the labels of relations and the classes of answers."""

    def __init__(self, catalog: Catalog, words: Words, random: Random) -> None:
        self.catalog, self.random = catalog, random
        self._near = words.near
        self.wordings: list[Wording] = []
        for label, description in zip(catalog.relation_labels, catalog.relation_descriptions, strict=True):
            forward, backward = word(label, words)
            subject = subject_of(description, label)
            kind = "person" if is_personal(subject) else ""
            self.wordings += [forward, replace(backward, thing=backward.thing or subject, kind=backward.kind or kind)]
        self._unknown = {label: word(label, Words(()))[0].questions for label in UNKNOWN}

    def question(self, relation: int, answers: set[int]) -> str:
        """A question for where the relation leads from `{a}`."""
        return self._chosen(self.wordings[relation].questions, answers, self.wordings[relation])

    def noun(self, relation: int, answers: set[int]) -> str:
        """What the relation leads to from `{a}`, as part of another question."""
        return self._chosen(self.wordings[relation].nouns, answers, self.wordings[relation])

    def unheard_of(self) -> str:
        """A question for something of `{a}` that the graph has no relation for, or nothing if it has."""
        label = self.random.choice(UNKNOWN)
        return "" if label in self._relation_names else self._chosen(self._unknown[label], set())

    def _chosen(self, patterns: tuple[str, ...], answers: set[int], wording: Wording | None = None) -> str:
        """One of the patterns, with words for the answers put in; `{a}` stays."""
        pattern = self.random.choice(patterns)
        thing = self._thing(answers)
        for slot, text in (
            ("{wh}", self._who(thing, wording)),
            ("{which}", self._which(thing, wording)),
            ("{things}", plural(thing) if thing else self.random.choice(["things", "ones"])),
        ):
            pattern = pattern.replace(slot, text)
        return self._otherwise(pattern, wording.head if wording else "")

    def _otherwise(self, text: str, noun: str) -> str:
        """Now and then with a word that is used like this noun in its place."""
        if noun and self.random.random() < OTHERWISE and (near := self._near(noun)):
            return re.sub(rf"\b{noun}\b", self.random.choice(near), text, count=1)
        return text

    def _thing(self, answers: set[int]) -> str:
        """A class of the answers, or what one of them is described as, half of the time."""
        if not answers or self.random.random() < 0.5:
            return ""
        one = min(answers)
        classes = self.catalog.classes(one) or described_as(self.catalog.descriptions[one])
        if not classes:
            return ""
        thing = re.sub(r"[{}]", "", self.random.choice(classes).lower())  # braces would be slots
        return self._otherwise(thing, thing.split()[-1]) if thing.replace(" ", "").isalpha() else thing

    def _who(self, thing: str, wording: Wording | None) -> str:
        kind = wording.kind if wording else ""
        if kind == "person" or (is_personal(thing) and self.random.random() < 0.8):
            return self.random.choice(["who", "who", "who", "which person"])
        if not thing and not kind:
            return self.random.choice(["who", "what", "what", "which"])
        return self._which(thing, wording)

    def _which(self, thing: str, wording: Wording | None) -> str:
        named = thing or (wording.thing if wording else "")
        if named and self.random.random() < 0.6:
            return f"{self.random.choice(['which', 'what'])} {named}"
        return self.random.choice(["what", "what", "which one"])

    def in_common(self, steps: list[int], answers: set[int]) -> str:
        """A question for what satisfies every step, with slots {0}, {1} …"""
        thing, draw = self._thing(answers), self.random.random()
        if len(set(steps)) == 1 and draw < 0.4:
            return self._both(steps, thing)
        several = draw < 0.7
        if self.random.random() < 0.4:
            return self._beginning(thing, several).removesuffix("that ") + self._reduced(steps, several)
        wordings = [self.wordings[step] for step in steps]
        clauses = [self.random.choice(one.plural if several else one.clauses) for one in wordings]
        return self._beginning(thing, several) + _joined(_numbered(clauses), self.random)

    def _reduced(self, steps: list[int], several: bool) -> str:
        """Steps as they follow a noun, the last one perhaps as a clause: "films starring {0} were directed by {1}"."""
        said = _numbered([self.random.choice(self.wordings[step].reduced) for step in steps])
        draw = self.random.random()
        if draw < 0.4:
            return " ".join(said)
        if draw < 0.6:
            return _joined(said, self.random)
        last = self.wordings[steps[-1]]
        clause = self.random.choice(last.plural if several else last.clauses)
        return " ".join([*said[:-1], clause.replace("{a}", f"{{{len(steps) - 1}}}")])

    def _both(self, steps: list[int], thing: str) -> str:
        """One step from several entities: "which films have both {0} and {1} as director"."""
        names = _joined([f"{{{number}}}" for number in range(len(steps))], self.random)
        both = self.random.choice(["both ", ""]) if len(steps) == 2 else self.random.choice(["all of ", ""])
        clause = self.random.choice(self.wordings[steps[0]].plural)
        return self._beginning(thing, several=True) + clause.replace("{a}", both + names)

    def _beginning(self, thing: str, several: bool) -> str:
        if not several:
            asks = [self._who(thing, None), f"which {thing or 'one'}", f"what {thing}".strip()]
            return self.random.choice(asks) + " "
        things = plural(thing) if thing else self.random.choice(["things", "ones"])
        asks = [f"which {things}", f"what {things}", f"{things} that", f"list the {things} that", f"all {things} that"]
        return self.random.choice(asks) + " "

    @cached_property
    def _relation_names(self) -> frozenset[str]:
        labels = [label.lower() for label in self.catalog.relation_labels]
        return frozenset(part for label in labels for part in (label, *label.split()))

    def relaxed(self, text: str) -> str:
        """With or without its question mark, and a capital at the beginning."""
        plain = text.strip().rstrip("?")
        if not plain:
            return text
        text = plain + ("?" if self.random.random() < 0.5 else "")
        return text[:1].upper() + text[1:] if self.random.random() < 0.4 else text


def is_personal(thing: str) -> bool:
    """Whether a thing of this name is somebody."""
    return thing in PEOPLE or bool(PERSONAL.search(thing)) or thing.split()[-1:] in (["person"], ["people"])


def described_as(description: str) -> list[str]:
    """The noun of a description: "2012 American drama film by X" is a film and a drama film; nothing where unclear."""
    words = AFTER_NOUN.split(description, maxsplit=1)[0].split()
    if not 0 < len(words) < 7 or not words[-1].isalpha():
        return []
    pair = words[-2:] if len(words) > 1 and words[-2].isalpha() and words[-2].islower() else words[-1:]
    return list(dict.fromkeys([words[-1].lower(), " ".join(pair).lower()]))


def subject_of(description: str, label: str) -> str:
    """What a relation starts from, where its description is the way to it: "music record label artist", of "artist".

    That is the last word or two before the label; nothing where the description is another text.
    """
    words, own = description.lower().split(), label.lower().split()
    if not own or len(words) <= len(own) or words[-len(own) :] != own or not " ".join(words).replace(" ", "").isalpha():
        return ""
    return " ".join(dict.fromkeys(words[: -len(own)][-2:]))


def _numbered(clauses: list[str]) -> list[str]:
    return [clause.replace("{a}", f"{{{number}}}") for number, clause in enumerate(clauses)]


def _joined(parts: list[str], random: Random) -> str:
    return ", ".join(parts[:-1]) + random.choice([" and ", " and also ", ", and "]) + parts[-1]
