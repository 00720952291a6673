"""Findings: what each step of a program found. A program runs over a stack of sets, so that is a tree: each set with
the sets that it was made of.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kgqa.chat.measure import Measure
from kgqa.programs.machine import ENDS, JOINS, OPS, STARTS
from kgqa.types import Answer, Operation

EXTREMES = ("largest", "smallest")
HELD = ("over", "under", "exactly", "notable")
COMPARED = ("above", "below")
WORKED_OUT = ("sum", "mean", "difference")
MEASURING = (*EXTREMES, *HELD, *COMPARED, *WORKED_OUT)


@dataclass(frozen=True)
class Found:
    """What the step at `place` left, and the sets it was made of."""

    place: int
    operation: Operation
    of: tuple["Found", ...] = ()

    @property
    def op(self) -> str:
        return self.operation.op

    @property
    def size(self) -> int:
        return max(self.operation.size, len(self.operation.entities))

    @property
    def measure(self) -> Measure:
        return Measure.by(self.operation)

    @property
    def is_joined(self) -> bool:
        """Whether two sets met in it."""
        return len(self.of) == 2

    def value(self, entity: str) -> float | None:
        """The number of one that took part; None where it has none, or was not kept."""
        return next((value for each, value in self.operation.values if each == entity), None)

    @property
    def lone(self) -> str:
        """The only entity of a set; empty where there are several or none."""
        return self.operation.entities[0] if self.size == 1 and self.operation.entities else ""


def sets(program: Sequence[Operation]) -> tuple[Found, ...]:
    """What each step found, the last one what answers; nothing where it is no program, or not one of this version."""
    stack: list[Found] = []
    found: list[Found] = []
    for place, operation in enumerate(program):
        count = _needed(operation.op)
        if count > len(stack) or operation.op not in OPS:
            return ()
        stack, taken = stack[: len(stack) - count], tuple(stack[len(stack) - count :])
        stack.append(Found(place, operation, taken))
        found.append(stack[-1])
    return tuple(found) if len(stack) == 1 and found[-1].op in ENDS else ()


def _needed(op: str) -> int:
    return 0 if op in STARTS else 2 if op in JOINS or op == "difference" else 1


def last_relation(program: Sequence[Operation]) -> str:
    """The label of the relation that led to the set that answers; empty where something else did."""
    found = sets(program)
    last = found[-1].of[0].operation if found and found[-1].op == "set" else None
    return last.label if last and last.op == "follow" and not last.inverse else ""


def common_value(found: Found) -> float | None:
    """The number of the first that is left: of an extreme, that of all of them."""
    entities = found.operation.entities
    return found.value(entities[0]) if entities else None


def number_of(answer: Answer) -> float | None:
    """The number that an answer is; None where nothing could be worked out."""
    value = answer.value
    return None if value is None or isinstance(value, bool) or math.isnan(value) else float(value)
