"""What fixes the shape of a joint model; saved beside its weights as config.json."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kgqa.errors import ModelFormatError
from kgqa.linking.encoder import DEFAULT_ENCODER

# What can be switched off: the intersection of slots; scoring relations by their labels; their descriptions; the n-gram
# vectors and the spelling of names; what entities are described as; what is at the ends of relations; the gate against
# going back; being bound to relations that are there; programs of exact steps.
PARTS = (
    "intersection",
    "labels",
    "descriptions",
    "ngrams",
    "entity-descriptions",
    "ends",
    "gate",
    "binding",
    "programs",
)


@dataclass(frozen=True)
class ModelConfig:
    """Sizes and choices of a joint model.

    `trainable_layers` counts the encoder's last layers that training may change; the others
    stay those of the base encoder. `exact_spans` and `fuzzy_spans` bound the spans per question
    that reach the ranker, `candidates` the entities per span. `without` names parts that are
    switched off, to see what they are good for. `thresholds` say by relation from what number on something counts as
    having much of it, as questions showed in training.
    """

    encoder: str = DEFAULT_ENCODER
    trainable_layers: int = 2
    slots: int = 4
    max_hops: int = 3
    max_span_words: int = 12
    exact_spans: int = 12
    fuzzy_spans: int = 4
    candidates: int = 32
    width: int = 256
    without: tuple[str, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in self.without:
            if part not in PARTS:
                raise ModelFormatError(f"config: without={part!r}: expected one of {', '.join(PARTS)}")
        if self.trainable_layers < 0:
            raise ModelFormatError(f"config: trainable_layers={self.trainable_layers!r}: must not be negative")
        for name in ("slots", "max_hops", "max_span_words", "candidates", "width"):
            if getattr(self, name) < 1:
                raise ModelFormatError(f"config: {name}={getattr(self, name)!r}: must be at least 1")

    def save(self, path: Path, **extra: Any) -> None:
        """Write as JSON, with what else the model directory has to remember."""
        path.write_text(json.dumps({**asdict(self), **extra}, indent=2, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> tuple["ModelConfig", dict[str, Any]]:
        """Read what `save` wrote: the configuration, and the rest."""
        try:
            row = {"thresholds": {}, **json.loads(path.read_text())}  # models had none before they wrote programs
            own = {key: row.pop(key) for key in cls.__dataclass_fields__}
            own["without"] = tuple(own["without"])
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelFormatError(f"{path}: not the configuration of a kgqa model ({error!r})") from error
        return cls(**own), row

    def has(self, part: str) -> bool:
        """Whether one of PARTS is switched on."""
        return part not in self.without
