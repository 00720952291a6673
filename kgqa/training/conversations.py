"""Conversations: what was said before a question, as training and measuring put it to a model."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from tqdm import tqdm

from kgqa.reasoning.context import Context, Said
from kgqa.reasoning.hops import Plan
from kgqa.reasoning.model import JointModel, Thought
from kgqa.training.questions import Question, answer_set

BATCH = 64


def contexts_of(model: JointModel, questions: Sequence[Question]) -> list[Context]:
    """What was said before each question: what was asked, what the model takes it to name and ask, its given answers.

    Nobody noted what an earlier question names and which relations it follows, so the model reads it, as it will when
    people ask. A turn is read after those before it.
    """
    earlier = _before(questions)
    catalog, said = model.graph.catalog, dict[Question, Said]()
    was_training = model.training
    model.eval()
    with tqdm(total=len(earlier), desc="reading conversations", unit="turn", leave=False, disable=not earlier) as bar:
        for rows in _batches(list(earlier)):
            read = _read(model, rows, [_context(row, said) for row in rows])
            for row, (entities, followed) in zip(rows, read, strict=True):
                said[row] = Said(row.question, entities, tuple(sorted(answer_set(row, catalog))), followed)
            bar.update(len(rows))
    model.train(was_training)
    return [_context(row, said) for row in questions]


def _before(questions: Sequence[Question]) -> dict[Question, None]:
    """All that was asked before any of these, and before that."""
    found, level = dict[Question, None](), list(questions)
    while level:
        level = [before for row in level for before in row.context if before not in found]
        found |= dict.fromkeys(level)
    return found


def _batches(rows: Sequence[Question]) -> Iterator[list[Question]]:
    """Turns that have as many before them, those with fewer first."""
    for depth in sorted({_depth(row) for row in rows}):
        turns = [row for row in rows if _depth(row) == depth]
        yield from (turns[start : start + BATCH] for start in range(0, len(turns), BATCH))


def _context(row: Question, said: dict[Question, Said]) -> Context:
    return tuple(said[before] for before in row.context)


def _depth(row: Question) -> int:
    """How many turns were before a question."""
    return 1 + _depth(row.context[0]) if row.context else 0


@torch.inference_mode()
def _read(
    model: JointModel, rows: Sequence[Question], contexts: Sequence[Context]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The entity that each slot in use starts from most likely, and the way that is followed, of every question."""
    thought = model.think([row.question for row in rows], contexts=contexts)
    return list(zip(_named(thought), _followed(thought.plan, thought.counts), strict=True))


def _followed(plan: Plan, counts: Tensor) -> list[tuple[int, ...]]:
    """The likeliest relations, hop by hop, of the first slot in use that follows any, of every question."""
    relations, lengths = plan.relations.argmax(-1).tolist(), (plan.stop.argmax(-1) + 1).tolist()  # (B, M, H), (B, M)
    stays = (torch.zeros_like(counts) if plan.stay is None else plan.stay).tolist()  # (B, M)
    found = []
    for row, used in enumerate((counts.argmax(1) + 1).tolist()):
        going = [slot for slot in range(used) if stays[row][slot] < 0.5]
        found.append(tuple(relations[row][going[0]][: lengths[row][going[0]]]) if going else ())
    return found


def _named(thought: Thought) -> list[tuple[int, ...]]:
    """The entity that each slot in use starts from most likely, of every question."""
    best = thought.cells[..., :-1].max(-1)  # (B, M)
    chosen = thought.candidates.entities.flatten(1).gather(1, best.indices)  # (B, M)
    is_named = (best.values > thought.cells[..., -1]) & (chosen >= 0)
    referred = thought.referred.exp().sum(-1) > best.values.exp()  # (B, M)
    used = (thought.counts.argmax(1) + 1).tolist()
    found = []
    for row, referents in enumerate(thought.references.referents.rows):
        own: dict[int, None] = {}
        for slot in range(used[row]):
            if referred[row, slot]:
                meant = referents[int(thought.referred[row, slot].argmax())].entities
                own |= dict.fromkeys(meant if len(meant) == 1 else ())
            elif is_named[row, slot]:
                own[int(chosen[row, slot])] = None
        found.append(tuple(own))
    return found
