"""The assistant: takes what a person typed, checks it, and has the model answer it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kgqa.chat.markup import visible
from kgqa.errors import InputError
from kgqa.types import NOTHING_CHOSEN, Answer, Choices, Operation

if TYPE_CHECKING:
    from kgqa.graph.sparse import SparseGraph
    from kgqa.reasoning.context import Context, Said
    from kgqa.reasoning.lineage import Lineage

LONGEST = 300
LOOKED_BACK = 3  # answers that a question may refer to
_SPACES = re.compile(r"\s+")


class QuestionError(InputError):
    """The question can't be asked as it is; the message is meant for the person who typed it."""


class Names(Protocol):
    """The names of a graph's entities."""

    def suggest(self, prefix: str, n: int) -> Sequence[int]:
        """Entities with a name one of whose words begins like this, the best known first."""


class Entities(Protocol):
    """What a graph knows about its entities."""

    @property
    def entity_ids(self) -> Sequence[str]:
        """The id of each entity."""

    @property
    def labels(self) -> Sequence[str]:
        """The label of each entity."""

    @property
    def descriptions(self) -> Sequence[str]:
        """The description of each entity, perhaps empty."""

    @property
    def relation_ids(self) -> Sequence[str]:
        """The id of each base relation."""

    @property
    def relation_labels(self) -> Sequence[str]:
        """The label of each base relation."""

    def entity(self, iri: str) -> int:
        """The number of the entity with this id; raises `UnknownEntityError`."""


class Graph(Protocol):
    """A graph as far as the assistant reads it."""

    @property
    def catalog(self) -> Entities:
        """Its entities."""

    @property
    def sparse(self) -> "SparseGraph":
        """Its triples."""


class Model(Protocol):
    """A model that answers."""

    @property
    def version(self) -> str:
        """Which model it is."""

    @property
    def examples(self) -> tuple[str, ...]:
        """Questions to start with."""

    @property
    def index(self) -> Names:
        """Its entities by name."""

    @property
    def graph(self) -> Graph:
        """Its graph."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """Its development figures."""

    @property
    def lineage(self) -> "Lineage":
        """Which model it was tuned from, and on what."""

    def said(self, answer: Answer) -> "Said":
        """An earlier turn, as a question after it can lean on it."""

    def measured(self, question: str, place: int) -> Operation | None:
        """A step of the program that answers a question, with the numbers of all that took part, or None."""

    def answer(self, question: str, chosen: Choices = NOTHING_CHOSEN, context: "Context" = ()) -> Answer:
        """Answer one question, under what a person chose, after what was said before, the newest turn first."""


@dataclass(frozen=True)
class Suggestion:
    """An entity to pick."""

    id: str
    label: str
    description: str

    @property
    def text(self) -> str:
        """How it reads in a list: the label, and what tells it from its namesakes."""
        return f"{self.label} — {self.description}" if self.description else self.label


class Assistant:
    """A model behind a counter: what comes in is checked, what goes out is an `Answer`."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def version(self) -> str:
        """Which model answers."""
        return self.model.version

    @property
    def examples(self) -> tuple[str, ...]:
        """Questions to start with."""
        return self.model.examples

    def take(self, model: Model) -> None:
        """Let another model answer from the next question on."""
        self.model = model

    def ask(self, text: str, before: Sequence[Answer] = ()) -> Answer:
        """Answer what a person typed, in a conversation that had these answers before, the newest last.

        Raises:
            QuestionError: if there is no question, or too much of one; nothing has run then.
        """
        question, model = clean_question(text), self.model
        return model.answer(question, context=_context(model, before))

    def ask_anew(self, answer: Answer, chosen: Choices, before: Sequence[Answer] = ()) -> Answer:
        """Answer the same question under what a person chose, in its conversation.

        Raises:
            InputError: if what was chosen is not there to be chosen, as when the graph has lost it since.
        """
        model = self.model
        return model.answer(answer.question, chosen, _context(model, before))

    def measured(self, text: str, place: int) -> tuple[Operation, dict[str, str]] | None:
        """A step of the program that answers what a person typed, with the numbers of all that took part, and how these
        are called; None where no program answers, or the step holds no numbers against each other.

        Raises:
            QuestionError: if there is no question, or too much of one.
        """
        model = self.model
        found = model.measured(clean_question(text), place)
        if found is None:
            return None
        catalog = model.graph.catalog
        return found, {each: catalog.labels[catalog.entity(each)] for each, _ in found.values}

    def suggest(self, prefix: str, n: int = 8) -> list[Suggestion]:
        """Entities whose name goes on like this."""
        start = _SPACES.sub(" ", visible(prefix)).strip()[:LONGEST]
        return [self._suggestion(entity) for entity in self.model.index.suggest(start, n)] if start else []

    def entity(self, identifier: str) -> Suggestion:
        """The entity with this id; raises `UnknownEntityError`."""
        return self._suggestion(self.model.graph.catalog.entity(identifier))

    def _suggestion(self, entity: int) -> Suggestion:
        catalog = self.model.graph.catalog
        return Suggestion(catalog.entity_ids[entity], catalog.labels[entity], catalog.descriptions[entity])


def _context(model: Model, before: Sequence[Answer]) -> "Context":
    return tuple(model.said(answer) for answer in reversed(before[-LOOKED_BACK:]))


def clean_question(text: object) -> str:
    """What a person typed as one line of visible text.

    Raises:
        QuestionError: if nothing is left or it is longer than `LONGEST` characters.
    """
    if not isinstance(text, str):
        raise QuestionError("Please type your question as text.")
    line = _SPACES.sub(" ", visible(text)).strip()
    if not line:
        raise QuestionError("There is no question yet. Type one, or pick one of the examples.")
    if len(line) > LONGEST:
        raise QuestionError(
            f"That is {len(line):,} characters long, and I read up to {LONGEST}. "
            "Your text is still here: please shorten it to one question."
        )
    return line
