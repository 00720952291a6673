"""Own questions: what a model directory keeps of the questions that it was trained and measured on.

A later training mixes them in, so that nothing is forgotten, and is measured on what the first one was measured on,
also where the files of that time are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from random import Random

from kgqa.training.questions import Question, read_questions, write_questions

FOLDER, TRAIN, DEV = "questions", "train.jsonl.gz", "dev.jsonl.gz"
SAMPLE, MOST_DEV = 3000, 5000


@dataclass(frozen=True)
class OwnQuestions:
    """A sample of the training questions of a model, and its development questions; both may be empty."""

    train: tuple[Question, ...] = ()
    dev: tuple[Question, ...] = ()

    @classmethod
    def sampled(cls, train: Sequence[Question], dev: Sequence[Question], seed: int) -> "OwnQuestions":
        """What is kept of these questions, the same for the same seed."""
        return cls(tuple(_sample(train, SAMPLE, seed)), tuple(_sample(dev, MOST_DEV, seed)))

    @classmethod
    def of(cls, directory: Path) -> "OwnQuestions":
        """What a model directory keeps; nothing where it was written without.

        Raises:
            QuestionFormatError: if it cannot be read.
        """
        kept = (directory / FOLDER / name for name in (TRAIN, DEV))
        return cls(*(tuple(read_questions(path)) if path.is_file() else () for path in kept))

    def write(self, directory: Path) -> None:
        """Write them into a model directory that is being written."""
        folder = directory / FOLDER
        for name, questions in ((TRAIN, self.train), (DEV, self.dev)):
            if questions:
                folder.mkdir(exist_ok=True)
                write_questions(folder / name, questions)


def _sample(questions: Sequence[Question], most: int, seed: int) -> list[Question]:
    """Up to so many of them, in their order, and no conversation without its beginning."""
    if len(questions) <= most:
        return list(questions)
    parts = [list(rows) for _, rows in groupby(range(len(questions)), lambda row: questions[row].conversation or row)]
    chosen: list[int] = []
    for part in Random(seed).sample(parts, len(parts)):
        if len(chosen) + len(part) <= most:
            chosen += part
    return [questions[place] for place in sorted(chosen)]
