"""What a superlative over a large class adds to an answer, against the same over the smallest class."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kgqa.errors import InputError
from kgqa.graph.numbers import Attribute, Numbers
from kgqa.graph.store import KnowledgeGraph
from kgqa.programs.machine import Machine, Step
from kgqa.programs.space import Space
from kgqa.reasoning.unfolding import unfolded

TIMES = 101
LEAST = 2  # entities of a class that has an extreme


def run(graph: KnowledgeGraph) -> dict[str, Any]:
    """Medians in milliseconds: finding the extreme, saying what may follow, and unfolding it for people."""
    space = Space(Machine(Numbers.of_graph(graph)))
    sizes = {class_: _measured(space, class_) for class_ in range(len(space.numbers.classes))}
    able = {class_: found for class_, found in sizes.items() if found is not None and found[1] >= LEAST}
    if not able:
        raise InputError("no class of this graph has two entities with a number")
    large, small = max(able, key=lambda class_: able[class_][1]), min(able, key=lambda class_: able[class_][1])
    first, second = (_timed(space, class_, able[class_][0]) for class_ in (large, small))
    return {
        "class": space.numbers.classes[large],
        "entities": able[large][1],
        "against": f"{space.numbers.classes[small]}, {able[small][1]}",
        **{f"{name}_ms": round(first[name], 3) for name in first},
        "total_ms": round(sum(first.values()), 3),
        "adds_ms": round(sum(first.values()) - sum(second.values()), 3),
    }


def _measured(space: Space, class_: int) -> tuple[Attribute, int] | None:
    """The attribute that most of a class have, and how many have it."""
    numbers = space.numbers
    counts = (~np.isnan(numbers.table[numbers.members[class_]])).sum(0)
    return (numbers.values[int(counts.argmax())], int(counts.max())) if len(counts) else None


def _timed(space: Space, class_: int, attribute: Attribute) -> dict[str, float]:
    machine, members = space.machine, space.numbers.members[class_]
    largest = Step("largest", attribute=attribute)
    program = (Step("class", class_=class_), largest, Step("set"))
    return {
        "extreme": _median(lambda: machine.step((members,), largest)),
        "valid": _median(lambda: space.valid((members,))),
        "unfold": _median(lambda: unfolded(machine, program, ())),
    }


def _median(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    return float(np.median(taken))
