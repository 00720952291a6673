"""What the page asks of a store, and the records that pass between them."""

from dataclasses import dataclass
from typing import Protocol

from kgqa.types import Answer


class NotYoursError(LookupError):
    """There is no such conversation or turn for this visitor."""


@dataclass(frozen=True)
class RightAnswer:
    """What a person says would have been right: an entity, or words of their own (then `id` is empty)."""

    id: str
    label: str


@dataclass(frozen=True)
class Opinion:
    """What a visitor said about a turn: a thumb (True up, False down, None neither) and a correction."""

    liked: bool | None = None
    right: tuple[RightAnswer, ...] = ()
    comment: str = ""

    @property
    def corrects(self) -> bool:
        """Whether it says more than a thumb."""
        return bool(self.right or self.comment)


@dataclass(frozen=True)
class ShownTurn:
    """A question with the answer as it was shown, and what the visitor thought of it."""

    id: str
    answer: Answer
    opinion: Opinion = Opinion()


class Memory(Protocol):
    """Keeps conversations. Every method checks that what it is asked about is the visitor's own
    and raises `NotYoursError` otherwise, also for an id that is no id at all."""

    def start(self, visitor: str) -> str:
        """Begin a conversation and return its id."""

    def turns(self, visitor: str, conversation: str) -> list[ShownTurn]:
        """What the conversation shows, in order."""

    def turn(self, visitor: str, turn: str) -> ShownTurn:
        """One turn with the visitor's opinion."""

    def keep(self, visitor: str, conversation: str, answer: Answer, instead_of: str = "") -> str:
        """Keep a question and its answer, and return the id of the turn; the turn that it is
        `instead_of`, and those after that one, are no longer shown."""

    def vote(self, visitor: str, turn: str, liked: bool | None) -> None:
        """Set, change or take back the thumb."""

    def correct(self, visitor: str, turn: str, right: tuple[RightAnswer, ...], comment: str) -> None:
        """Set or change the correction; it counts as a thumb down."""

    def withdraw(self, visitor: str, turn: str) -> None:
        """Take back thumb and correction."""
