"""One question at a time, as people ask: the answer, how sure it is, and the facts that led to it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from kgqa.errors import InputError, UnknownEntityError
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.linking.shortlist import Mention
from kgqa.reasoning.confidence import Calibration, evidence, evidence_of
from kgqa.reasoning.context import TURNS, Context, Said
from kgqa.reasoning.explainer import Explainer
from kgqa.reasoning.heads import answer_set
from kgqa.reasoning.hops import GivenHop
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.solution import Solution
from kgqa.reasoning.unfolding import measured, sketch, sketch_of
from kgqa.types import NOTHING_CHOSEN, Answer, Choices, Operation

SURER = 0.3  # by how much a question must be surer alone than where it leans on what was said
LESS_SURE = 0.02  # by how much it may be less sure alone than where it leans on nothing


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
        along = any(path.hops or links[path.link].earlier for path in answer.paths)
        if not along and not answer.program:  # then it was not found along what was chosen
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
        named = [link for link in taken.links if not link.earlier]
        kept = [Mention(link.start, link.end, entity(link.id) if link.id else None) for link in named]
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

        After what was said before, a question is read with it and alone, and the surer reading is taken; one that leans
        on it, or does what the turn before did, unless the other is surer by SURER, one that doesn't only if it is
        surer by LESS_SURE. A model that learned from no conversation reads every question alone.
        """
        if context and not self.model.encoder.reads_conversations:
            context = ()
        after = self._read(question, mentions, hops, context)
        leans = after.leans or self._does_again(after, context)
        surer = self._confidence(after) + (SURER if leans else -LESS_SURE)
        if not context or surer >= 1:
            return after
        alone = self._read(question, mentions, hops, ())
        return alone if self._confidence(alone) > surer else after

    def _does_again(self, solution: Solution, context: Context) -> bool:
        """Whether its program is that of the turn before, of another name: "and in Europe?"."""
        if not context or solution.program is None or self.model.decoder is None:
            return False
        return sketch(self.model.decoder.space.machine, solution.program.program) == context[0].sketch

    def _confidence(self, solution: Solution) -> float:
        return float(self.calibration.confidence(solution.evidence)) if not solution.is_empty else 0.0

    def _read(
        self, question: str, mentions: Sequence[Mention] | None, hops: Sequence[GivenHop], context: Context
    ) -> Solution:
        known = None if mentions is None else [mentions]
        weighed = self.model([question], known, [hops] if hops else None, [context])
        answers = answer_set(weighed.combined.entity, weighed.combined.weight)
        walk = Solution(weighed.thought, weighed.seeds, weighed.slots, *answers, evidence(weighed)[0])
        found = None if hops else self.model.programs(weighed.thought)[0]
        if found is None:
            return walk
        program = replace(walk, evidence=evidence_of(weighed.thought, 0, found), written=found)
        return max(walk, program, key=self._confidence)

    @torch.inference_mode()
    def explain(self, question: str, solution: Solution, seconds: float = 0.0) -> Answer:
        """The answer that a solution comes to, which took so many seconds to find: abstain below the threshold."""
        started = time.perf_counter()
        answer = self._explained(question, solution)
        explained = time.perf_counter() - started
        timings = {"solve": seconds, "explain": explained, "total": seconds + explained}
        return replace(answer, timings_ms={name: round(1000 * value, 2) for name, value in timings.items()})

    def measured(self, question: str, place: int) -> Operation | None:
        """A step of the program that answers a question alone, with the numbers of all that took part in it.

        Args:
            place: which step of `Answer.program`, from 0.
        Returns:
            None where no program answers, or the step holds no numbers against each other.
        """
        found, decoder = self.solve(question).program, self.model.decoder
        return None if found is None or decoder is None else measured(decoder.space.machine, found.program, place)

    @torch.inference_mode()
    def found(self, questions: Sequence[str]) -> list[frozenset[int]]:
        """What each question is answered with when it stands alone, together and without explanations: much quicker.

        Empty where the model is not sure enough.
        """
        weighed = self.model(questions)
        sure = self.calibration.gives(evidence(weighed))  # (B,)
        if (draft := weighed.thought.draft) is not None:
            sure &= draft.needed <= 0  # a program would have to be written
        combined, answers = weighed.combined, []
        for row in range(len(questions)):
            own = combined.batch == row
            entities, _ = answer_set(combined.entity[own], combined.weight[own])
            answers.append(frozenset(entities.tolist()) if sure[row] else frozenset())
        return answers

    def _explained(self, question: str, solution: Solution) -> Answer:
        confidence = self._confidence(solution)
        abstained = solution.is_empty or not self.calibration.gives(solution.evidence)
        machine = self.model.decoder.space.machine if self.model.decoder is not None else None
        return Explainer(self.graph, machine).explain(question, solution, confidence, abstained)

    def said(self, answer: Answer) -> Said:
        """A turn as those after it look back on it; what this graph lacks is left out."""
        named = self._known(link.id for link in answer.links)
        answers = self._known(entity.id for entity in answer.answers)
        return Said(answer.question, named, answers, self._followed(answer), sketch_of(answer.program))

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


def _overlap(one: Mention, other: Mention) -> bool:
    """Whether two mentions share a character."""
    return one.start < other.end and other.start < one.end
