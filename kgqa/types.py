"""What passes between the rooms: an answer and its parts, as plain frozen records."""

from dataclasses import asdict, dataclass, field, replace
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
class WeighedRelation:
    """A relation of the graph in one direction, with the attention that the question alone gives it, in [0, 1]."""

    relation: str
    label: str
    inverse: bool
    weight: float


@dataclass(frozen=True)
class Hop:
    """One step along a relation: `label` is its name, `entities` where it led (ids, capped).

    `candidates` are the relations that lead somewhere from where the hop starts, best first, the one taken included
    if it is among the best.
    """

    relation: str
    label: str
    inverse: bool
    weight: float
    entities: tuple[str, ...] = ()
    candidates: tuple[WeighedRelation, ...] = ()


@dataclass(frozen=True)
class Path:
    """The hops followed from one link; `link` is its position in `Answer.links`."""

    link: int
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Operation:
    """One step of a program, as it ran on the whole graph.

    `op` is what it does: `named` (all that the mention at `link` may mean), `class`, `follow`, `keep` (of a class),
    `largest`, `smallest` (the `rank`-th), `over`, `under`, `exactly` (held against `number`), `notable` (over the
    `number` that counts as much, as answers showed), `meet`, `without`,
    `either`, `above`, `below` (held against the other set), and as the last one `set`, `count`, `any`, `sum`, `mean` or
    `difference`. `label` is the relation, the class or what was measured; of a count, `counted` is set and `label` what
    leads to those that were counted, of the class `of`.

    `size` is how many entities are left, `entities` the first of them (ids). `values` are the numbers of those that
    took part, the most extreme first, as many as `VALUES_KEPT`; `took_part` is how many had one, `missing` how many had
    none.
    """

    op: str
    label: str = ""
    relation: str = ""
    inverse: bool = False
    link: int = -1
    rank: int = 1
    number: float | None = None
    counted: bool = False
    of: str = ""
    unit: str = ""
    size: int = 0
    entities: tuple[str, ...] = ()
    values: tuple[tuple[str, float], ...] = ()
    took_part: int = 0
    missing: int = 0


VALUES_KEPT = 200
ENTITIES_KEPT = 10


@dataclass(frozen=True)
class EntityChoice:
    """What a person says that a mention means: characters `start` to `end` of the question, and an entity's id."""

    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class RelationChoice:
    """What a person says that a hop, counted from 0, follows on the path that starts from a mention."""

    start: int
    end: int
    hop: int
    relation: str
    inverse: bool


@dataclass(frozen=True)
class Choices:
    """All that a person chose of one answer: at most one entity for a mention and one relation for a hop."""

    entities: tuple[EntityChoice, ...] = ()
    relations: tuple[RelationChoice, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entities or self.relations)

    def entity(self, start: int, end: int) -> EntityChoice | None:
        """What was chosen for a mention."""
        return next((each for each in self.entities if (each.start, each.end) == (start, end)), None)

    def relation(self, start: int, end: int, hop: int) -> RelationChoice | None:
        """What was chosen for a hop."""
        place = (start, end, hop)
        return next((each for each in self.relations if (each.start, each.end, each.hop) == place), None)

    def adding(self, choice: EntityChoice | RelationChoice) -> "Choices":
        """With one choice more, which takes the place of an earlier one about the same."""
        if isinstance(choice, EntityChoice):
            kept = self.without(self.entity(choice.start, choice.end))
            return replace(kept, entities=(*kept.entities, choice))
        kept = self.without(self.relation(choice.start, choice.end, choice.hop))
        return replace(kept, relations=(*kept.relations, choice))

    def without(self, choice: EntityChoice | RelationChoice | None) -> "Choices":
        """As if this had not been chosen."""
        entities = tuple(each for each in self.entities if each != choice)
        return Choices(entities, tuple(each for each in self.relations if each != choice))

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Choices":
        """Read back what `asdict` made of one."""
        entities = tuple(EntityChoice(**each) for each in row["entities"])
        return cls(entities, tuple(RelationChoice(**each) for each in row["relations"]))


NOTHING_CHOSEN = Choices()


@dataclass(frozen=True)
class Answer:
    """What the system says to one question, with everything needed to show why.

    `facts` are (subject, relation, object) ids in the direction in which the graph states
    them; `labels` names every id that occurs in paths, in facts and in `chosen`. `combine` says whether the
    answer is what two paths have in common. `why` is the reason while `abstained`. `chosen` is what a person
    chose instead of what the model took, and what the answer was found under. `after` are the questions before it in
    the conversation, the newest first, where it leans on them; none where the question stands alone. `program` are the
    exact steps that gave the answer, where a walk along paths could not.
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
    chosen: Choices = NOTHING_CHOSEN
    after: tuple[str, ...] = ()
    program: tuple[Operation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The object that `ask --json` prints; `from_dict` reads it back without loss."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Answer":
        """Read back what `to_dict` wrote, also after a trip through JSON, and before there were choices."""
        entity = lambda item: ScoredEntity(**item)  # noqa: E731
        links = tuple(Link(**{**link, "candidates": tuple(map(entity, link["candidates"]))}) for link in row["links"])
        paths = tuple(Path(path["link"], tuple(map(_hop, path["hops"]))) for path in row["paths"])
        facts = tuple((s, r, o) for s, r, o in row["facts"])
        chosen = Choices.from_dict(row["chosen"]) if "chosen" in row else NOTHING_CHOSEN
        parts = {"answers": tuple(map(entity, row["answers"])), "links": links, "paths": paths, "facts": facts}
        after, program = tuple(row.get("after", ())), tuple(map(_operation, row.get("program", ())))
        return cls(**{**row, **parts, "chosen": chosen, "after": after, "program": program})


def _hop(row: dict[str, Any]) -> Hop:
    candidates = tuple(WeighedRelation(**each) for each in row.get("candidates", ()))
    return Hop(**{**row, "entities": tuple(row["entities"]), "candidates": candidates})


def _operation(row: dict[str, Any]) -> Operation:
    values = tuple((entity, value) for entity, value in row["values"])
    return Operation(**{**row, "entities": tuple(row["entities"]), "values": values})
