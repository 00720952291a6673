"""What the page asks of a store, and the records that pass between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

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


@dataclass(frozen=True)
class PastConversation:
    """A conversation in the list: when it was last used, and what its link is made of while it is shared."""

    id: str
    title: str
    used: datetime
    share_salt: str = ""


class Archive(Protocol):
    """Past conversations and all else that is kept about a visitor. Every method looks only at what is the
    visitor's own and raises `NotYoursError` for any other conversation, also for an id that is no id at all."""

    def conversations(self, visitor: str, search: str = "", limit: int = 50) -> list[PastConversation]:
        """Those with a turn, last used first; each word of the search is in the title or in a question."""

    def conversation(self, visitor: str, conversation: str) -> PastConversation:
        """One of them."""

    def rename(self, visitor: str, conversation: str, title: str) -> None:
        """Give it another title; an empty one makes it the first question again."""

    def delete(self, visitor: str, conversation: str) -> None:
        """Delete it with its turns and opinions."""

    def delete_all(self, visitor: str) -> int:
        """Delete all of them; returns how many there were."""

    def share(self, visitor: str, conversation: str, token: str, salt: str) -> None:
        """Let whoever has the token read it; only the salt is kept as it is."""

    def revoke(self, visitor: str, conversation: str) -> None:
        """Let nobody else read it any more."""

    def shared(self, token: str) -> tuple[str, list[Answer]]:
        """Title and answers of the conversation that the token shares, and nothing about whose it is."""

    def record(self, visitor: str, conversation: str) -> dict[str, Any]:
        """One conversation as plain JSON."""

    def everything(self, visitor: str) -> dict[str, Any]:
        """All that is stored about the visitor as plain JSON, hidden turns and opinions taken back included."""

    def erase(self, visitor: str) -> None:
        """Delete all that is stored about the visitor."""

    def consents(self, visitor: str) -> bool:
        """Whether the visitor allows that their opinions are trained on."""

    def asks_consent(self, visitor: str) -> bool:
        """Whether to ask for that now: once they judged an answer, and never again."""

    def set_consent(self, visitor: str, given: bool) -> None:
        """Keep what the visitor decided."""


class Memory(Archive, Protocol):
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

    def answer_anew(self, visitor: str, turn: str, answer: Answer) -> None:
        """Show this answer in the place of a turn's own, and keep what was chosen as an opinion; thumb and right
        answers were about what was shown before, and are taken back. Where nothing is chosen any more, the turn's
        own answer is shown again."""

    def vote(self, visitor: str, turn: str, liked: bool | None) -> None:
        """Set, change or take back the thumb."""

    def correct(self, visitor: str, turn: str, right: tuple[RightAnswer, ...], comment: str) -> None:
        """Set or change the correction; it counts as a thumb down."""

    def withdraw(self, visitor: str, turn: str) -> None:
        """Take back thumb and correction."""
