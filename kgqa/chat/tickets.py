"""Tickets: links by which a browser fetches what is a visitor's own, without its token in the address."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LASTS = 3_600.0
MOST = 20_000
Form = Literal["json", "md", "html"]


@dataclass(frozen=True)
class Ticket:
    """What a link gives: one conversation of the visitor, or everything if it names none, in some form."""

    visitor: str
    form: Form
    conversation: str = ""


class Tickets:
    """Gives out random names of tickets, and takes them back for an hour; they live in this process only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, Ticket]] = OrderedDict()
        self._lock = threading.Lock()

    def issue(self, ticket: Ticket) -> str:
        """A name of 256 random bits for this ticket; the oldest one gives way when there are too many."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._held[name] = (self._clock() + LASTS, ticket)
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return name

    def find(self, name: str) -> Ticket | None:
        """The ticket of this name, unless there is none or its time is over."""
        with self._lock:
            until, ticket = self._held.get(name, (0.0, None))
            if self._clock() < until:
                return ticket
            self._held.pop(name, None)
            return None
