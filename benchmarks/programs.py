"""How many questions some exact program answers, whatever a model would make of them: the most it could learn."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from tqdm import tqdm

from kgqa.errors import UnknownEntityError
from kgqa.graph.catalog import Catalog
from kgqa.graph.numbers import Numbers
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex
from kgqa.linking.spans import Span, spans_of
from kgqa.programs.machine import Machine, Step
from kgqa.programs.search import Search
from kgqa.training.questions import Question


def run(graph: KnowledgeGraph, questions: Sequence[Question]) -> Iterator[dict[str, Any]]:
    """A row for each slice and one for all: how many questions have a program, and how many programs they have."""
    numbers = Numbers.of_graph(graph)
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    index = EntityIndex.build(graph.catalog, degrees, None)
    search, found = Search(Machine(numbers)), defaultdict[str, list[int]](list)
    started = time.perf_counter()
    for row in tqdm(questions, unit="question", leave=False):
        wanted = wanted_of(row, graph.catalog)
        programs = search.programs(starts_of(row.question, index, numbers), wanted) if wanted else []
        found[row.slice].append(len(programs))
    seconds = time.perf_counter() - started
    for name, counts in sorted(found.items()):
        yield _row(name, counts)
    counts = [count for slice_ in found.values() for count in slice_]
    yield {**_row("all", counts), "seconds": round(seconds, 1)}


def wanted_of(question: Question, catalog: Catalog) -> tuple[int, ...] | tuple[float, ...]:
    """The answers as a program gives them: entities, rising, or numbers; nothing where the graph lacks one."""
    if question.answers and all(isinstance(answer, int | float) for answer in question.answers):
        return tuple(map(float, question.answers))
    try:
        return tuple(sorted(catalog.entity(str(answer)) for answer in question.answers))
    except UnknownEntityError:
        return ()


def starts_of(question: str, index: EntityIndex, numbers: Numbers) -> list[Step]:
    """What a program for a question may start from: each longest name in it, with all that it may mean, and classes."""
    spans = [span for span in spans_of(question) if index.exact([span.text])[0]]
    longest = [span for span in spans if not any(_within(span, other) for other in spans)]
    named = [
        Step("named", start=span.start, end=span.end, entities=tuple(sorted(index.exact([span.text])[0])))
        for span in longest
    ]
    return named + [Step("class", class_=class_) for class_ in range(len(numbers.classes))]


def _within(span: Span, other: Span) -> bool:
    return span != other and other.start <= span.start and span.end <= other.end


def _row(name: str, counts: Sequence[int]) -> dict[str, Any]:
    explained = [count for count in counts if count]
    return {
        "slice": name,
        "questions": len(counts),
        "explained": len(explained),
        "percent": round(100 * len(explained) / len(counts), 1),
        "programs_each": round(sum(explained) / max(1, len(explained)), 1),
    }
