"""The joint model: a question in, weights over all entities out, differentiable from end to end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from kgqa.graph.frontier import Frontier
from kgqa.graph.kinds import Kinds
from kgqa.graph.numbers import Attribute, Numbers
from kgqa.graph.schema import Schema
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.linking.ranker import Ranker, SpanScorer, relation_signature, relations_had
from kgqa.linking.reading import Reader, ReadingBatch
from kgqa.linking.shortlist import Candidates, Mention, Shortlister
from kgqa.programs.machine import Machine
from kgqa.programs.space import Space
from kgqa.reasoning.answerable import Answerability
from kgqa.reasoning.beam import Written, written
from kgqa.reasoning.combine import SlotGate, combine
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.context import Context, ReferentBatch, earlier_questions, last_followed
from kgqa.reasoning.decoder import Decoder, Draft
from kgqa.reasoning.encoder import QuestionEncoder, mean_pool
from kgqa.reasoning.hops import GivenHop, Plan, Planner, walk, way_there
from kgqa.reasoning.referrer import References, Referrer
from kgqa.reasoning.relations import RelationVectors

LEAST_ATTENTION = 1e-3  # relations with no more attention are not followed
LEAST_SEED = 1e-5  # entities with no more probability are not started from
LEAST_REACHED = 1e-6  # what weighs less after a walk on dense weights counts as not reached
LEAST_NEEDED = -8.0  # logit that a program is needed, from which on some are written
CROWDED = 12.0  # attended relations, on average, above which a walk is cheaper on dense weights


@dataclass(frozen=True)
class Thought:
    """What the model decided about B questions before walking the graph.

    `cells` are log-probabilities over (span, candidate) cells and NIL, shape (B, M, N * K + 1), and `referred` over the
    referents of what was said before, beside them; `answerable` is the logit that the graph has an answer.
    """

    batch: ReadingBatch
    candidates: Candidates
    references: References
    cells: Tensor  # (B, M, N * K + 1)
    referred: Tensor  # (B, M, C)
    plan: Plan
    counts: Tensor  # (B, M)
    answerable: Tensor  # (B,)
    draft: Draft | None = None  # what programs are written from, where the model writes any


@dataclass(frozen=True)
class Weighed:
    """Where a thought leads: weights over entities, for each of M slots alone and combined, B rows each."""

    thought: Thought
    seeds: tuple[Frontier, ...]
    slots: tuple[Frontier, ...]
    combined: Frontier


class JointModel(nn.Module):
    """Spans, shortlist, ranker, seeds, hops and intersection in one module over one graph."""

    def __init__(self, config: ModelConfig, graph: KnowledgeGraph, index: EntityIndex, encoder: NameEncoder) -> None:
        super().__init__()
        self.config = config
        self.graph = graph
        self.index = index
        self.names = encoder
        self.reader = Reader(encoder.tokenizer, index, config.max_span_words)
        self.shortlister = Shortlister(
            index, encoder, config.exact_spans, config.fuzzy_spans, config.candidates, config.has("ngrams")
        )
        dimension, width, slots = encoder.dimension, config.width, config.slots
        labels = list(graph.catalog.relation_labels)
        descriptions = graph.catalog.relation_descriptions if config.has("descriptions") else [""] * len(labels)
        told = [text or label for text, label in zip(descriptions, labels, strict=True)]
        called, described = _encoded(encoder, labels, told)  # (R / 2, D), (R / 2, D)
        self.encoder = QuestionEncoder(encoder, config.trainable_layers)
        self.spans = SpanScorer(dimension, width, slots)
        self.ranker = Ranker(dimension, width, slots, index.descriptions if config.has("entity-descriptions") else None)
        ends = torch.zeros(2 * len(labels), dimension)  # (R, D)
        if config.has("ends") and index.descriptions is not None and len(index.descriptions.vectors):
            ends = torch.from_numpy(index.descriptions.at_ends(graph.sparse))
        self.relations = RelationVectors(called, described, ends, width, config.has("labels"))
        self.referrer = Referrer(dimension, width, slots)
        self.nil_mention = nn.Parameter(torch.zeros(slots, width))
        self.signature = nn.Linear(width, width, bias=False)
        schema = Schema.of_graph(graph.sparse, Kinds.of_graph(graph.sparse)) if config.has("binding") else None
        self.planner = Planner(dimension, width, slots, config.max_hops, schema, config.has("gate"))
        self.gate = SlotGate(dimension, slots)
        self.answerable = Answerability(dimension, width, slots)
        self.decoder = self._decoder() if config.has("programs") else None

    def leave_out_programs(self) -> None:
        """Answer by walks alone from now on."""
        self.decoder = None
        self.config = replace(self.config, without=(*self.config.without, "programs"))

    def know_other_names(self) -> None:
        """Learn from now on what relations are called elsewhere, too, of those that have other names."""
        catalog = self.graph.catalog
        names = [catalog.relation_aliases(relation) for relation in range(len(catalog.relation_labels))]
        if any(names):
            self.relations.know(_encoded(self.names, *names))

    def know(self, thresholds: Mapping[Attribute, float]) -> None:
        """Take what counts as much of an attribute from now on; the configuration remembers it."""
        assert self.decoder is not None
        if thresholds == self.decoder.space.thresholds:
            return
        ids = self.graph.catalog.relation_ids
        said = {ids[attribute.relation // 2]: limit for attribute, limit in thresholds.items()}
        self.config = replace(self.config, thresholds=said)
        self.decoder.know(Space(self.decoder.space.machine, thresholds))

    def _decoder(self) -> Decoder:
        numbers = Numbers.of_graph(self.graph)
        relations = {self.graph.catalog.relation_ids[each.relation // 2]: each for each in numbers.values}
        limits = {relations[name]: limit for name, limit in self.config.thresholds.items() if name in relations}
        space = Space(Machine(numbers), limits)
        called = torch.from_numpy(self.names.encode(list(space.numbers.classes) or [""]))  # (C, D)
        return Decoder(self.names.dimension, self.config.width, space, called[: len(space.numbers.classes)])

    def of_conversations(self) -> dict[str, nn.Parameter]:
        """The parameters that only questions after others meet, by name."""
        own = ("encoder.after_others.", "referrer.", "planner.stay.", "planner.again.")
        return {name: parameter for name, parameter in self.named_parameters() if name.startswith(own)}

    @property
    def device(self) -> torch.device:
        return self.nil_mention.device

    def _apply(self, change: Callable[[Tensor], Tensor], recurse: bool = True) -> "JointModel":
        """What `to` calls: the graph goes to the device that the parameters go to."""
        super()._apply(change, recurse)  # type: ignore[no-untyped-call]
        self.graph = replace(self.graph, sparse=self.graph.sparse.to(self.device))
        return self

    def think(
        self,
        questions: Sequence[str],
        mentions: Sequence[Sequence[Mention]] | None = None,
        hops: Sequence[Sequence[GivenHop]] | None = None,
        contexts: Sequence[Context] | None = None,
    ) -> Thought:
        """Read the questions, rank their seeds, and plan their hops."""
        contexts = contexts or [()] * len(questions)
        batch = self.reader.batch(questions, self.device, [earlier_questions(context) for context in contexts])
        referents = ReferentBatch.of(contexts, self.device)
        after = [row for row, context in enumerate(contexts) if context]
        rows = torch.tensor(after, device=self.device) if after else None
        states = self.encoder(batch.input_ids, batch.attention_mask, rows)  # (B, L, D)
        pooled = mean_pool(states, batch.own_mask)  # (B, D)
        span_vectors, span_scores = self.spans(batch, states, pooled)  # (B, S, W), (B, S, M)
        candidates = self.shortlister.shortlist(batch, span_scores.amax(-1), mentions)
        relations = self.relations()  # (R, W)
        had = relations_had(candidates, self.graph.sparse)
        references = self.referrer(batch, referents, states, pooled, self.ranker, relations, self.graph.sparse)
        ranked = self.ranker(
            batch, candidates, span_vectors, span_scores, pooled, relations, had, references.scores
        )  # (B, M, N * K + C + 1)
        named = candidates.entities[0].numel()
        cells, referred = torch.cat([ranked[..., :named], ranked[..., -1:]], -1), ranked[..., named:-1]
        has, signature = self._signature(cells, had, references, referred)  # (B, M, R)
        mentions_read = self._mention_vectors(candidates, cells, span_vectors)
        referring = referred.exp().sum(-1)  # (B, M)
        mentions_read = mentions_read + referring.unsqueeze(-1) * references.vectors
        vectors = mentions_read + self.signature(signature @ relations)  # (B, M, W)
        given = None if hops is None else self._given(batch, candidates, cells, hops)
        leaning = referring if referred.shape[-1] else None
        before = last_followed(contexts, self.planner.hops, self.device)
        plan = self.planner(states, batch.attention_mask, pooled, vectors, has, relations, given, leaning, before)
        answerable = self.answerable(pooled, vectors, way_there(plan), candidates, cells, referring)  # (B,)
        draft = None
        if self.decoder is not None:
            draft = self.decoder.draft(
                batch, candidates, cells, span_vectors, states, pooled, relations, references, referred
            )
        return Thought(batch, candidates, references, cells, referred, plan, self._counts(pooled), answerable, draft)

    def forward(
        self,
        questions: Sequence[str],
        mentions: Sequence[Sequence[Mention]] | None = None,
        hops: Sequence[Sequence[GivenHop]] | None = None,
        contexts: Sequence[Context] | None = None,
    ) -> Weighed:
        """Decide, walk, combine, and weigh what was reached by whether there is an answer at all.

        While attention is still spread over many relations the walk reaches most of the graph and is
        cheaper on dense weights; afterwards, and whenever people ask, it stays on frontiers.

        Args:
            questions: B questions.
            mentions: what is a mention, and perhaps of what: in the gold modes of evaluation, or as a person chose.
            hops: what hops are to follow, as a person chose.
            contexts: what was said before each question, the newest turn first.
        """
        thought = self.think(questions, mentions, hops, contexts)
        seeds = self.seeds(thought)  # B * M rows
        graph, plan = self.graph.sparse, thought.plan
        if attended_relations(plan) > CROWDED:
            dense = walk(graph, seeds.to_dense(), plan, LEAST_ATTENTION)  # (B * M, E)
            reached = Frontier.from_dense(dense.masked_fill(dense.detach() < LEAST_REACHED, 0.0))
        else:
            reached = walk(graph, seeds, plan, LEAST_ATTENTION)
        slots = by_slot(reached, self.config.slots)
        combined = combine(slots, thought.counts)
        answerable = thought.answerable.sigmoid()[combined.batch]  # (N,)
        combined = replace(combined, weight=combined.weight * answerable)
        return Weighed(thought, by_slot(seeds, self.config.slots), slots, combined)

    def programs(self, thought: Thought) -> list[tuple[Written, ...] | None]:
        """What programs come to, the likeliest first, for each question that may need one; None for those that a walk
        answers, and where no program comes to anything."""
        draft = thought.draft
        if draft is None or self.decoder is None:
            return [None] * len(thought.answerable)
        needed = (draft.needed > LEAST_NEEDED).tolist()
        return [written(self.decoder, draft, row) or None if need else None for row, need in enumerate(needed)]

    def seeds(self, thought: Thought) -> Frontier:
        """Every slot's distribution over entities, B * M rows; what is missing to 1 is NIL."""
        weights = thought.cells[..., :-1].exp().flatten(0, 1)  # (B * M, N * K)
        entities = thought.candidates.entities.flatten(1)  # (B, N * K)
        entities = entities.repeat_interleave(self.config.slots, 0)  # (B * M, N * K)
        rows, size = len(entities), self.graph.sparse.num_entities
        cells = entities + size * torch.arange(rows, device=entities.device).unsqueeze(1)
        live = (entities >= 0) & (weights.detach() > LEAST_SEED)
        cells, weights = cells[live], weights[live]
        if len(thought.references.referents.cell):
            more, heavy = self._referred_cells(thought)
            cells, weights = torch.cat([cells, more]), torch.cat([weights, heavy])
        return Frontier.from_cells(cells, weights, rows, size)

    def _referred_cells(self, thought: Thought) -> tuple[Tensor, Tensor]:
        """The entities that are referred to, as cells of (B * M, E) with their weights: shape (G,) each."""
        referents = thought.references.referents
        row, place = referents.cell // referents.mask.shape[1], referents.cell % referents.mask.shape[1]  # (G,), (G,)
        slots = torch.arange(self.config.slots, device=row.device)
        weights = thought.referred.exp()[row, :, place].flatten()  # (G * M,)
        rows = (row.unsqueeze(1) * self.config.slots + slots).flatten()
        cells = rows * self.graph.sparse.num_entities + referents.entity.repeat_interleave(self.config.slots)
        live = weights.detach() > LEAST_SEED
        return cells[live], weights[live]

    def _signature(
        self, cells: Tensor, had: tuple[Tensor, Tensor], references: References, referred: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Which relations the entities of each slot have, named or referred to: shapes (B, M, R)."""
        graph = self.graph.sparse
        named = relation_signature(cells[..., :-1].exp(), had, graph.num_relations)
        if not referred.shape[-1]:
            return named
        said = relation_signature(referred.exp(), references.referents.had(graph), graph.num_relations)
        return named[0] + said[0], named[1] + said[1]

    def _mention_vectors(self, candidates: Candidates, cells: Tensor, span_vectors: Tensor) -> Tensor:
        """The expected span vector of each slot: shape (B, M, W)."""
        batch, count, k = candidates.entities.shape
        weights = cells[..., :-1].exp().view(batch, -1, count, k).sum(-1)  # (B, M, N)
        rows = torch.arange(batch, device=cells.device).unsqueeze(1)
        vectors = span_vectors[rows, candidates.span]  # (B, N, W)
        return weights @ vectors + cells[..., -1:].exp() * self.nil_mention  # (B, M, W)

    def _given(
        self, batch: ReadingBatch, candidates: Candidates, cells: Tensor, hops: Sequence[Sequence[GivenHop]]
    ) -> Tensor:
        """The relation given to each hop of each slot, by the mention that the slot starts from: (B, M, H), or -1."""
        given = torch.full((*cells.shape[:2], self.planner.hops), -1, device=cells.device)  # (B, M, H)
        rows = cells[..., :-1].argmax(-1) // candidates.entities.shape[-1]  # (B, M)
        for question, reading in enumerate(batch.readings):
            for slot, row in enumerate(rows[question].tolist() if reading.spans else ()):
                span = reading.spans[int(candidates.span[question, row])]
                for each in hops[question]:
                    if (each.start, each.end) == (span.start, span.end):
                        given[question, slot, each.hop] = each.relation
        return given

    def _counts(self, pooled: Tensor) -> Tensor:
        """How many slots each question needs, always one where the intersection is switched off."""
        counts: Tensor = self.gate(pooled)  # (B, M)
        if self.config.has("intersection"):
            return counts
        return torch.nn.functional.one_hot(torch.zeros_like(counts[:, 0]).long(), counts.shape[1]).to(counts)


def _encoded(encoder: NameEncoder, *rows: list[str]) -> list[Tensor]:
    """Vectors of several rows of texts, each distinct text encoded once: shape (len(row), D) for each."""
    places = {text: place for place, text in enumerate(dict.fromkeys(text for row in rows for text in row))}
    vectors = torch.from_numpy(encoder.encode(list(places)))
    return [vectors[[places[text] for text in row]] for row in rows]


def attended_relations(plan: Plan) -> float:
    """How many relations a hop follows, on average."""
    return float((plan.relations.detach() > LEAST_ATTENTION).sum(-1).float().mean())


def by_slot(rows: Frontier, slots: int) -> tuple[Frontier, ...]:
    """Part a frontier of B * M rows into one of B rows for each slot."""
    batch = rows.batch.div(slots, rounding_mode="floor")
    own = [(rows.batch == batch * slots + slot).nonzero().view(-1) for slot in range(slots)]
    size = rows.batch_size // slots
    return tuple(Frontier(batch[kept], rows.entity[kept], rows.weight[kept], size, rows.num_entities) for kept in own)
