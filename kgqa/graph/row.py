"""A row of names: what one entity is called and is, and what statements do to that."""

from collections.abc import Callable
from dataclasses import dataclass

from kgqa.graph.builder import ALIASES, DESCRIPTIONS, LABELS, TYPES, last_part, words


@dataclass
class Row:
    """What one entity is called and is, as a change leaves it."""

    label: str
    description: str
    aliases: list[str]
    classes: list[str]

    @property
    def names(self) -> list[str]:
        """Label and aliases, those that show something."""
        return [name for name in (self.label, *self.aliases) if name]

    def beyond(self, other: "Row") -> list[str]:
        """The names that this row has and another one has not."""
        return [name for name in self.names if name not in other.names]


def change_of_names(relation: str) -> Callable[[Row, str], None] | None:
    """What a statement with this relation does to a row of names, or None if it states a fact."""
    for relations, change in ((LABELS, _relabel), (ALIASES, _alias), (DESCRIPTIONS, _describe), (TYPES, _classify)):
        if relation in relations:
            return change
    return None


def _relabel(row: Row, text: str) -> None:
    """A new label; the one before stays as an alias, but for one that was only made of the id."""
    if row.label and row.label != text and row.label not in row.aliases:
        row.aliases.append(row.label)
    row.label = text
    row.aliases = [alias for alias in row.aliases if alias != text]


def _alias(row: Row, text: str) -> None:
    if text not in row.names:
        row.aliases.append(text)


def _describe(row: Row, text: str) -> None:
    row.description = text


def _classify(row: Row, text: str) -> None:
    label = words(last_part(text)) if ":" in text else text
    if label not in row.classes:
        row.classes.append(label)
