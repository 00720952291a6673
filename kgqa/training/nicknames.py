"""Nicknames: what people call an entity and the graph does not, learned from what they say is right.

A linking choice says it outright. A correction says it where the graph shows it: the model takes some words for a name
that it does not know, and for a few entities the rest of the question leads to the corrected answers. Which of these
is meant, other corrections of that name say, as far as their answers lie near some of them and not near others. A name
that the linker finds the entity by anyway, as with a typing error, is none to learn.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from kgqa.graph.change import GraphChange
from kgqa.graph.formats import Statement
from kgqa.linking.index import BY_NGRAMS, BY_SPELLING, EXACT, EntityIndex
from kgqa.linking.shortlist import Mention
from kgqa.linking.spans import spans_of
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.heads import answer_set as chosen_set
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import load_trained, trained_state
from kgqa.training.corrections import Correction
from kgqa.training.questions import answer_set
from kgqa.types import Link

MOST_READINGS = 64  # entities near the answers, above which a correction says too little
LOOKED_AT = 32  # candidates of the linker
ALIKE = 0.5  # n-gram cosine of names from which on one may be meant by the other
TYPING_ERROR = 0.25  # spelling of a name with two typing errors
ENOUGH = 2  # people who say so, where no reviewer does
ALIAS = "skos:altLabel"
POINTING = frozenset(
    {
        "it", "its", "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs", "this", "that",
        "these", "those", "there", "here", "one", "ones", "the", "a", "an",
    }
)  # words that mean something else in each conversation  # fmt: skip


@dataclass(frozen=True)
class Nickname:
    """A name of an entity that the graph lacks."""

    name: str
    entity: int


def nicknames(answerer: Answerer, corrections: Sequence[Correction], trusting: bool = False) -> list[Nickname]:
    """The names to learn, for each the entity that most corrections show.

    Args:
        trusting: take also what one person alone says and no reviewer accepted.
    """
    said: dict[str, list[_Clue]] = defaultdict(list)
    for correction in corrections:
        for name, clue in _clues(answerer, correction):
            said[name].append(clue)
    found = []
    for name, clues in said.items():
        meant = _meant_by_most(clues)
        agreeing = [clue.correction for clue in clues if meant in clue.around]
        if meant is not None and _is_new(answerer, name, meant) and (trusting or _enough(agreeing)):
            found.append(Nickname(name, meant))
    return found


@dataclass(frozen=True)
class _Clue:
    """What a correction says of a name: the entities that its answers lie around, and those that it can mean of these,
    none where there are too many."""

    correction: Correction
    around: frozenset[int]
    meant: frozenset[int]


def _meant_by_most(clues: Sequence[_Clue]) -> int | None:
    """The one entity that some correction can mean and that more of them than of any other lie around."""
    candidates = frozenset[int]().union(*(clue.meant for clue in clues))
    support = {entity: sum(entity in clue.around for clue in clues) for entity in candidates}
    best = [entity for entity in candidates if support[entity] == max(support.values())]
    return best[0] if len(best) == 1 else None


def _enough(corrections: Sequence[Correction]) -> bool:
    people = frozenset[str]().union(*(each.contributors for each in corrections))
    most = max(len(people), *(each.agreeing for each in corrections))
    return most >= ENOUGH or any(each.reviewed for each in corrections)


def _clues(answerer: Answerer, correction: Correction) -> Iterator[tuple[str, _Clue]]:
    """Names in a question that the graph lacks, with what the correction says of them."""
    if correction.hint is not None:
        chosen = correction.meant(answerer.graph.catalog)
        if chosen is not None:
            yield _plain(correction.hint.mention), _Clue(correction, frozenset([chosen]), frozenset([chosen]))
        return
    near = [
        entity for entity in _near(answerer, _answers(answerer, correction)) if answerer.graph.catalog.labels[entity]
    ]
    for link in answerer.answer(correction.question).links:
        if not answerer.index.exact([link.mention])[0]:
            meant = frozenset(_meant(answerer, correction, link, near))
            yield _plain(link.mention), _Clue(correction, meant or frozenset(near), meant)


def _answers(answerer: Answerer, correction: Correction) -> frozenset[int]:
    return answer_set(correction.as_question, answerer.graph.catalog)


def _plain(name: str) -> str:
    return " ".join(name.split())


def _is_new(answerer: Answerer, name: str, entity: int) -> bool:
    """Whether it can be a name, and is not even like one that the entity has."""
    if {span.text.casefold() for span in spans_of(name, 1)} <= POINTING:
        return False
    found = answerer.index.search([name], LOOKED_AT)
    own = found.entities[0] == entity
    ngrams, exact, spelling = found.features[0, own][:, [BY_NGRAMS, EXACT, BY_SPELLING]].T
    return not (exact > 0).any() and not (ngrams > ALIKE).any() and not (spelling >= TYPING_ERROR).any()


def _meant(answerer: Answerer, correction: Correction, link: Link, near: Sequence[int]) -> list[int]:
    """Of the entities near the answers those from which the rest of the question leads to exactly these."""
    answers = _answers(answerer, correction)
    if not 0 < len(near) <= MOST_READINGS:
        return []
    mentions = [[Mention(link.start, link.end, entity)] for entity in near]
    with torch.inference_mode():
        combined = answerer.model([correction.question] * len(near), mentions).combined
    found = []
    for place, entity in enumerate(near):
        own = combined.batch == place
        chosen, _ = chosen_set(combined.entity[own], combined.weight[own])
        if set(chosen.tolist()) == answers:
            found.append(entity)
    return found


def _near(answerer: Answerer, answers: frozenset[int]) -> list[int]:
    """Entities one relation away from every answer."""
    common: set[int] | None = None
    for answer in answers:
        sparse = answerer.graph.sparse
        first, last = sparse.entity_pointers[answer : answer + 2].tolist()
        relations = sparse.group_relations[first:last].tolist()
        around = {entity for relation in relations for entity in sparse.objects_of(answer, relation).tolist()}
        common = around if common is None else common & around
    return sorted(common or ())


def with_nicknames(answerer: Answerer, names: Sequence[Nickname]) -> Answerer:
    """The same model over a graph that has these names too."""
    if not names:
        return answerer
    model, catalog = answerer.model, answerer.graph.catalog
    change = GraphChange(answerer.graph)
    for each in names:
        change.add(Statement(catalog.entity_ids[each.entity], ALIAS, each.name, False))
    graph = change.apply().graph
    index: EntityIndex = model.index
    for each in names:
        index.add(each.entity, [each.name], model.names.encode([each.name]))
    index.follow_graph(graph.catalog, graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy())
    named = JointModel(model.config, graph, index, model.names)
    load_trained(named, trained_state(model), "the model")
    return Answerer(
        named, answerer.calibration, answerer.version, answerer.examples, answerer.figures, answerer.lineage
    )
