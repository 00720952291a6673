"""Tickets end by time and by number, and can't be guessed."""

from kgqa.chat.tickets import LASTS, MOST, Ticket, Tickets

TICKET = Ticket("ann", "json", "c1")


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_is_found_by_its_name_and_no_other() -> None:
    tickets = Tickets()
    first, second = tickets.issue(TICKET), tickets.issue(TICKET)
    assert first != second
    assert len(first) == 43
    assert (tickets.find(first), tickets.find(second)) == (TICKET, TICKET)
    assert [tickets.find(name) for name in ("", first[:-1], first + "x")] == [None] * 3


def test_a_ticket_ends_after_an_hour() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    name = tickets.issue(TICKET)
    clock.now = LASTS - 1
    assert tickets.find(name) == TICKET
    clock.now = LASTS
    assert tickets.find(name) is None
    clock.now = 0
    assert tickets.find(name) is None


def test_the_oldest_gives_way() -> None:
    tickets = Tickets()
    first, second = tickets.issue(TICKET), tickets.issue(TICKET)
    for _ in range(MOST - 1):
        tickets.issue(TICKET)
    assert (tickets.find(first), tickets.find(second)) == (None, TICKET)
