"""Beam search: the likeliest programs for a question, run exactly as written; those that come to the same add up.

People mostly ask for what there is, so what comes to no entity at all is held for likelier only if it is so by far.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kgqa.programs.machine import ENDS, Denotation, Program, Stack, Step, placed
from kgqa.reasoning.decoder import Beginning, Decoder, Draft

WIDTH = 12
LENGTH = 10  # steps
RARE = 0.05  # of its probability, how much an empty set keeps when what programs come to is put in order
SPREAD = 9.0  # natural logarithm of how much less likely than the likeliest finished one a beginning may be


@dataclass(frozen=True)
class Written:
    """A denotation, the likeliest program that comes to it, that program's probability, and that of all that do."""

    denotation: Denotation
    program: Program
    probability: float
    together: float


@dataclass(frozen=True)
class _Beam:
    program: Program
    stack: Stack
    score: float
    memory: Tensor  # (W,)


@torch.inference_mode()
def written(decoder: Decoder, draft: Draft, row: int, width: int = WIDTH) -> tuple[Written, ...]:
    """What programs for one question come to, the likeliest first."""
    beams = [_Beam((), (), 0.0, draft.memory[row])]
    finished: list[tuple[float, Program, Denotation]] = []
    for _ in range(LENGTH):
        beams = _longer(decoder, draft, row, beams, finished, width)
        if not beams:
            break
    return _added_up(finished)


def _longer(
    decoder: Decoder,
    draft: Draft,
    row: int,
    beams: Sequence[_Beam],
    finished: list[tuple[float, Program, Denotation]],
    width: int,
) -> list[_Beam]:
    """The likeliest beginnings that are one step longer; programs that end are added to the finished."""
    space, told = decoder.space, draft.offers.quantities[row]
    memory = torch.stack([beam.memory for beam in beams])
    rows = torch.full((len(beams),), row, device=memory.device)
    beginnings = [Beginning.of(space, beam.program, beam.stack, told) for beam in beams]
    logs, seen = decoder.next(draft, memory, beginnings, rows)
    before = logs.new_tensor([beam.score for beam in beams])
    totals = (before.unsqueeze(1) + logs).flatten()
    scores, places = totals.topk(min(3 * width, len(totals)))
    best = max((score for score, _, _ in finished), default=float("-inf"))
    kept: list[tuple[int, int, Step, Stack, float]] = []
    for score, place in zip(scores.tolist(), places.tolist(), strict=True):
        if len(kept) == width or score < best - SPREAD or score < -SPREAD * 3:
            break
        number, column = divmod(place, logs.shape[1])
        beam = beams[number]
        step = placed(beam.program, decoder.step_at(column, draft.offers, row))
        if step.op in ENDS:
            finished.append((score, (*beam.program, step), space.machine.end(beam.stack, step)))
            best = max(best, score)
        else:
            kept.append((number, column, step, space.machine.step(beam.stack, step), score))
    if not kept:
        return []
    from_ = torch.tensor([number for number, *_ in kept], device=memory.device)
    columns = torch.tensor([column for _, column, *_ in kept], device=memory.device)
    memory = decoder.after(draft, memory[from_], seen[from_], columns, rows[:1].expand(len(kept)))
    return [
        _Beam((*beams[number].program, step), stack, score, memory[place])
        for place, (number, _, step, stack, score) in enumerate(kept)
    ]


def _added_up(finished: Sequence[tuple[float, Program, Denotation]]) -> tuple[Written, ...]:
    best: dict[tuple[type, Denotation | None], tuple[float, Program, Denotation]] = {}
    sums: dict[tuple[type, Denotation | None], float] = {}
    for score, program, denotation in sorted(finished, key=lambda each: -each[0]):
        key = (type(denotation), denotation if denotation == denotation else None)  # one is not the same as yes
        best.setdefault(key, (score, program, denotation))
        sums[key] = sums.get(key, 0.0) + math.exp(score)
    found = [
        Written(denotation, program, math.exp(score), sums[key]) for key, (score, program, denotation) in best.items()
    ]
    return tuple(sorted(found, key=lambda each: each.together * (RARE if each.denotation == () else 1.0), reverse=True))
