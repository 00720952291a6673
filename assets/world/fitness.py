"""Fitness: whether the answer to a filled operation is what such a question is asked for."""

from __future__ import annotations

from random import Random

from assets.world.filling import MOST_LEFT, PLACES, Filled, Filling, Wish
from kgqa.programs.machine import Step, values_of

MOST_ANSWERS = 200
LONE_SHARE = 0.4  # of the counts that come to one
NONE_SHARE = 0.5  # of those that come to none
KNOWN_SHARE = {"sum": 1.0, "mean": 0.8}  # at least so many of the entities have the number
SHORT = ("threshold", "comparison")


def is_fit(filled: Filled, wish: Wish, filling: Filling, random: Random) -> bool:
    """Whether what was asked comes to what was wished for, and to an answer that a person can use."""
    found, end = filled.denotation, filled.program[-1]
    if isinstance(found, bool):
        return found == wish.truth
    if isinstance(found, float):
        if end.op == "count":
            return _is_fit_count(filled, found, filling, random)
        return _is_fit_number(filled, found, end, filling)
    if wish.empty:
        return not found
    if filled.operation.kind == "value":
        values = values_of(found, filling.numbers.catalog.values)
        return len(found) == len(values) == 1 and values[0] > 0
    return _is_fit_set(filled, found, filling)


def _is_fit_count(filled: Filled, number: float, filling: Filling, random: Random) -> bool:
    if not number and any(filling.graph.kinds[node] not in PLACES for node in filled.nodes.values()):
        return False
    return random.random() < {0: NONE_SHARE, 1: LONE_SHARE}.get(int(number), 1.0)


def _is_fit_number(filled: Filled, number: float, end: Step, filling: Filling) -> bool:
    assert end.attribute is not None
    known = [filling.known(entities, end.attribute) for entities in filled.stack]
    if not all(len(each) and (end.attribute.counted or each.min() > 0) for each in known):
        return False
    if end.op == "difference":
        order = filled.operation.words[-1].order
        return number > 0 and order in ("", "more" if known[0][0] > known[1][0] else "less")
    return number > 0 and len(known[-1]) >= max(2, KNOWN_SHARE[end.op] * len(filled.stack[-1]))


def _is_fit_set(filled: Filled, found: tuple[int, ...], filling: Filling) -> bool:
    kind, named = filled.operation.kind, {filling.number[node] for node in filled.nodes.values()}
    if kind == "which-of-two":
        return len(found) == 1
    return 0 < len(found) <= (MOST_LEFT if kind in SHORT else MOST_ANSWERS) and not named & set(found)
