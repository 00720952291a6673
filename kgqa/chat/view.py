"""What of the queue a reviewer looks at, as it travels in addresses and forms."""

from collections.abc import Mapping
from dataclasses import dataclass

from kgqa.chat.frame import STATUSES, hidden
from kgqa.chat.markup import visible

KINDS = {"flagged": "Flagged", "up": "Thumbs up", "all": "All"}
LONGEST_SEARCH = 300


@dataclass(frozen=True)
class View:
    """What of the queue is looked at: the filter, the page, and when it was read."""

    status: str = "pending"
    kind: str = "flagged"
    search: str = ""
    number: int = 1
    seen_at: str = ""

    def query(self, **more: str) -> dict[str, str]:
        """The view as the query of an address."""
        shown = {"status": self.status or "any", "kind": self.kind, "q": self.search, "page": str(self.number)}
        plain = {"status": "pending", "kind": "flagged", "q": "", "page": "1"}
        return {name: value for name, value in shown.items() if value != plain[name]} | more

    def fields(self) -> str:
        """The view as fields of a form."""
        return "".join(hidden(name, value) for name, value in self.query(seen_at=self.seen_at).items())


def read_view(given: Mapping[str, str]) -> View:
    """The view that an address or a form asks for; what makes no sense is left out."""
    status, kind = given.get("status", "pending"), given.get("kind", "flagged")
    return View(
        status="" if status == "any" else status if status in STATUSES else "pending",
        kind=kind if kind in KINDS else "flagged",
        search=visible(given.get("q", "")).strip()[:LONGEST_SEARCH],
        number=whole_number(given.get("page"), 1),
    )


def whole_number(text: str | None, otherwise: int) -> int:
    """The number from 1 on that a text spells, or another one."""
    return min(int(text), 1_000_000) if text and text.isascii() and text.isdigit() and int(text) else otherwise
