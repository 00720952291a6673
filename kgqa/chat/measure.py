"""A measure: what a step of a program holds its entities by, and how its numbers are said and written.

"Population", "elevation in metres" and "year of birth" are values that the graph states; "countries under borders" are
counted. What says so returns HTML; numbers are text.
"""

import math
import re
from dataclasses import dataclass

from kgqa.chat.markup import escape, visible
from kgqa.chat.phrases import ordinal, plural, related
from kgqa.graph.literals import DAYS_BEFORE, MONTHS
from kgqa.types import Operation

_DATED = re.compile(r"(?<![A-Za-z])(?i:year|date)(?![a-z])|(?<=[a-z])(?:Year|Date)(?![a-z])")
_APART = re.compile(r" \([^()]*\)$")  # "discovery year (planet)": what tells relations of one name apart
_RATE = re.compile(r"\bper (?:year|date)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Measure:
    """What an operation measures."""

    label: str
    unit: str = ""
    counted: bool = False
    of: str = ""
    inverse: bool = False

    @classmethod
    def by(cls, operation: Operation) -> "Measure":
        """What this operation measures."""
        return cls(operation.label, operation.unit, operation.counted, operation.of, operation.inverse)

    # What it is called

    @property
    def is_date(self) -> bool:
        """Whether its numbers are years, or dates as years with a fraction."""
        return not self.counted and not self.unit and bool(_DATED.search(_RATE.sub("", self.label)))

    @property
    def text(self) -> str:
        """Its name without unit, as text: "elevation", "year of birth"; of a count, what leads to those counted."""
        label = _APART.sub("", visible(self.label))
        unit = f" in {visible(self.unit)}"
        return label.removesuffix(unit) if self.unit and not self.counted else label

    @property
    def name(self) -> str:
        """What it is called: "elevation", or "countries under borders"."""
        return self.things(2) if self.counted else related(self.text)

    def things(self, number: float) -> str:
        """What is counted, as many of them."""
        one = number == 1
        thing, under = self.of if one else plural(self.of), f"under {related(self.text)}"
        if self.inverse:
            names = f"{escape(thing)} that {'names' if one else 'name'} it" if thing else f"mention{'' if one else 's'}"
            return f"{names} {under}"
        return f"{escape(thing) or ('entry' if one else 'entries')} {under}"

    @property
    def heading(self) -> str:
        """Above a column of its numbers: "Elevation in metres"."""
        name = self.name if self.counted else f"{escape(self.text)}{escape(f' in {self.unit}') if self.unit else ''}"
        return name[:1].upper() + name[1:]

    # How entities are told apart by it

    def extreme(self, operation: Operation) -> str:
        """What an extreme has: "the second largest population", "the earliest year of birth", "the fewest entries"."""
        most, least = ("most", "fewest") if self.counted else ("latest", "earliest") if self.is_date else _SIZES
        rank = f"{ordinal(operation.rank)} " if operation.rank > 1 else ""
        return f"the {rank}{most if operation.op == 'largest' else least} {self.name}"

    def beyond(self, op: str) -> str:
        """How a number lies to another: "over", "after", "more than"."""
        return _BEYOND[op][1 if self.is_date else 2 if self.counted else 0]

    def held(self, operation: Operation) -> str:
        """What those have that are kept: "whose population is over 3,000", "with more than 5 entries under borders"."""
        limit = operation.number or 0.0
        if self.counted:
            return f"with {self.beyond(operation.op)} {grouped(limit)} {self.things(limit)}"
        much = ", which counts as much here" if operation.op == "notable" else ""
        return f"whose {self.name} is {self.beyond(operation.op)} {self.amount(limit)}{much}"

    def asked(self, whom: str, operation: Operation) -> str:
        """Whether an entity is one of those, as a question."""
        limit = operation.number or 0.0
        if self.counted:
            return f"Does {whom} have {self.beyond(operation.op)} {grouped(limit)} {self.things(limit)}?"
        return f"Is the {self.name} of {whom} {self.beyond(operation.op)} {self.amount(limit)}?"

    def more(self, op: str) -> str:
        """What those have that are beyond another: "a larger length", "an earlier year of birth", "more entries"."""
        if self.counted:
            return f"{'more' if op == 'above' else 'fewer'} {self.name}"
        larger, smaller = ("a later", "an earlier") if self.is_date else ("a larger", "a smaller")
        return f"{larger if op == 'above' else smaller} {self.name}"

    def has(self, whom: str, value: float) -> str:
        """That something has this number."""
        if self.counted:
            return f"{whom} has {grouped(value)} {self.things(value)}"
        return f"the {self.name} of {whom} is {self.amount(value)}"

    # Its numbers

    def written(self, value: float) -> str:
        """A number of it without its unit: "83,149,300", "1879", "44 BC", "14 March 1879"."""
        return dated(value) if self.is_date else grouped(value)

    def amount(self, value: float) -> str:
        """A number of it: "8,849 metres"; escaped."""
        return escape(f"{self.written(value)}{self._in_units(value)}")

    def result(self, value: float, op: str) -> str:
        """What adding up, taking the mean or the difference comes to: "1,234.5 kilometres", "63 years"; escaped."""
        if self.is_date:
            return escape(_years(value, op))
        return escape(f"{rounded(value)}{self._in_units(value)}")

    def _in_units(self, value: float) -> str:
        unit = visible(self.unit)
        return f" {_one(unit) if value == 1 else unit}" if unit else ""


_SIZES = ("largest", "smallest")
_BEYOND = {
    "over": ("over", "after", "more than"),
    "under": ("under", "before", "fewer than"),
    "exactly": ("exactly", "exactly", "exactly"),
    "notable": ("over", "after", "more than"),
}


def grouped(value: float) -> str:
    """A number with its thousands apart, as exact as it is."""
    return f"{int(value):,}" if _is_whole(value) else f"{value:,}"


def rounded(value: float) -> str:
    """A number that was worked out: thousands apart, no more decimals than matter."""
    if _is_whole(value):
        return grouped(value)
    short = round(value, 1) if abs(value) >= 1000 else float(f"{value:.4g}")
    return grouped(short)


def dated(value: float) -> str:
    """A year, or a year with a fraction as the day that it is: "1879", "44 BC", "14 March 1879"."""
    year = math.floor(value)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    passed = round((value - year) * (365 + leap))
    if not passed:
        return _year(year)
    if passed >= 365 + leap:
        return _year(year + 1)
    starts = [before + (leap and month > 1) for month, before in enumerate(DAYS_BEFORE)]
    month = max(month for month, start in enumerate(starts) if start <= passed)
    return f"{passed - starts[month] + 1} {MONTHS[month]} {_year(year)}"


def _year(year: int) -> str:
    return str(year) if year >= 0 else f"{-year} BC"


def _years(value: float, op: str) -> str:
    """The mean of years is a year, their difference is as many years."""
    short = round(value, 1)
    number = str(abs(int(short)) if _is_whole(short) else abs(short))
    if op == "difference":
        return f"{number} {'year' if short == 1 else 'years'}"
    return number if short >= 0 else f"{number} BC"


def _is_whole(value: float) -> bool:
    return abs(value) < 1e15 and value == int(value)


def _one(unit: str) -> str:
    """kilometres -> kilometre, inches -> inch; what is no such plural stays."""
    if unit.endswith(("ches", "shes", "xes")):
        return unit[:-2]
    return unit[:-1] if unit.endswith("s") and not unit.endswith("ss") else unit
