"""Patterns: lines of text with parts to put in, each there only for what has the parts that it needs.

`<X>` is a part that a line needs, `<X?>` one that it may do without, and a line that begins with `!X` is there only if
part X is empty. `[is|are]` is said of one and of several; `[has|have|have]` has a third form that stands after "does".
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Parts = Mapping[str, str]  # what is put in, by its name; what is absent or empty is lacking
ONE, SEVERAL, BASE = 0, 1, 2
PART = re.compile(r"<(\w+)(\??)>")
FORMS = re.compile(r"\[([^\[\]]*)\]")
ARTICLE = re.compile(r"\b([aA]) (?=[aeio]|un(?!i))")


@dataclass(frozen=True)
class Pattern:
    """One line, with the parts that it needs and the one that it must not have."""

    text: str
    needed: frozenset[str]
    unless: str

    @classmethod
    def of_line(cls, line: str) -> "Pattern":
        """Read a line of a file of patterns."""
        unless, text = re.fullmatch(r"(?:!(\w+) )?(.*)", line).groups()  # type: ignore[union-attr]
        return cls(text, frozenset(name for name, optional in PART.findall(text) if not optional), unless or "")

    def fits(self, parts: Parts) -> bool:
        """Whether there is all that it needs."""
        return not parts.get(self.unless) and all(map(parts.get, self.needed))

    def filled(self, parts: Parts) -> str:
        """With the parts put in, single spaces, and "an" before a vowel."""
        text = PART.sub(lambda match: parts.get(match[1], ""), self.text)
        return ARTICLE.sub(r"\1n ", " ".join(text.split())).replace(" ?", "?")


@dataclass(frozen=True)
class Patterns:
    """The patterns of a file, by the headings under which they stand."""

    file: Path

    @cached_property
    def _lines(self) -> dict[tuple[str, ...], tuple[Pattern, ...]]:
        return dict(_sections(tomllib.loads(self.file.read_text(encoding="utf-8")), ()))

    def fitting(self, heading: tuple[str, ...], parts: Parts) -> list[Pattern]:
        """The patterns under a heading for which there is all that they need."""
        return [pattern for pattern in self._lines.get(heading, ()) if pattern.fits(parts)]

    def filled(self, heading: tuple[str, ...], parts: Parts) -> list[str]:
        """These patterns with their parts put in."""
        return [pattern.filled(parts) for pattern in self.fitting(heading, parts)]


def _sections(table: dict[str, object], heading: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[Pattern, ...]]]:
    found: list[tuple[tuple[str, ...], tuple[Pattern, ...]]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _sections(value, (*heading, name))
        elif isinstance(value, str):
            lines = filter(None, map(str.strip, value.splitlines()))
            found.append(((*heading, name), tuple(map(Pattern.of_line, lines))))
    return found


def formed(text: str, form: int) -> str:
    """The text as it is said of one, of several, or after "does"."""

    def chosen(match: re.Match[str]) -> str:
        forms = match[1].split("|")
        return forms[min(form, len(forms) - 1)]

    return FORMS.sub(chosen, text)


def plain(text: str) -> str:
    """A text of a graph without the marks that mean something in a pattern."""
    return " ".join(re.sub(r"[{}<>\[\]|]", " ", text).split())
