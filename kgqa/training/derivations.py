"""Derivations: the programs that answer a training question, and how likely a model writes each and any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from kgqa.programs.machine import ENDS, Program, Stack, Step
from kgqa.programs.quantities import Quantity
from kgqa.programs.space import Space
from kgqa.reasoning.decoder import Beginning, Decoder, Draft
from kgqa.training.loss import NO_PROGRAM


@dataclass
class Node:
    """A beginning that some programs share: what may follow it, what does follow, and the programs that end there."""

    beginning: Beginning
    after: dict[Step, "Node"] = field(default_factory=dict)
    whole: list[Program] = field(default_factory=list)


def derived(space: Space, programs: Sequence[Program], quantities: Sequence[Quantity]) -> Node | None:
    """The tree of some programs; nothing where there are none."""
    if not programs:
        return None
    root = Node(Beginning.of(space, (), (), quantities))
    for program in programs:
        node, stack = root, Stack()
        for place, step in enumerate(program):
            if step.op in ENDS:
                node.whole.append(program)
                break
            stack = space.machine.step(stack, step)
            if step not in node.after:
                node.after[step] = Node(Beginning.of(space, program[: place + 1], stack, quantities))
            node = node.after[step]
    return root


@dataclass(frozen=True)
class _Level:
    """Nodes of one depth: their rows, how likely they are reached (P,), and the memory there (P, W)."""

    nodes: list[Node]
    rows: list[int]
    reached: Tensor
    memory: Tensor


@dataclass
class _Written:
    """The logarithms of how likely some programs are written, shapes (P,), with their rows and the programs."""

    logs: list[Tensor] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)


def log_likelihood(decoder: Decoder, draft: Draft, trees: Sequence[Node | None]) -> Tensor:
    """The logarithm of the probability that one of its programs is written, for each of B questions: shape (B,).

    Very low where there is none, and where the question offers nothing that any of them starts from.
    """
    found = _written(decoder, draft, trees)
    floor = draft.memory.new_full((len(trees),), NO_PROGRAM)
    if not found.logs:
        return floor
    return _log_sum_exp(torch.cat(found.logs), torch.tensor(found.rows, device=floor.device), floor)


def log_likelihoods(decoder: Decoder, draft: Draft, trees: Sequence[Node | None]) -> list[dict[Program, float]]:
    """The logarithm of the probability of each of its programs that a question offers, for each of B questions."""
    found, each = _written(decoder, draft, trees), [dict[Program, float]() for _ in trees]
    logs = torch.cat(found.logs).tolist() if found.logs else []
    for row, program, log in zip(found.rows, found.programs, logs, strict=True):
        each[row][program] = log
    return each


def _written(decoder: Decoder, draft: Draft, trees: Sequence[Node | None]) -> _Written:
    known = [row for row, tree in enumerate(trees) if tree is not None]
    nodes = [tree for tree in trees if tree is not None]
    found = _Written()
    level = _Level(nodes, known, draft.memory.new_zeros(len(known)), draft.memory[known])
    while level.nodes:
        level = _deeper(decoder, draft, level, found)
    return found


def _deeper(decoder: Decoder, draft: Draft, level: _Level, found: _Written) -> _Level:
    rows = torch.tensor(level.rows, device=level.memory.device)
    logs, seen = decoder.next(draft, level.memory, [node.beginning for node in level.nodes], rows)
    ends: list[tuple[int, int]] = []
    onward: list[tuple[int, int, Node]] = []
    for place, (node, row) in enumerate(zip(level.nodes, level.rows, strict=True)):
        for program in node.whole:
            ends.append((place, _column(decoder, program[-1], draft, row)))
            found.rows.append(row)
            found.programs.append(program)
        for step, after in node.after.items():
            column = decoder.column(step, draft.offers, row)
            if column is not None:
                onward.append((place, column, after))
    if ends:
        at = torch.tensor(ends, device=rows.device)  # (T, 2)
        found.logs.append(level.reached[at[:, 0]] + logs[at[:, 0], at[:, 1]])
    if not onward:
        return _Level([], [], level.reached[:0], level.memory[:0])
    from_, taken = torch.tensor([(each, column) for each, column, _ in onward], device=rows.device).unbind(1)
    memory = decoder.after(draft, level.memory[from_], seen[from_], taken, rows[from_])
    reached = level.reached[from_] + logs[from_, taken]
    return _Level([node for *_, node in onward], [level.rows[each] for each, *_ in onward], reached, memory)


def _column(decoder: Decoder, step: Step, draft: Draft, row: int) -> int:
    column = decoder.column(step, draft.offers, row)
    assert column is not None  # every question offers every end
    return column


def _log_sum_exp(values: Tensor, owners: Tensor, floor: Tensor) -> Tensor:
    """log of the sums of exp(values) (T,) by owner, where there are any; elsewhere the floor (B,)."""
    top = floor.detach().scatter_reduce(0, owners, values.detach(), "amax")  # (B,)
    sums = torch.zeros_like(floor).index_add(0, owners, (values - top[owners]).exp())
    return torch.where(sums > 0, sums.clamp(min=1e-30).log() + top, floor)
