"""Synthesis: questions and answers made from a graph and the labels of its relations, and nothing else.

Relations are asked for about evenly, however many facts they have, with entities that the graph answers for: one hop
in both directions, two hops, what two to four entities have in common, names that only the rest of the question
decides, typing errors, and questions that the graph cannot answer.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from random import Random

from kgqa.graph.sparse import inverse
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.vectors import normalise
from kgqa.training.english import Words
from kgqa.training.phrasing import Phraser
from kgqa.training.questions import Question
from kgqa.training.sampling import FactSampler, ImpossibleError, invented_name
from kgqa.training.typing_errors import long_enough, misspell

SHARES = {"1-hop": 0.40, "2-hop": 0.25, "intersection": 0.15, "ambiguous": 0.05, "unanswerable": 0.15}
NAMED, NAMED_SHARES = (2, 3, 4), (0.65, 0.25, 0.10)  # entities of an intersection
TYPO_SHARE = 0.2
SECOND_TYPO, LONG_NAME = 0.3, 10  # names of so many letters get a second error now and then
ALIAS_SHARE = 0.3
LOWER_SHARE = 0.5
PATIENCE = 400
SMALL_TALK = (
    "hello", "hi there, how are you?", "thanks a lot", "what can you do?", "tell me a joke", "good night",
    "what is the weather like tomorrow?", "how do I boil an egg?", "what time is it", "I don't like this",
    "can you help me with my homework?", "what is 12 times 12?", "why is the sky blue", "sing me a song", "ok",
    "what should I cook tonight", "translate this into French", "how far is it from here", "you are wrong", "bye",
    "where did I leave my keys?", "write me a poem about the sea", "how do I reset my password", "qwer asdf", "???",
    "never mind", "maybe later", "who are you",
)  # fmt: skip


class Synthesiser:
    """Draws questions from a graph, the same ones for the same seed."""

    def __init__(self, graph: KnowledgeGraph, words: Words, seed: int = 0) -> None:
        self.catalog, self.random = graph.catalog, Random(seed)
        self.facts = FactSampler(graph, self.random)
        self.phraser = Phraser(graph.catalog, words, self.random)

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
            except ImpossibleError:
                continue
            if made.question not in seen:
                wanted, misses = wanted - 1, 0
                yield made

    # What is asked

    def _one_hop(self) -> Question:
        relation = self.facts.relation()
        start, _ = self.facts.edge(relation)
        answers = self.facts.walk({start}, relation)
        text = self.phraser.question(relation, answers)
        return self.finished(text, [start], answers, "1-hop")

    def _two_hops(self) -> Question:
        first = self.facts.relation()
        start, middle = self.facts.edge(first)
        if not self.facts.is_named(middle):
            raise ImpossibleError
        second = self.facts.relation_of(middle)
        middles = self.facts.walk({start}, first)
        answers = self.facts.walk(middles, second) - {start}
        noun = self.phraser.noun(first, middles)
        text = self.phraser.question(second, answers).replace("{a}", noun)
        return self.finished(text, [start], answers, "2-hop")

    def _intersection(self) -> Question:
        _, goal = self.facts.edge(self.facts.relation())
        if self.catalog.is_value[goal]:
            raise ImpossibleError
        count = self.random.choices(NAMED, NAMED_SHARES)[0]
        steps, entities = [], []
        for _ in range(count):
            back = self.facts.relation_of(goal)
            entity = self.random.choice(self.facts.sparse.objects_of(goal, back).tolist())
            if entity in entities or entity == goal:
                raise ImpossibleError
            steps.append(inverse(back))
            entities.append(entity)
        each = [self.facts.walk({entity}, step) for entity, step in zip(entities, steps, strict=True)]
        answers = set.intersection(*each) - set(entities)
        if len(answers) >= min(map(len, each)):
            raise ImpossibleError  # one of them says it all
        return self.finished(self.phraser.in_common(steps, answers), entities, answers, f"{count} entities")

    def _ambiguous(self) -> Question:
        """A name of several entities, of which just one has the relation."""
        if not self.facts.shared_names:
            raise ImpossibleError
        namesakes = self.random.choice(self.facts.shared_names)
        start = self.random.choice(namesakes)
        relation = self.facts.relation_of(start)
        if any(self.facts.has(other, relation) for other in namesakes if other != start):
            raise ImpossibleError
        answers = self.facts.walk({start}, relation)
        return self.finished(self.phraser.question(relation, answers), [start], answers, "ambiguous")

    def _unanswerable(self) -> Question:
        draw = self.random.random()
        if draw < 0.1:
            return _unanswered(self.phraser.relaxed(self.random.choice(SMALL_TALK)))
        if draw < 0.35:
            return self._invented()
        return self._lacking(unknown=draw < 0.6)

    def _invented(self) -> Question:
        """A name that nothing has."""
        relation = self.facts.relation()
        one, two = (self.catalog.labels[self.facts.edge(relation)[0]] for _ in range(2))
        name = invented_name(one, two, self.random)
        if not name or normalise(name) in self.facts.named:
            raise ImpossibleError
        text = self.phraser.question(relation, set()).replace("{a}", name)
        return _unanswered(self.phraser.relaxed(text))

    def _lacking(self, unknown: bool) -> Question:
        """A relation that the entity lacks, or that the whole graph does."""
        start, _ = self.facts.edge(self.facts.relation())
        everyone = [start, *self.facts.namesakes(start)]
        if unknown:
            text = self.phraser.unheard_of()
            if not text:
                raise ImpossibleError
        else:
            relation = self.facts.relation()
            if any(self.facts.has(one, relation) for one in everyone):
                raise ImpossibleError
            text = self.phraser.question(relation, set())
        return self.finished(text, [start], set(), "unanswerable")

    def _name(self, entity: int) -> str:
        aliases = self.catalog.aliases(entity)
        by_alias = aliases and self.random.random() < ALIAS_SHARE
        return self.random.choice(aliases) if by_alias else self.catalog.labels[entity]

    def finished(self, text: str, entities: list[int], answers: set[int], kind: str) -> Question:
        """Put the names in, perhaps one of them misspelt, and note where they stand."""
        if not answers and kind != "unanswerable":
            raise ImpossibleError
        names = [self._name(entity) for entity in entities]
        if names and self._misspelt(names):
            kind = kind if kind == "unanswerable" else "typo"
        text, spans = _fill(self.phraser.relaxed(text), names)
        if self.random.random() < LOWER_SHARE and len(text.lower()) == len(text):
            text = text.lower()
        ids = self.catalog.entity_ids
        mentions = tuple((*span, ids[entity]) for span, entity in zip(spans, entities, strict=True))
        named = tuple(ids[entity] for entity in entities)
        return Question("", text, tuple(ids[answer] for answer in sorted(answers)), named, mentions, kind)

    def _misspelt(self, names: list[str]) -> bool:
        """Now and then one of the names gets a typing error or two; returns whether one did."""
        place = self.random.randrange(len(names))
        if self.random.random() >= TYPO_SHARE or len(names[place]) <= 4 or not long_enough(names[place], 1):
            return False
        twice = len(names[place]) >= LONG_NAME and long_enough(names[place], 2)
        names[place] = misspell(names[place], 2 if twice and self.random.random() < SECOND_TYPO else 1, self.random)
        return True


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
