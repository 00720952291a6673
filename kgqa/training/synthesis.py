"""Synthesis: questions and answers made from a graph and the labels of its relations, and nothing else.

Relations are asked for about evenly, however many facts they have, with entities that the graph answers for: one hop
in both directions, two hops, what two or three entities have in common, names that only the rest of the question
decides, typing errors, and questions that the graph cannot answer.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from random import Random

import numpy as np

from kgqa.graph.sparse import inverse
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.vectors import normalise
from kgqa.training.english import Words
from kgqa.training.questions import Question
from kgqa.training.typing_errors import long_enough, misspell
from kgqa.training.wording import Wording, word

SHARES = {"1-hop": 0.40, "2-hop": 0.25, "intersection": 0.15, "ambiguous": 0.05, "unanswerable": 0.15}
TYPO_SHARE = 0.12
ALIAS_SHARE = 0.3
LOWER_SHARE = 0.5
MOST_ANSWERS = 300
PATIENCE = 400
PEOPLE = frozenset({"person", "people", "human", "man", "woman"})
SMALL_TALK = (
    "hello", "hi there, how are you?", "thanks a lot", "what can you do?", "tell me a joke", "good night",
    "what is the weather like tomorrow?", "how do I boil an egg?", "what time is it", "I don't like this",
    "can you help me with my homework?", "what is 12 times 12?", "why is the sky blue", "sing me a song", "ok",
    "what should I cook tonight", "translate this into French", "how far is it from here", "you are wrong", "bye",
    "where did I leave my keys?", "write me a poem about the sea", "how do I reset my password", "qwer asdf", "???",
    "never mind", "maybe later", "who are you",
)  # fmt: skip
UNKNOWN = (
    "favourite colour", "shoe size", "phone number", "opening hours", "email address", "ticket price", "star sign",
    "favourite food", "bank balance", "website", "dress code", "best friend", "colour", "weight in kilograms", "smell",
    "password", "nickname at school", "insurance", "parking space", "dentist", "blood pressure", "mood today", "recipe",
)  # fmt: skip


class _Impossible(Exception):
    """What was drawn leads to no question; draw again."""


class Synthesiser:
    """Draws questions from a graph, the same ones for the same seed."""

    def __init__(self, graph: KnowledgeGraph, words: Words, seed: int = 0) -> None:
        self.graph, self.catalog, self.random = graph, graph.catalog, Random(seed)
        self.wordings: list[Wording] = []
        for label in self.catalog.relation_labels:
            self.wordings += word(label, words)
        subjects, relations, objects = (tensor.numpy() for tensor in graph.sparse.triples())
        order = np.argsort(relations, kind="stable")
        self._ends = (subjects[order], objects[order])
        self._starts = np.searchsorted(relations[order], np.arange(len(self.catalog.relation_labels) + 1))
        counts = np.diff(self._starts)
        self._weights = np.repeat(np.sqrt(counts), 2).tolist()  # a relation and its inverse

    def make(self, total: int, taken: Collection[str] = ()) -> Iterator[Question]:
        """So many questions, none twice and none with a text that is taken; fewer where the graph holds no more.

        They come by kind, one-hop questions last.
        """
        makers = {
            "unanswerable": self._unanswerable,
            "ambiguous": self._ambiguous,
            "intersection": self._intersection,
            "2-hop": self._two_hops,
            "1-hop": self._one_hop,
        }
        seen, number = set(taken), 0
        for kind, maker in makers.items():
            wanted = total - number if kind == "1-hop" else round(total * SHARES[kind])
            for made in self._distinct(maker, wanted, seen):
                seen.add(made.question)
                number += 1
                yield replace(made, id=f"synthetic-{number}")

    def _distinct(self, maker: Callable[[], Question], wanted: int, seen: set[str]) -> Iterator[Question]:
        """Up to `wanted` new questions, until PATIENCE draws in a row have come to nothing."""
        misses = 0
        while wanted and misses < PATIENCE:
            misses += 1
            try:
                made = maker()
            except _Impossible:
                continue
            if made.question not in seen:
                wanted, misses = wanted - 1, 0
                yield made

    # What is asked

    def _one_hop(self) -> Question:
        relation = self._relation()
        start, _ = self._edge(relation)
        answers = self._walk({start}, relation)
        text = self._question(relation, answers)
        return self._finish(text, [start], answers, "1-hop")

    def _two_hops(self) -> Question:
        first = self._relation()
        start, middle = self._edge(first)
        if not self._is_named(middle):
            raise _Impossible
        second = self._relation_of(middle)
        middles = self._walk({start}, first)
        answers = self._walk(middles, second) - {start}
        noun = self._chosen(self.wordings[first].nouns, middles)
        text = self._question(second, answers).replace("{a}", noun)
        return self._finish(text, [start], answers, "2-hop")

    def _intersection(self) -> Question:
        _, goal = self._edge(self._relation())
        if self.catalog.is_value[goal]:
            raise _Impossible
        count = 3 if self.random.random() < 0.25 else 2
        steps, entities = [], []
        for _ in range(count):
            back = self._relation_of(goal)
            entity = self.random.choice(self.graph.sparse.objects_of(goal, back).tolist())
            if entity in entities or entity == goal:
                raise _Impossible
            steps.append(inverse(back))
            entities.append(entity)
        each = [self._walk({entity}, step) for entity, step in zip(entities, steps, strict=True)]
        answers = set.intersection(*each) - set(entities)
        if len(answers) >= min(map(len, each)):
            raise _Impossible  # one of them says it all
        return self._finish(self._in_common(steps, answers), entities, answers, "intersection")

    def _ambiguous(self) -> Question:
        """A name of several entities, of which just one has the relation."""
        if not self._shared_names:
            raise _Impossible
        namesakes = self.random.choice(self._shared_names)
        start = self.random.choice(namesakes)
        relation = self._relation_of(start)
        if any(self._has(other, relation) for other in namesakes if other != start):
            raise _Impossible
        answers = self._walk({start}, relation)
        return self._finish(self._question(relation, answers), [start], answers, "ambiguous")

    def _unanswerable(self) -> Question:
        draw = self.random.random()
        if draw < 0.1:
            return _unanswered(self._relaxed(self.random.choice(SMALL_TALK)))
        if draw < 0.35:
            return self._invented()
        return self._lacking(unknown=draw < 0.6)

    def _invented(self) -> Question:
        """A name that nothing has: half of one and half of another."""
        relation = self._relation()
        one, two = (self.catalog.labels[self._edge(relation)[0]] for _ in range(2))
        first, second = one.split(), two.split()
        if len(first) > 1 and len(second) > 1:
            name = " ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])
        else:
            name = one[: self.random.randint(2, max(2, len(one) - 1))] + two[-self.random.randint(2, 4) :].lower()
        if normalise(name) in self._named or len(name) < 4:
            raise _Impossible
        text = self._question(relation, set()).replace("{a}", name)
        return _unanswered(self._relaxed(text))

    def _lacking(self, unknown: bool) -> Question:
        """A relation that the entity lacks, or that the whole graph does."""
        start, _ = self._edge(self._relation())
        everyone = [start, *self._namesakes(start)]
        if unknown:
            label = self.random.choice(UNKNOWN)
            if label in self._relation_names:
                raise _Impossible
            text = self._chosen(word(label, Words(()))[0].questions, set())
        else:
            relation = self._relation()
            if any(self._has(one, relation) for one in everyone):
                raise _Impossible
            text = self._question(relation, set())
        return self._finish(text, [start], set(), "unanswerable")

    # The graph

    def _relation(self) -> int:
        return self.random.choices(range(len(self._weights)), self._weights)[0]

    def _edge(self, relation: int) -> tuple[int, int]:
        """A fact of this relation, from where it starts to where it leads; both have names."""
        low, high = self._starts[relation // 2], self._starts[relation // 2 + 1]
        if low == high:
            raise _Impossible
        place = self.random.randrange(int(low), int(high))
        subject, object_ = (int(ends[place]) for ends in self._ends)
        start, end = (subject, object_) if relation % 2 == 0 else (object_, subject)
        if not self._is_named(start):
            raise _Impossible
        return start, end

    def _is_named(self, entity: int) -> bool:
        label = self.catalog.labels[entity]
        return bool(label) and (not self.catalog.is_value[entity] or (len(label) <= 4 and label.isdecimal()))

    def _relation_of(self, entity: int) -> int:
        """Some relation that leaves the entity."""
        first, last = self.graph.sparse.entity_pointers[entity : entity + 2].tolist()
        if first == last:
            raise _Impossible
        return int(self.graph.sparse.group_relations[self.random.randrange(first, last)])

    def _has(self, entity: int, relation: int) -> bool:
        return len(self.graph.sparse.objects_of(entity, relation)) > 0

    def _walk(self, entities: set[int], relation: int) -> set[int]:
        """Where the relation leads from them; raises `_Impossible` if nowhere or to too many."""
        if len(entities) > MOST_ANSWERS:
            raise _Impossible
        found: set[int] = set()
        for entity in sorted(entities):
            found.update(self.graph.sparse.objects_of(entity, relation).tolist())
        if not 0 < len(found) <= MOST_ANSWERS:
            raise _Impossible
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for entity, label in enumerate(self.catalog.labels):
            for name in {normalise(text) for text in (label, *self.catalog.aliases(entity)) if text}:
                found[name].append(entity)
        return dict(found)

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(self._by_name)

    @cached_property
    def _shared_names(self) -> list[list[int]]:
        """Entities that go by one label."""
        by_label = [
            [entity for entity in entities if normalise(self.catalog.labels[entity]) == name]
            for name, entities in self._by_name.items()
        ]
        return [group for group in by_label if len(group) > 1]

    @cached_property
    def _relation_names(self) -> frozenset[str]:
        labels = [label.lower() for label in self.catalog.relation_labels]
        return frozenset(part for label in labels for part in (label, *label.split()))

    def _namesakes(self, entity: int) -> list[int]:
        return [other for other in self._by_name.get(normalise(self.catalog.labels[entity]), ()) if other != entity]

    # The words

    def _question(self, relation: int, answers: set[int]) -> str:
        return self._chosen(self.wordings[relation].questions, answers, self.wordings[relation])

    def _chosen(self, patterns: tuple[str, ...], answers: set[int], wording: Wording | None = None) -> str:
        """One of the patterns, with words for the answers put in; `{a}` stays."""
        pattern = self.random.choice(patterns)
        thing = self._thing(answers)
        for slot, text in (
            ("{wh}", self._who(thing, wording)),
            ("{which}", self._which(thing, wording)),
            ("{things}", _plural(thing) if thing else self.random.choice(["things", "ones"])),
        ):
            pattern = pattern.replace(slot, text)
        return pattern

    def _thing(self, answers: set[int]) -> str:
        """A class of the answers, half of the time."""
        if not answers or self.random.random() < 0.5:
            return ""
        classes = self.catalog.classes(min(answers))
        return self.random.choice(classes).lower() if classes else ""

    def _who(self, thing: str, wording: Wording | None) -> str:
        kind = wording.kind if wording else ""
        if kind == "person" or thing in PEOPLE:
            return self.random.choice(["who", "who", "who", "which person"])
        if not thing and not kind:
            return self.random.choice(["who", "what", "what", "which"])
        return self._which(thing, wording)

    def _which(self, thing: str, wording: Wording | None) -> str:
        named = thing or (wording.thing if wording else "")
        if named and self.random.random() < 0.6:
            return f"{self.random.choice(['which', 'what'])} {named}"
        return self.random.choice(["what", "what", "which one"])

    def _in_common(self, steps: list[int], answers: set[int]) -> str:
        """A question for what satisfies every step, with slots {0}, {1} …"""
        thing = self._thing(answers)
        plural = self.random.random() < 0.5
        clauses = []
        for number, step in enumerate(steps):
            wording = self.wordings[step]
            clause = self.random.choice(wording.plural if plural else wording.clauses)
            clauses.append(clause.replace("{a}", f"{{{number}}}"))
        said = ", ".join(clauses[:-1]) + self.random.choice([" and ", " and also ", ", and "]) + clauses[-1]
        return self._beginning(thing, plural) + said

    def _beginning(self, thing: str, plural: bool) -> str:
        if not plural:
            return (
                self.random.choice([self._who(thing, None), f"which {thing or 'one'}", f"what {thing}".strip()]) + " "
            )
        things = _plural(thing) if thing else self.random.choice(["things", "ones"])
        asks = [f"which {things}", f"what {things}", f"{things} that", f"list the {things} that", f"all {things} that"]
        return self.random.choice(asks) + " "

    def _name(self, entity: int) -> str:
        aliases = self.catalog.aliases(entity)
        by_alias = aliases and self.random.random() < ALIAS_SHARE
        return self.random.choice(aliases) if by_alias else self.catalog.labels[entity]

    def _finish(self, text: str, entities: list[int], answers: set[int], kind: str) -> Question:
        """Put the names in, perhaps one of them misspelt, and note where they stand."""
        if not answers and kind != "unanswerable":
            raise _Impossible
        names = [self._name(entity) for entity in entities]
        place = self.random.randrange(len(names))
        if self.random.random() < TYPO_SHARE and len(names[place]) > 4 and long_enough(names[place], 1):
            names[place] = misspell(names[place], 1, self.random)
            kind = kind if kind == "unanswerable" else "typo"
        text, spans = _fill(self._relaxed(text), names)
        if self.random.random() < LOWER_SHARE and len(text.lower()) == len(text):
            text = text.lower()
        ids = self.catalog.entity_ids
        mentions = tuple((*span, ids[entity]) for span, entity in zip(spans, entities, strict=True))
        named = tuple(ids[entity] for entity in entities)
        return Question("", text, tuple(ids[answer] for answer in sorted(answers)), named, mentions, kind)

    def _relaxed(self, text: str) -> str:
        """With or without its question mark, and a capital at the beginning."""
        plain = text.strip().rstrip("?")
        if not plain:
            return text
        text = plain + ("?" if self.random.random() < 0.5 else "")
        return text[:1].upper() + text[1:] if self.random.random() < 0.4 else text


def _unanswered(text: str) -> Question:
    return Question("", text, (), slice="unanswerable")


def _fill(text: str, names: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Put names in the slots {0}, {1} … (`{a}` is the first), and say where each came to stand."""
    made, spans = "", [(0, 0)] * len(names)
    for part in re.split(r"(\{(?:a|\d)\})", text):
        if re.fullmatch(r"\{(?:a|\d)\}", part):
            slot = 0 if part == "{a}" else int(part[1:-1])
            spans[slot] = len(made), len(made) + len(names[slot])
            part = names[slot]
        made += part
    return made, spans


def _plural(noun: str) -> str:
    if noun in ("person", "people"):
        return "people"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun if noun.endswith("s") and not noun.endswith("ss") else noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"
