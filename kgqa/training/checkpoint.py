"""A checkpoint: all that training needs to go on where it was stopped, in one file that is replaced whole."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from kgqa.errors import ModelFormatError

FILE = "checkpoint.safetensors"
PARTS = ("current", "best", "optimiser")

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Progress:
    """How far training has come, in how many seconds; `arguments` are those it was started with."""

    step: int
    best: float
    lines: tuple[str, ...]
    arguments: dict[str, Any]
    seconds: float = 0.0


class Checkpoint:
    """A directory beside the model directory that is to be."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, progress: Progress, current: Tensors, best: Tensors, optimiser: Tensors) -> None:
        """Write everything beside the last checkpoint, and put it in its place."""
        self.directory.mkdir(parents=True, exist_ok=True)
        parts = zip(PARTS, (current, best, optimiser), strict=True)
        tensors = {f"{part}.{name}": tensor for part, rows in parts for name, tensor in rows.items()}
        new = self.directory / f"{FILE}.new"
        save_file(tensors, new, metadata={"progress": json.dumps(asdict(progress))})
        new.rename(self.directory / FILE)

    def load(self, arguments: dict[str, Any]) -> tuple[Progress, Tensors, Tensors, Tensors]:
        """Progress, current weights, best weights and optimiser state.

        A run may go on for more epochs than it was started for; all other arguments must be the same.

        Raises:
            ModelFormatError: if there is none, it cannot be read, or it was written with other arguments.
        """
        path = self.directory / FILE
        try:
            with safe_open(path, framework="pt") as file:
                progress = Progress(**json.loads(file.metadata()["progress"]))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ModelFormatError(f"{path}: no checkpoint to go on from ({error}); leave --resume out") from error
        if _without_length(progress.arguments) != _without_length(arguments):
            raise ModelFormatError(
                f"{path}: was written with other arguments ({progress.arguments}); give the same, or another --out"
            )
        current, best, optimiser = (_part(tensors, part) for part in PARTS)
        return progress, current, best, optimiser

    def remove(self) -> None:
        """Remove it, once the model itself is saved."""
        (self.directory / FILE).unlink(missing_ok=True)
        self.directory.rmdir()


def _without_length(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in ("epochs", "evaluations")}


def _part(tensors: Tensors, part: str) -> Tensors:
    prefix = f"{part}."
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
