"""Asked: a question of the question files, and how the files are written."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from assets.world.graph import Answer
from assets.world.surface import Question


@dataclass(frozen=True)
class Asked:
    """A question with all that its line in the file says."""

    question: Question
    answers: tuple[Answer, ...]
    entities: tuple[str, ...]
    slice: str
    is_seen: bool = False  # in dev: an entity that training asks about as well

    def to_line(self, identity: str, conversation: str = "") -> str:
        mentions = [{"start": m.start, "end": m.end, "entity": m.entity} for m in self.question.mentions]
        record = {
            "id": identity,
            "question": self.question.text,
            "answers": list(self.answers),
            "entities": list(self.entities),
            "mentions": mentions,
            "slice": self.slice,
        }
        if conversation:
            record["conversation"] = conversation
        return json.dumps(record, ensure_ascii=False) + "\n"


def write_lines(path: Path, lines: list[str]) -> None:
    text = "".join(lines).encode()
    if path.suffix != ".gz":
        path.write_bytes(text)
        return
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as stream:
        stream.write(text)
