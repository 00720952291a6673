"""What is underway: questions that people see asked and that are not answered yet."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kgqa.chat.visitor import Visitor
from kgqa.types import Answer

MOST = 2_000
PATIENCE = 10.0  # seconds between a question and the request for its answer; past them, that request was lost


@dataclass
class Asked:
    """A question that waits for its answer, after these answers, the newest last.

    `instead_of` is the turn that its own answer takes the place of.
    """

    question: str
    visitor: Visitor
    instead_of: str
    before: Sequence[Answer]
    at: float
    taken: bool = False
    dropped: bool = False


class Underway:
    """Holds what was asked from when it is shown until it is answered or dropped, in this process only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, Asked] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, question: str, visitor: Visitor, instead_of: str, before: Sequence[Answer] = ()) -> str:
        """A name for this question; the oldest one gives way when there are too many."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._held[name] = Asked(question, visitor, instead_of, before, self._clock())
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return name

    def waits(self, name: object) -> bool:
        """Whether an answer is on its way to the question of this name."""
        with self._lock:
            asked = self._held.get(name) if isinstance(name, str) else None
            return asked is not None and (asked.taken or self._clock() < asked.at + PATIENCE)

    def take(self, name: object) -> Asked | None:
        """The question of this name, to be answered, the first time that it is asked for."""
        with self._lock:
            asked = self._held.get(name) if isinstance(name, str) else None
            if asked is None or asked.taken:
                return None
            asked.taken = True
            return asked

    def drop(self, name: object) -> str:
        """No answer is wanted any more; returns the question, or nothing where it has been answered."""
        with self._lock:
            asked = self._held.pop(name, None) if isinstance(name, str) else None
            if asked is None:
                return ""
            asked.dropped = True
            return asked.question

    def end(self, name: str) -> None:
        """It has been answered."""
        with self._lock:
            self._held.pop(name, None)
