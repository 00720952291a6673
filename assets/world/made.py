"""Operations that the synthesiser makes from the world's graph: none about an entity of dev, none worded as dev is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from assets.world.graph import Graph
from assets.world.operations import OPERATIONS, read_operations
from assets.world.seeds import Seeds
from kgqa.graph.store import open_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.reasoning.config import ModelConfig
from kgqa.training.english import Words
from kgqa.training.operations import OperationSynthesiser
from kgqa.training.questions import Question

SLOT = re.compile(r"\\\{\w\\\}")
OPENINGS = re.compile(r"^(what|which) (is|are|was|were) |^(what's|tell me|name|which|what) ")


def made_operations(path: Path, count: int, seed: int, operations: Path = OPERATIONS) -> Iterator[Question]:
    """Those of so many made questions that training may see, from the graph in this file."""
    seeds = Seeds(Graph.read(path), False, Random(seed))
    worded = [_pattern(operation.text) for operation in read_operations("dev", operations)]
    words = Words.of(NameEncoder.from_pretrained(ModelConfig().encoder))
    for question in OperationSynthesiser(open_graph(path), words, seed).make(count):
        text = bare(question.question)
        if all(map(seeds.allows, question.entities)) and not any(one.fullmatch(text) for one in worded):
            yield question


def bare(text: str) -> str:
    """A question without its case, its end and the words that it may as well open with."""
    return OPENINGS.sub("", text.lower().rstrip("?. ")).strip()


def _pattern(text: str) -> re.Pattern[str]:
    """What a template makes, whatever stands in its slots."""
    return re.compile(SLOT.sub(".+", re.escape(bare(text))))
