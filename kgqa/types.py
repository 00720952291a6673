"""What passes between the rooms: an answer and its parts, as plain frozen records."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

AnswerKind = Literal["entities", "number", "count", "boolean", "none"]
Reason = Literal["", "no_question", "no_entity", "no_relation", "nothing_in_common", "low_confidence"]


@dataclass(frozen=True)
class ScoredEntity:
    """An entity of the graph with its score in [0, 1]."""

    id: str
    label: str
    score: float
    description: str = ""


@dataclass(frozen=True)
class Link:
    """A mention in the question and the entity it was taken for.

    `start` and `end` are character offsets into the question; `candidates` are the other
    readings that were weighed, best first, the chosen one included. `earlier` says that it was
    not named here but said before, as "it" or "the second one"; `id` is empty where that is several.
    """

    mention: str
    start: int
    end: int
    id: str
    label: str
    score: float
    description: str = ""
    candidates: tuple[ScoredEntity, ...] = ()
    earlier: bool = False


@dataclass(frozen=True)
class Hop:
    """One step along a relation: `label` is its name, `entities` where it led (ids, capped)."""

    relation: str
    label: str
    inverse: bool
    weight: float
    entities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Path:
    """The hops followed from one link; `link` is its position in `Answer.links`."""

    link: int
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Answer:
    """What the system says to one question, with everything needed to show why.

    `facts` are (subject, relation, object) ids in the direction in which the graph states
    them; `labels` names every id that occurs in paths and facts. `combine` says whether the
    answer is what two paths have in common. `why` is the reason while `abstained`.
    """

    question: str
    kind: AnswerKind
    answers: tuple[ScoredEntity, ...] = ()
    value: float | bool | None = None
    confidence: float = 0.0
    abstained: bool = False
    why: Reason = ""
    links: tuple[Link, ...] = ()
    paths: tuple[Path, ...] = ()
    combine: Literal["single", "intersect"] = "single"
    facts: tuple[tuple[str, str, str], ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    timings_ms: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The object that `ask --json` prints; `from_dict` reads it back without loss."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Answer":
        """Read back what `to_dict` wrote (also after a trip through JSON)."""
        entity = lambda item: ScoredEntity(**item)  # noqa: E731
        links = tuple(Link(**{**link, "candidates": tuple(map(entity, link["candidates"]))}) for link in row["links"])
        paths = tuple(
            Path(path["link"], tuple(Hop(**{**hop, "entities": tuple(hop["entities"])}) for hop in path["hops"]))
            for path in row["paths"]
        )
        facts = tuple((s, r, o) for s, r, o in row["facts"])
        return cls(
            **{**row, "answers": tuple(map(entity, row["answers"])), "links": links, "paths": paths, "facts": facts}
        )
