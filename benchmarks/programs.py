"""How many questions some exact program answers, whatever a model would make of them: the most it could learn."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from tqdm import tqdm

from kgqa.graph.numbers import Numbers
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.programs.machine import Machine
from kgqa.programs.space import Space
from kgqa.training.lookout import Lookout, wanted_of
from kgqa.training.questions import Question


def run(graph: KnowledgeGraph, questions: Sequence[Question]) -> Iterator[dict[str, Any]]:
    """A row for each slice and one for all: how many questions have a program, and how many programs they have."""
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    index = EntityIndex.build(graph.catalog, degrees, None)
    lookout, found = Lookout(Space(Machine(Numbers.of_graph(graph))), index), defaultdict[str, list[int]](list)
    started = time.perf_counter()
    for row in tqdm(questions, unit="question", leave=False):
        wanted = wanted_of(row, graph.catalog)
        programs = lookout.programs(row.question, wanted) if wanted != () else []
        found[row.slice].append(len(programs))
    seconds = time.perf_counter() - started
    for name, counts in sorted(found.items()):
        yield _row(name, counts)
    counts = [count for slice_ in found.values() for count in slice_]
    yield {**_row("all", counts), "seconds": round(seconds, 1)}


def _row(name: str, counts: Sequence[int]) -> dict[str, Any]:
    explained = [count for count in counts if count]
    return {
        "slice": name,
        "questions": len(counts),
        "explained": len(explained),
        "percent": round(100 * len(explained) / len(counts), 1),
        "programs_each": round(sum(explained) / max(1, len(explained)), 1),
    }
