"""Variants: given questions asked of other entities, where the graph shows what way leads to the answers.

Nothing says which entity a given question names, or which way it asks for. But where a run of its words is a name, and
exactly the answers are reached from there over one relation or two, or are what two of its names have in common, the
same words with another name ask for what the same way leads to from there. Where several ways explain a question, the
one that explains most questions is taken. So a few questions that people asked become many, with their wording and not
their names in common.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from kgqa.graph.sparse import inverse
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.linking.spans import Span, spans_of
from kgqa.training.questions import Question, answer_set
from kgqa.training.sampling import FactSampler, ImpossibleError

NAME_WORDS = 8  # of the longest name that is looked for
NAMESAKES = 12  # entities of one name that are tried, the best known first
MIDDLES = 40  # entities after the first of two relations, above which a way is too wide to be meant
ALIAS_SHARE = 0.2
PATIENCE = 50  # draws in a row that come to nothing


@dataclass(frozen=True)
class Way:
    """How a question's answers are reached: from the entity of each of its one or two spans along these relations."""

    spans: tuple[Span, ...]
    relations: tuple[tuple[int, ...], ...]  # of each span
    entities: tuple[int, ...]  # of each span

    def wording(self, text: str) -> str:
        """The words of the question without its names, equal for questions that are asked in the same words."""
        for span in sorted(self.spans, key=lambda span: -span.start):
            text = f"{text[: span.start]}{{}}{text[span.end :]}"
        return " ".join(text.casefold().split()).rstrip("?.! ")


Explained = Sequence[tuple[Question, Way]]


