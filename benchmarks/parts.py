"""Where the time of an answer goes: the median milliseconds of every part of the way, one question at a time."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from tqdm import tqdm

from kgqa.reasoning import model as model_module
from kgqa.reasoning.answerer import Answerer
from kgqa.training.questions import Question

WARM_UP = 5  # questions that are not counted

Times = dict[str, float]


def run(answerer: Answerer, questions: Sequence[Question]) -> dict[str, Any]:
    """The median of each part and of the whole, and the 95th percentile of the whole, over the questions.

    Returns:
        milliseconds by part, in the order of the way; `rest` is what lies between the parts.
    """
    rows: dict[str, list[float]] = defaultdict(list)
    for number, row in enumerate(tqdm(questions, unit="question", leave=False)):
        taken: Times = defaultdict(float)
        with _watched(answerer, taken):
            started = time.perf_counter()
            answerer.answer(row.question)
            total = time.perf_counter() - started
        if number >= WARM_UP or len(questions) <= WARM_UP:
            for name, seconds in {**taken, "rest": total - sum(taken.values()), "total": total}.items():
                rows[name].append(1000 * seconds)
    medians = {name: round(float(np.median(values)), 2) for name, values in rows.items()}
    return {"questions": len(rows["total"]), **medians, "p95": round(float(np.percentile(rows["total"], 95)), 2)}


@contextmanager
def _watched(answerer: Answerer, taken: Times) -> Iterator[None]:
    """While this lasts, what each part takes is added up."""
    model = answerer.model
    parts: list[tuple[str, Any, str]] = [
        ("read", model.reader, "batch"),
        ("encode", model.encoder, "forward"),
        ("spans", model.spans, "forward"),
        ("shortlist", model.shortlister, "shortlist"),
        ("rank", model.ranker, "forward"),
        ("plan", model.planner, "forward"),
        ("answerable", model.answerable, "forward"),
        ("walk", model_module, "walk"),
        ("explain", answerer, "_explained"),
    ]
    with ExitStack() as stack:
        for name, owner, method in parts:
            stack.enter_context(_timed(name, owner, method, taken))
        yield


@contextmanager
def _timed(name: str, owner: Any, method: str, taken: Times) -> Iterator[None]:
    original: Callable[..., Any] = getattr(owner, method)
    own = method in vars(owner)

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            taken[name] += time.perf_counter() - started

    setattr(owner, method, timed)
    try:
        yield
    finally:
        if own:
            setattr(owner, method, original)
        else:
            delattr(owner, method)
