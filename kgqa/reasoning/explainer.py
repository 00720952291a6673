"""The explainer: puts a solution into an answer that a person can check, with its mentions, paths and facts."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kgqa.graph.store import KnowledgeGraph
from kgqa.programs.machine import Machine, Step
from kgqa.reasoning.context import Referent
from kgqa.reasoning.heads import LEAST_WEIGHT, answer_set
from kgqa.reasoning.hops import way_there
from kgqa.reasoning.offers import Offers, said_at
from kgqa.reasoning.solution import Solution
from kgqa.reasoning.trace import Route, trace
from kgqa.reasoning.unfolding import of_one_meaning, unfolded
from kgqa.types import Answer, AnswerKind, Hop, Link, Operation, Path, Reason, ScoredEntity, WeighedRelation

SHOWN_CANDIDATES = 5
LITTLE_THERE = 0.1  # of the way that the question alone would go, where the entity lacks what is asked about it


@dataclass(frozen=True)
class Explainer:
    """Reads the labels and the triples of a graph; `machine` runs programs over it, where the model writes any."""

    graph: KnowledgeGraph
    machine: Machine | None = None

    def explain(self, question: str, solution: Solution, confidence: float, abstained: bool) -> Answer:
        """The answer that a solution comes to, or why there is none."""
        if solution.written is not None:
            return self._programmed(question, solution, confidence, abstained)
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

    def _programmed(self, question: str, solution: Solution, confidence: float, abstained: bool) -> Answer:
        """The answer of a program."""
        found, draft = solution.program, solution.thought.draft
        if found is None or draft is None or self.machine is None:
            return Answer(question, "none", confidence=round(confidence, 4), abstained=True, why="no_relation")
        steps = of_one_meaning(self.machine, found, draft.offers)
        starts = list(dict.fromkeys(step for step in steps if step.op == "named"))
        links = tuple(self._started(question, step, solution) for step in starts)
        program, facts = unfolded(self.machine, steps, starts)
        denotation = found.denotation
        answers = () if abstained or not isinstance(denotation, tuple) else denotation
        scored = tuple(self._scored(entity, found.together) for entity in answers)
        value = self._lone(denotation) if isinstance(denotation, tuple) else denotation
        value = None if value != value else value
        return Answer(
            question=question,
            kind="none" if abstained else _kind_of(found.program[-1], value),
            answers=scored,
            value=None if abstained else value,
            confidence=round(confidence, 4),
            abstained=abstained,
            why="low_confidence" if abstained else "",
            links=links,
            facts=tuple(self._ids(facts)),
            labels=self._labels_of(program, facts, scored, links),
            program=program,
        )

    def _lone(self, entities: Sequence[int]) -> float | None:
        """The number that an entity is, if it is alone and one."""
        value = float(self.graph.catalog.values[entities[0]]) if len(entities) == 1 else float("nan")
        return None if value != value else value

    def _started(self, question: str, step: Step, solution: Solution) -> Link:
        """What a program starts from: a mention, or what was said before."""
        draft = solution.thought.draft
        assert draft is not None
        if (place := said_at(step)) is not None:
            return self._earlier(solution, 0, solution.thought.references.referents.rows[0][place])
        return self._named(question, step, draft.offers)

    def _named(self, question: str, step: Step, offers: Offers) -> Link:
        """The mention that a program starts from, and its other readings."""
        weighed = zip(offers.named[0], offers.prior[0].exp().tolist(), strict=False)
        same = {each.entities[0]: weight for each, weight in weighed if len(each.entities) == 1 and _covers(each, step)}
        ranked = sorted(same, key=lambda entity: (-same[entity], entity))[:SHOWN_CANDIDATES]
        others = tuple(self._scored(entity, min(same[entity], 1.0)) for entity in ranked)
        text = question[step.start : step.end]
        if len(step.entities) == 1:
            best = self._scored(step.entities[0], 1.0)
            return Link(text, step.start, step.end, best.id, best.label, best.score, best.description, others)
        return Link(text, step.start, step.end, "", f"all {len(step.entities)} called {text}", 1.0, "", others)

    def _ids(self, facts: Sequence[tuple[int, int, int]]) -> list[tuple[str, str, str]]:
        catalog = self.graph.catalog
        return [(catalog.entity_ids[s], catalog.relation_ids[r], catalog.entity_ids[o]) for s, r, o in facts]

    def _labels_of(
        self,
        program: Sequence[Operation],
        facts: Sequence[tuple[int, int, int]],
        answers: Sequence[ScoredEntity],
        links: Sequence[Link],
    ) -> dict[str, str]:
        """A name for every id that a program and its facts mention."""
        catalog = self.graph.catalog
        ids = {entity for each in program for entity in (*each.entities, *(entity for entity, _ in each.values))}
        for subject, _, object_ in facts:
            ids |= {catalog.entity_ids[subject], catalog.entity_ids[object_]}
        labels = {entity: catalog.labels[catalog.entity(entity)] for entity in sorted(ids)}
        labels |= {catalog.relation_ids[r]: catalog.relation_labels[r] for _, r, _ in facts}
        labels |= {each.id: each.label for each in answers}
        return labels | {each.id: each.label for each in links if each.id}

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
        reading, attended = thought.batch.readings[0], thought.references.words[0, slot].argsort(descending=True)
        words = map(reading.word_at, attended.tolist())  # the most attended may be the token before all words
        span = next((word for word in words if word.text), reading.word_at(0))
        return Link(
            span.text, span.start, span.end, best.id, best.label, best.score, best.description,
            tuple(ranked[:SHOWN_CANDIDATES]), earlier=True,
        )  # fmt: skip

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
        return self._ids(list(dict.fromkeys(fact for route in routes if route for fact in route.facts)))

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


def _covers(one: Step, other: Step) -> bool:
    """Whether two starts are named by the same characters."""
    return (one.start, one.end) == (other.start, other.end)


def _kind_of(end: Step, value: float | bool | None) -> AnswerKind:
    """What kind of answer a program that ends so gives."""
    if end.op == "set":
        return "entities" if value is None else "number"
    return "count" if end.op == "count" else "boolean" if end.op == "any" else "number"


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
