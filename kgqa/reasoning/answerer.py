"""One question at a time, as people ask: the answer, how sure it is, and the facts that led to it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from kgqa.errors import InputError, UnknownEntityError
from kgqa.graph.frontier import Frontier
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.linking.shortlist import Mention
from kgqa.reasoning.confidence import Calibration, evidence
from kgqa.reasoning.context import TURNS, Context, Referent, Said
from kgqa.reasoning.heads import LEAST_WEIGHT, answer_set
from kgqa.reasoning.hops import GivenHop, way_there
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.model import JointModel, Thought
from kgqa.reasoning.trace import Route, trace
from kgqa.types import (
    NOTHING_CHOSEN,
    Answer,
    AnswerKind,
    Choices,
    Hop,
    Link,
    Path,
    Reason,
    ScoredEntity,
    WeighedRelation,
)

SHOWN_CANDIDATES = 5
LEANS = 1.0  # log-odds in favour of the way of the question before, from which on a question leans on it
LITTLE_THERE = 0.1  # of the way that the question alone would go, where the entity lacks what is asked about it


@dataclass(frozen=True)
class Solution:
    """What walking the graph gave: the answer set (best first), each slot's weights and its seeds."""

    thought: Thought
    seeds: tuple[Frontier, ...]
    slots: tuple[Frontier, ...]
    entities: Tensor  # (A,)
    weights: Tensor  # (A,)
    evidence: Tensor  # (EVIDENCE,) what the confidence is read from

    @property
    def used(self) -> int:
        """How many slots the question needs."""
        return int(self.thought.counts[0].argmax()) + 1

    @property
    def leans(self) -> bool:
        """Whether what was said before has a part in it: as where a path starts, or as the way that it goes."""
        again = self.thought.plan.again
        repeats = again is not None and bool((again[0, : self.used] > LEANS).any())
        return repeats or any(self.together(slot) is not None for slot in range(self.used))

    def together(self, slot: int) -> Referent | None:
        """What was said before, if that is what a slot starts from rather than a name in the question."""
        thought = self.thought
        referred, named = thought.referred[0, slot].exp(), thought.cells[0, slot, :-1].exp()  # (C,), (N * K,)
        if float(referred.sum()) <= float(named.sum()):
            return None
        return thought.references.referents.rows[0][int(referred.argmax())]

    def rank(self, entities: Sequence[int]) -> int | None:
        """The place, from 1, of the worst placed of these entities, each in the slot that likes it best.

        None where one of them is no candidate at all.
        """
        candidates = self.thought.candidates.entities[0].flatten()  # (N * K,)
        slots = self.thought.cells[0, : self.used, :-1].exp()  # (M, N * K)
        distinct, place = torch.unique(candidates, return_inverse=True)
        weights = slots.new_zeros(len(slots), len(distinct)).index_add(1, place, slots)  # (M, U)
        ranks = []
        for entity in entities:
            own = (distinct == entity).nonzero().view(-1)
            if not len(own):
                return None
            ranks.append(1 + int((weights > weights[:, own]).sum(1).min()))
        return max(ranks, default=None)