class Variants:
    """Asks given questions of other entities, the same ones for the same seed.

    With `ambiguous`, a name that several entities have gives way to other such names, as far as there are any, of
    entities that are as well known among their namesakes: what the question teaches is then which of them is meant.
    """

    def __init__(self, graph: KnowledgeGraph, index: EntityIndex, seed: int = 0, ambiguous: bool = False) -> None:
        self.catalog, self.index, self.random = graph.catalog, index, Random(seed)
        self.ambiguous = ambiguous
        self.facts = FactSampler(graph, self.random)
        self._reached = lru_cache(maxsize=100_000)(self._walk)
        self._namesakes = lru_cache(maxsize=None)(self._shared)

    def make(self, questions: Sequence[Question], total: int, taken: Sequence[Question] = ()) -> Iterator[Question]:
        """So many new questions, all explained ones about equally often; fewer where they run out.

        None has the text of one that is taken.
        """
        explained = self.explained(questions) if total else []
        yield from self.of(explained, total, [*questions, *taken])

    def of(self, explained: Explained, total: int, taken: Sequence[Question] = ()) -> Iterator[Question]:
        """So many new questions of those that are explained, one that stands there twice twice as often."""
        seen, misses, number = {row.question for row in taken}, 0, 0
        while explained and number < total and misses < PATIENCE:
            misses += 1
            question, way = self.random.choice(explained)
            try:
                made = self._asked_of_others(question, way)
            except ImpossibleError:
                continue
            if made.question not in seen:
                seen.add(made.question)
                misses, number = 0, number + 1
                yield made

    def explained(self, questions: Sequence[Question]) -> list[tuple[Question, Way]]:
        """The questions that some way explains, each with the way that explains most; then with the longest name."""
        ways = [(question, list(self._ways(question))) for question in questions]
        counts = Counter(relations for _, found in ways for relations in {way.relations for way in found})

        def worth(way: Way) -> tuple[int, int]:
            return counts[way.relations], sum(len(span.text) for span in way.spans)

        return [(question, max(found, key=worth)) for question, found in ways if found]

    def _ways(self, question: Question) -> Iterator[Way]:
        """Over one relation; if there is none, what two names have in common; if there is none, over two relations."""
        answers = answer_set(question, self.catalog)
        named = self._named(question.question)
        if not answers or not named:
            return
        steps = [
            (span, entity, relation, reached)
            for span, entities in named
            for entity in entities
            for relation in self._relations(entity)
            if answers <= (reached := self._reached(entity, relation))
        ]
        found = [Way((span,), ((step,),), (entity,)) for span, entity, step, reached in steps if reached == answers]
        found = found or list(_in_common(steps, answers))
        yield from found or self._over_two(named, answers)

    def _over_two(self, named: Sequence[tuple[Span, list[int]]], answers: Collection[int]) -> Iterator[Way]:
        for span, entities in named:
            for entity in entities:
                for first in self._relations(entity):
                    middles = self._reached(entity, first)
                    if len(middles) > MIDDLES:
                        continue
                    for second in {relation for middle in middles for relation in self._relations(middle)}:
                        reached = frozenset().union(*(self._reached(middle, second) for middle in middles)) - {entity}
                        if reached == answers:
                            yield Way((span,), ((first, second),), (entity,))

    def _named(self, text: str) -> list[tuple[Span, list[int]]]:
        """The spans that are names, unless a longer one holds them, with their entities."""
        spans = spans_of(text, NAME_WORDS)
        found = self.index.exact([span.text for span in spans])
        named = [(span, entities[:NAMESAKES]) for span, entities in zip(spans, found, strict=True) if entities]
        return [(one, entities) for one, entities in named if not any(_holds(other, one) for other, _ in named)]

    def _relations(self, entity: int) -> list[int]:
        first, last = self.facts.sparse.entity_pointers[entity : entity + 2].tolist()
        relations: list[int] = self.facts.sparse.group_relations[first:last].tolist()
        return relations

    def _walk(self, entity: int, relation: int) -> frozenset[int]:
        return frozenset(self.facts.sparse.objects_of(entity, relation).tolist())

    def _asked_of_others(self, question: Question, way: Way) -> Question:
        """The question with other names, and where the way leads from those."""
        first, *rest = way.relations
        start, goal = self._edge(first[0], way.spans[0], way.entities[0])
        entities = [start]
        answers = {start}
        for relation in first:
            answers = self.facts.walk(answers, relation)
        answers -= {start} if len(first) > 1 else set()
        for (relation,) in rest:
            others = self.facts.sparse.objects_of(goal, inverse(relation)).tolist()
            entities.append(self.random.choice(others) if others else start)
            answers &= self.facts.walk({entities[-1]}, relation)
        if not answers or len(set(entities)) < len(entities) or not all(map(self.facts.is_named, entities)):
            raise ImpossibleError
        ids = self.catalog.entity_ids
        text = self._with_names(question.question, way.spans, entities)
        found = tuple(ids[answer] for answer in sorted(answers))
        return Question("", text, found, slice=question.slice, context=question.context)

    def _edge(self, relation: int, span: Span, entity: int) -> tuple[int, int]:
        """A fact of the relation to ask about in the place of one about the entity that is named there."""
        called = self.index.exact([span.text])[0]
        if self.ambiguous and len(called) > 1 and entity in called:
            kinds = tuple(self.catalog.classes(entity))
            if others := self._namesakes(relation, called.index(entity), kinds):
                start = self.random.choice(others)
                return start, self.random.choice(self.facts.sparse.objects_of(start, relation).tolist())
        return self.facts.edge(relation)

    def _shared(self, relation: int, rank: int, kinds: tuple[str, ...]) -> list[int]:
        """Entities of these kinds that are as well known among all of their name, and not alone in having the relation.

        The best known one of a name has rank 0.
        """
        found = []
        for group in self.facts.shared_names:
            asked = [entity for entity in group if self.facts.has(entity, relation)]
            called = self.index.exact([self.catalog.labels[group[0]]])[0]
            if len(asked) > 1 and rank < len(called) and called[rank] in asked:
                found.append(called[rank])
        return [entity for entity in found if tuple(self.catalog.classes(entity)) == kinds]

    def _with_names(self, text: str, spans: Sequence[Span], entities: Sequence[int]) -> str:
        for span, entity in sorted(zip(spans, entities, strict=True), key=lambda pair: -pair[0].start):
            aliases = self.catalog.aliases(entity)
            by_alias = aliases and self.random.random() < ALIAS_SHARE
            name = self.random.choice(aliases) if by_alias else self.catalog.labels[entity]
            text = text[: span.start] + (name.lower() if span.text.islower() else name) + text[span.end :]
        return text


def _in_common(steps: Sequence[tuple[Span, int, int, frozenset[int]]], answers: Collection[int]) -> Iterator[Way]:
    """Pairs of steps from different words that have exactly the answers in common."""
    for place, (one, entity, first, reached) in enumerate(steps):
        for other, companion, second, also in steps[place + 1 :]:
            if (one.end <= other.start or other.end <= one.start) and reached & also == answers:
                yield Way((one, other), ((first,), (second,)), (entity, companion))


def _holds(outer: Span, inner: Span) -> bool:
    return outer != inner and outer.start <= inner.start and inner.end <= outer.end
