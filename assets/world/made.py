"""Operations that the synthesiser makes from the world's graph: none about an entity of dev, none worded as dev is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from assets.world.graph import Graph
from assets.world.operations import OPERATIONS, read_operations
from assets.world.seeds import SMALLEST_SPLIT_CLASS, is_dev_entity
from kgqa.graph.store import open_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.programs.machine import Program
from kgqa.reasoning.config import ModelConfig
from kgqa.training.english import Words
from kgqa.training.operations import OperationSynthesiser
from kgqa.training.questions import Question

SLOT = re.compile(r"\\\{\w\\\}")
OPENINGS = re.compile(r"^(what|which) (is|are|was|were) |^(what's|tell me|name|which|what) ")


def made_operations(path: Path, count: int, seed: int, operations: Path = OPERATIONS) -> Iterator[Question]:
    """Those of so many made questions that training may see, from the graph in this file."""
    graph, world = open_graph(path), Graph.read(path)
    ids = graph.catalog.entity_ids
    worded = [_pattern(operation.text) for operation in read_operations("dev", operations)]
    words = Words.of(NameEncoder.from_pretrained(ModelConfig().encoder))
    for made in OperationSynthesiser(graph, words, seed).with_programs(count):
        named = (ids[entity] for entity in _named(made.program))
        text = bare(made.question.question)
        if not any(_is_kept_for_dev(world, node) for node in named) and not any(one.fullmatch(text) for one in worded):
            yield made.question


def bare(text: str) -> str:
    """A question without its case, its end and the words that it may as well open with."""
    return OPENINGS.sub("", text.lower().rstrip("?. ")).strip()


def _pattern(text: str) -> re.Pattern[str]:
    """What a template makes, whatever stands in its slots."""
    return re.compile(SLOT.sub(".+", re.escape(bare(text))))


def _named(program: Program) -> Iterator[int]:
    return (entity for step in program if step.op == "named" for entity in step.entities)


def _is_kept_for_dev(world: Graph, node: str) -> bool:
    kind = world.kinds.get(node)
    is_shared = kind is not None and len(world.members[kind]) < SMALLEST_SPLIT_CLASS
    return is_dev_entity(node) and not is_shared