class Answerer:
    """A trained joint model with its calibration; what the chat and `ask` talk to."""

    def __init__(
        self,
        model: JointModel,
        calibration: Calibration,
        version: str = "",
        examples: Sequence[str] = (),
        figures: Mapping[str, Any] | None = None,
        lineage: Lineage | None = None,
    ) -> None:
        self.model = model.eval()
        self.calibration = calibration
        self.version = version
        self.examples = tuple(examples)
        self.figures = dict(figures or {})
        self.lineage = lineage or Lineage()

    @property
    def graph(self) -> KnowledgeGraph:
        """The graph that answers come from."""
        return self.model.graph

    @property
    def index(self) -> EntityIndex:
        """The names that can be linked and suggested."""
        return self.model.index

    @torch.inference_mode()
    def answer(self, question: str, chosen: Choices = NOTHING_CHOSEN, context: Context = ()) -> Answer:
        """Answer one question after what was said before, the newest turn first; abstain below the threshold, and say
        why.

        Under what a person chose it is answered again: a mention means the chosen entity and nothing else, the other
        mentions mean what they were taken for, and a chosen relation takes all the attention of its hop. To choose what
        it was taken for leaves the other readings out.

        Raises:
            UnknownEntityError: if the graph lacks a chosen entity or relation.
            InputError: if what was chosen is of no mention of this question, or of a hop that no path has.
        """
        started = time.perf_counter()
        solution = self.solve(question, context=context)
        seconds = time.perf_counter() - started
        answer = self._explained_after(question, solution, seconds, context)
        return self._anew(answer, chosen, context) if chosen else answer

    def _explained_after(self, question: str, solution: Solution, seconds: float, context: Context) -> Answer:
        """The answer that a solution comes to, with the questions before it if it leans on them."""
        after = tuple(said.question for said in context[:TURNS]) if solution.leans else ()
        return replace(self.explain(question, solution, seconds), after=after)

    def _anew(self, taken: Answer, chosen: Choices, context: Context) -> Answer:
        """The answer under what was chosen, where without it this one was given."""
        started = time.perf_counter()
        mentions = self._mentions(taken, chosen)
        if any(chosen.entity(link.start, link.end) for link in taken.links if link.earlier):
            context = tuple(replace(said, named=(), answers=()) for said in context)
        solution = self.solve(taken.question, mentions, self._hops(chosen, mentions), context)
        seconds = time.perf_counter() - started + taken.timings_ms["total"] / 1000
        answer = self._explained_after(taken.question, solution, seconds, context)
        before = {(link.start, link.end): link.candidates for link in taken.links}
        links = tuple(
            replace(link, candidates=before.get((link.start, link.end), link.candidates)) for link in answer.links
        )
        if not any(
            path.hops or links[path.link].earlier for path in answer.paths
        ):  # then it was not found along what was chosen
            answer = replace(answer, kind="none", answers=(), value=None, abstained=True, why="no_relation")
        return replace(answer, links=links, chosen=chosen, labels=answer.labels | self._chosen_labels(chosen))

    def _chosen_labels(self, chosen: Choices) -> dict[str, str]:
        """A name for every id that was chosen, also where no path came to it."""
        catalog = self.graph.catalog
        entities = {each.entity: catalog.labels[catalog.entity(each.entity)] for each in chosen.entities}
        relations = {
            each.relation: catalog.relation_labels[catalog.relation(each.relation)] for each in chosen.relations
        }
        return entities | relations

    def _mentions(self, taken: Answer, chosen: Choices) -> list[Mention]:
        """What was chosen, and beside it what the other mentions were taken for; what was said before, still was."""
        entity = self.graph.catalog.entity
        picked = [Mention(each.start, each.end, entity(each.entity)) for each in chosen.entities]
        for mention in picked:
            if not 0 <= mention.start < mention.end <= len(taken.question):
                raise InputError(f"the question has no characters {mention.start} to {mention.end} to choose for")
        kept = [Mention(link.start, link.end, entity(link.id)) for link in taken.links if not link.earlier]
        return picked + [one for one in kept if not any(_overlap(one, other) for other in picked)]

    def _hops(self, chosen: Choices, mentions: Sequence[Mention]) -> list[GivenHop]:
        """The relations that were chosen, as numbers."""
        places, hops = {(mention.start, mention.end) for mention in mentions}, []
        for each in chosen.relations:
            if (each.start, each.end) not in places or not 0 <= each.hop < self.model.planner.hops:
                raise InputError(f"no path from characters {each.start} to {each.end} has a hop {each.hop + 1}")
            relation = 2 * self.graph.catalog.relation(each.relation) + each.inverse
            hops.append(GivenHop(each.start, each.end, each.hop, relation))
        return hops

    @torch.inference_mode()
    def solve(
        self,
        question: str,
        mentions: Sequence[Mention] | None = None,
        hops: Sequence[GivenHop] = (),
        context: Context = (),
    ) -> Solution:
        """Decide, walk and combine; `mentions` and `hops` are what is known of the question beforehand.

        After what was said before, a question is read with it, and, if it does not lean on it, alone; then the surer
        reading is taken. A model that learned from no conversation reads every question alone.
        """
        if context and not self.model.encoder.reads_conversations:
            context = ()
        after = self._read(question, mentions, hops, context)
        if not context or after.leans:
            return after
        alone = self._read(question, mentions, hops, ())
        return max(after, alone, key=self._confidence)

    def _confidence(self, solution: Solution) -> float:
        return float(self.calibration.confidence(solution.evidence)) if len(solution.entities) else 0.0

    def _read(
        self, question: str, mentions: Sequence[Mention] | None, hops: Sequence[GivenHop], context: Context
    ) -> Solution:
        known = None if mentions is None else [mentions]
        weighed = self.model([question], known, [hops] if hops else None, [context])
        answers = answer_set(weighed.combined.entity, weighed.combined.weight)
        return Solution(weighed.thought, weighed.seeds, weighed.slots, *answers, evidence(weighed)[0])

    @torch.inference_mode()
    def explain(self, question: str, solution: Solution, seconds: float = 0.0) -> Answer:
        """The answer that a solution comes to, which took so many seconds to find: abstain below the threshold."""
        started = time.perf_counter()
        answer = self._explained(question, solution)
        explained = time.perf_counter() - started
        timings = {"solve": seconds, "explain": explained, "total": seconds + explained}
        return replace(answer, timings_ms={name: round(1000 * value, 2) for name, value in timings.items()})

    def _explained(self, question: str, solution: Solution) -> Answer:
        confidence = self._confidence(solution)
        abstained = not len(solution.entities) or confidence < self.calibration.threshold
        routes = [self._route(solution, slot) for slot in range(solution.used)]
        shown: list[tuple[Link, int, Route | None]] = []
        for slot, route in enumerate(routes):
            link = self._link(solution, slot, route)
            if link is not None and not _is_twin(route, routes[:slot]):
                shown.append((link, slot, route))
        links = tuple(link for link, _, _ in shown)
        answers = () if abstained else self._answers(solution)
        return Answer(
            question=question,
            kind="none" if abstained else self._kind(solution),
            answers=answers,
            value=None if abstained else self._value(solution),
            confidence=round(confidence, 4),
            abstained=abstained,
            why=_reason(solution) if abstained else "",
            links=links,
            paths=tuple(
                self._path(position, route, solution.thought.plan.asked[0, slot])
                for position, (_, slot, route) in enumerate(shown)
            ),
            combine="intersect" if len(shown) > 1 else "single",
            facts=tuple(self._fact_ids(routes)),
            labels=self._labels(answers, links, routes),
        )

    def _route(self, solution: Solution, slot: int) -> Route | None:
        """How a slot came to the answers; without answers, to what it reached by itself."""
        goals = solution.entities
        if not len(goals):
            own = solution.slots[slot]
            goals = answer_set(own.entity, own.weight)[0]
        plan = solution.thought.plan
        if not len(goals):
            return None
        together = solution.together(slot)
        return trace(
            self.graph.sparse,
            solution.seeds[slot],
            plan.relations[0, slot],
            plan.stop[0, slot],
            goals.tolist(),
            0.0 if plan.stay is None else float(plan.stay[0, slot]),
            together.entities if together else (),
        )

    def _link(self, solution: Solution, slot: int, route: Route | None) -> Link | None:
        """The mention that a slot started from, and its other readings."""
        if (referent := solution.together(slot)) is not None:
            return self._earlier(solution, slot, referent)
        thought = solution.thought
        entities = thought.candidates.entities[0]  # (N, K)
        weights = thought.cells[0, slot, :-1].exp().view(entities.shape)  # (N, K)
        weights = weights.masked_fill(entities < 0, 0.0)
        chosen = weights if route is None else weights.masked_fill(entities != route.seed, 0.0)
        row, column = divmod(int(chosen.argmax()), entities.shape[1])
        if float(chosen[row, column]) < LEAST_WEIGHT:
            return None
        span = thought.batch.readings[0].spans[int(thought.candidates.span[0, row])]
        totals: dict[int, float] = {}
        for entity, weight in zip(entities[row].tolist(), weights[row].tolist(), strict=True):
            if entity >= 0:
                totals[entity] = totals.get(entity, 0.0) + weight
        ranked = sorted(totals, key=lambda entity: (-totals[entity], entity))[:SHOWN_CANDIDATES]
        best = self._scored(int(entities[row, column]), totals[int(entities[row, column])])
        others = tuple(self._scored(entity, totals[entity]) for entity in ranked)
        return Link(span.text, span.start, span.end, best.id, best.label, best.score, best.description, others)

    def _earlier(self, solution: Solution, slot: int, referent: Referent) -> Link:
        """What was said before that a slot started from, and what else it may have been."""
        thought = solution.thought
        weights = thought.referred[0, slot].exp().tolist()
        said = thought.references.referents.rows[0]
        scored = [self._referent(one, weight) for one, weight in zip(said, weights, strict=True)]
        ranked = sorted(scored, key=lambda one: -one.score)
        best = self._referent(referent, max(weights))
        span = thought.batch.readings[0].word_at(int(thought.references.words[0, slot].argmax()))
        return Link(
            span.text, span.start, span.end, best.id, best.label, best.score, best.description,
            tuple(ranked[:SHOWN_CANDIDATES]), earlier=True,
        )  # fmt: skip

    def said(self, answer: Answer) -> Said:
        """A turn as those after it look back on it; what this graph lacks is left out."""
        named = self._known(link.id for link in answer.links)
        answers = self._known(entity.id for entity in answer.answers)
        return Said(answer.question, named, answers, self._followed(answer))

    def _followed(self, answer: Answer) -> tuple[int, ...]:
        """The relations of the first path that follows any; none if this graph lacks one of them."""
        hops = next((path.hops for path in answer.paths if path.hops), ())
        try:
            return tuple(2 * self.graph.catalog.relation(hop.relation) + hop.inverse for hop in hops)
        except UnknownEntityError:
            return ()

    def _known(self, ids: Iterable[str]) -> tuple[int, ...]:
        found = []
        for identifier in ids:
            with suppress(UnknownEntityError):
                found.append(self.graph.catalog.entity(identifier))
        return tuple(found)

    def _referent(self, referent: Referent, score: float) -> ScoredEntity:
        if len(referent.entities) == 1:
            return self._scored(referent.entities[0], score)
        return ScoredEntity("", f"these {len(referent.entities)}", round(score, 4))

    def _path(self, position: int, route: Route | None, asked: Tensor) -> Path:
        """A route in words; `asked` is the attention of the question alone at each hop, shape (H, R)."""
        ids = self.graph.catalog.entity_ids
        hops, starts = [], [route.seed] if route else []
        for step, attention in zip(route.steps if route else (), asked, strict=False):
            taken = self._weighed(step.relation, step.weight)
            led_to = tuple(ids[entity] for entity in step.entities)
            others = self._relations(starts, attention)
            hops.append(Hop(taken.relation, taken.label, taken.inverse, taken.weight, led_to, others))
            starts = list(step.entities)
        return Path(position, tuple(hops))

    def _relations(self, starts: Sequence[int], attention: Tensor) -> tuple[WeighedRelation, ...]:
        """The relations with the most attention (R,) of those that lead somewhere from any of these entities."""
        there = self.graph.sparse.relations_of(torch.tensor(starts))[1].unique()  # (N,), rising
        best = torch.argsort(attention[there], descending=True, stable=True)[:SHOWN_CANDIDATES]
        return tuple(self._weighed(relation, float(attention[relation])) for relation in there[best].tolist())

    def _weighed(self, relation: int, weight: float) -> WeighedRelation:
        catalog = self.graph.catalog
        base = relation // 2
        return WeighedRelation(
            catalog.relation_ids[base], catalog.relation_labels[base], bool(relation % 2), round(weight, 4)
        )

    def _fact_ids(self, routes: Sequence[Route | None]) -> list[tuple[str, str, str]]:
        catalog = self.graph.catalog
        facts = dict.fromkeys(fact for route in routes if route for fact in route.facts)
        return [(catalog.entity_ids[s], catalog.relation_ids[r], catalog.entity_ids[o]) for s, r, o in facts]

    def _labels(
        self, answers: Sequence[ScoredEntity], links: Sequence[Link], routes: Sequence[Route | None]
    ) -> dict[str, str]:
        """A name for every id that paths and facts mention."""
        catalog = self.graph.catalog
        labels = {answer.id: answer.label for answer in answers} | {link.id: link.label for link in links}
        for route in filter(None, routes):
            for subject, relation, object_ in route.facts:
                labels[catalog.relation_ids[relation]] = catalog.relation_labels[relation]
                for entity in (subject, object_):
                    labels[catalog.entity_ids[entity]] = catalog.labels[entity]
        return labels

    def _answers(self, solution: Solution) -> tuple[ScoredEntity, ...]:
        pairs = zip(solution.entities.tolist(), solution.weights.tolist(), strict=True)
        return tuple(self._scored(entity, weight) for entity, weight in pairs)

    def _scored(self, entity: int, score: float) -> ScoredEntity:
        catalog = self.graph.catalog
        return ScoredEntity(
            catalog.entity_ids[entity], catalog.labels[entity], round(score, 4), catalog.descriptions[entity]
        )

    def _kind(self, solution: Solution) -> AnswerKind:
        return "entities" if self._value(solution) is None else "number"

    def _value(self, solution: Solution) -> float | None:
        """The number, where the best answer is a literal with one."""
        value = float(self.graph.catalog.values[int(solution.entities[0])])
        return None if value != value else value


def _overlap(one: Mention, other: Mention) -> bool:
    """Whether two mentions share a character."""
    return one.start < other.end and other.start < one.end


def _is_twin(route: Route | None, earlier: Sequence[Route | None]) -> bool:
    """Whether an earlier slot went the same way: what a slot has in common with itself is no intersection."""
    return route is not None and any(other is not None and other.way == route.way for other in earlier)


def _reason(solution: Solution) -> Reason:
    """Why nothing is answered: no mention linked, no such fact, nothing in common, or just not sure."""
    nil = float(solution.thought.cells[0, 0, -1].exp())
    if not solution.thought.batch.readings[0].spans:
        return "no_question"
    if nil > 0.5:
        return "no_entity"
    if float(way_there(solution.thought.plan)[0, : solution.used].amin()) < LITTLE_THERE:
        return "no_relation"
    if len(solution.entities):
        return "low_confidence"
    reached = [len(answer_set(slot.entity, slot.weight)[0]) > 0 for slot in solution.slots[: solution.used]]
    return "nothing_in_common" if len(reached) > 1 and all(reached) else "no_relation"
