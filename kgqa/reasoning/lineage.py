"""Lineage: which model a model was tuned from, on what, and what that changed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lineage:
    """Where a tuned model comes from; all of it is empty for one that was trained from the beginning.

    `data` is the SHA-256 of the corrections that it learned from, of which there were `corrections`. `before` and
    `after` are Hits@1 in percent by what was asked.
    """

    parent: str = ""
    data: str = ""
    corrections: int = 0
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """What a model directory and the store keep of it."""
        return asdict(self)

    @classmethod
    def read(cls, row: Any) -> "Lineage":
        """From what a model directory keeps; parts that this version doesn't know are left out."""
        known = row if isinstance(row, dict) else {}
        return cls(**{name: known[name] for name in cls.__dataclass_fields__ if name in known})
