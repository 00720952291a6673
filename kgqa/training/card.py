"""The model card: what a model was trained on, with which command and seed, what it reached, and its limits."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

import kgqa
from kgqa.manifest import carry, verify_manifest, writing_directory
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import CARD
from kgqa.training.trainer import TrainingArguments

LATER_HEADING, LIMITS_HEADING = "## Measured later", "## Limits"
LIMITS = """\
- It answers from its graph and nothing else: what the graph lacks, it cannot know, and what is wrong there
  is wrong here.
- It finds entities, and numbers and dates that the graph states, along up to {hops} hops from up to {slots} mentions.
  {programs}
- It reads the language that its training questions are in, and looks back on the last three turns of a conversation.
- Its confidence was calibrated on the development questions below; on questions of another kind it can be too sure.
"""

NO_PROGRAMS = "It does not count, compare, add up, or answer with yes or no."
PROGRAMS = (
    "It counts, compares, adds up and answers with yes or no, on whole sets, where it writes the right program;\n"
    "  a number in a question is taken in the unit that the graph has."
)


@dataclass(frozen=True)
class Card:
    """The facts that a card states."""

    command: str
    training: TrainingArguments
    questions: tuple[Path, ...]
    dev: tuple[Path, ...]
    count: int
    synthetic: int
    variants: int
    conversations: int
    operations: int
    seconds: float
    figures: dict[str, Any]


def digest(*paths: Path) -> str:
    """SHA-256 of the contents of files, end to end, in hexadecimal."""
    sha = hashlib.sha256()
    for path in paths:
        sha.update(path.read_bytes())
    return sha.hexdigest()


def model_card(card: Card, model: JointModel) -> str:
    """The card as Markdown, with the front matter that the hub reads."""
    figures = card.figures
    return f"""\
{_heading(model)}
It was trained from pairs of question and answers alone: no annotated entities, no hop labels, no query language.

## Training

    {card.command or "python -m kgqa train"}

| | |
|---|---|
| questions | {card.count:,} from {_names(card.questions)}, SHA-256 `{digest(*card.questions)}` |
| besides | {_besides(card)} |
| seed | {card.training.seed} |
| time | {card.seconds / 60:.1f} minutes on {torch.get_num_threads()} threads ({platform.machine()}) |
| versions | kgqa {kgqa.__version__}, torch {torch.__version__} |
| arguments | `{json.dumps(asdict(card.training))}` |
| model | `{json.dumps(asdict(model.config))}` |

## Development figures

End to end, one question at a time, on {_names(card.dev)} (SHA-256 `{digest(*card.dev)}`), which training never \
saw; they served for early stopping and for calibrating the confidence. Answers that the model withheld count as missed.

{_table(figures)}

The right entities were linked for {figures["entity_accuracy"]} % of the questions that name them. \
Time to an answer: p50 {figures["latency_ms"]["p50"]} ms, p95 {figures["latency_ms"]["p95"]} ms.

## Limits

{_limits(model)}"""


def amend_card(directory: Path, text: str) -> None:
    """Put what was measured later into the card of a model directory, in the place of what was put there before.

    Raises:
        ModelFormatError: if it is no model directory.
    """
    verify_manifest(directory)
    card = (directory / CARD).read_text(encoding="utf-8")
    before, limits, after = card.partition(LIMITS_HEADING)
    before = before.partition(LATER_HEADING)[0].rstrip()
    with writing_directory(directory) as temporary:
        carry(directory, temporary, leave=(CARD,))
        amended = f"{before}\n\n{LATER_HEADING}\n\n{text.strip()}\n\n{limits}{after}"
        (temporary / CARD).write_text(amended, encoding="utf-8")


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(f"`{path.name}`" for path in paths)


def attached_card(model: JointModel, parent: str, graph: Path, command: str) -> str:
    """The card of a model that was put onto a graph it was not trained on."""
    return f"""\
{_heading(model)}
It was attached to this graph without any training on it: it knows the relations by their labels only.

## Origin

    {command or "python -m kgqa attach"}

| | |
|---|---|
| trained model | `{parent}`, whose card has its training and figures |
| graph | `{graph.name}` |
| versions | kgqa {kgqa.__version__}, torch {torch.__version__} |

No figures: it has not been measured on questions about this graph. Do that with `python -m kgqa evaluate`.

## Limits

{_limits(model)}- Its confidence was calibrated on questions made from this graph, worded more plainly than people's.
"""


def _besides(card: Card) -> str:
    """What was trained on besides the files."""
    made = f"{card.synthetic:,} questions made from the graph, {card.variants:,} given ones asked of other entities"
    made = f"{made}, {card.operations:,} that take a program"
    return f"{made}, {card.conversations:,} turns of conversations made from it"


def tuned_card(
    model: JointModel, command: str, facts: Mapping[str, str], comparison: str, figures: dict[str, Any]
) -> str:
    """The card of a model that learned from corrections: `facts` about that, and how it went before and after.

    Names and reasons in the facts come from people: they stand in cells, without what would be markup there.
    """
    rows = "\n".join(f"| {name} | {_cell(text)} |" for name, text in facts.items())
    return f"""\
{_heading(model)}
It learned from corrections by the people who used it, beyond what its parent knew.

## Tuning

    {command or "python -m kgqa finetune"}

| | |
|---|---|
{rows}
| versions | kgqa {kgqa.__version__}, torch {torch.__version__} |

## Before and after

Development questions also by the relation that leads to their answers; answers that the model withheld count as missed.

{comparison}

## Development figures

{_table(figures)}

{LIMITS_HEADING}

{_limits(model)}"""


def _cell(text: str) -> str:
    """A text on one line that is not read as markup."""
    plain = "".join(char if char not in "|<>[]*_\\" else f"&#{ord(char)};" for char in text)
    return " ".join(plain.split())


def _heading(model: JointModel) -> str:
    """Front matter, title, and what the model is over."""
    sparse = model.graph.sparse
    return f"""\
---
library_name: kgqa
base_model: {model.config.encoder}
pipeline_tag: question-answering
tags: [knowledge-graph, question-answering, entity-linking]
---

# A kgqa model

A joint model for question answering over a knowledge graph of {sparse.num_entities:,} entities and values, \
{sparse.num_triples:,} triples and {sparse.num_relations // 2} relations."""


def _limits(model: JointModel) -> str:
    programs = NO_PROGRAMS if model.decoder is None else PROGRAMS
    return LIMITS.format(hops=model.config.max_hops, slots=model.config.slots, programs=programs)


def _table(figures: dict[str, Any]) -> str:
    rows = [("all", figures), *figures["slices"].items()]
    lines = [f"| {name} | {row['n']} | {row['hits@1']} | {row['f1']} | {row['exact']} |" for name, row in rows]
    return "\n".join(["| slice | questions | Hits@1 | F1 | exact sets |", "|---|---|---|---|---|", *lines])
