"""Literals of RDF: what a number, a date or a string is called by people, and what it weighs as a number."""

import math
import re
from dataclasses import dataclass

import pyoxigraph

XSD = "http://www.w3.org/2001/XMLSchema#"
INTEGERS = (
    "integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
    "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
)  # fmt: skip
NUMERIC = {XSD + name for name in (*INTEGERS, "decimal", "double", "float")}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
DATE = re.compile(r"(-?\d{4,})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?)?)?)?(?:Z|[+-]\d\d:\d\d)?")
DATED = {XSD + name: parts for name, parts in (("gYear", 1), ("gYearMonth", 2), ("date", 3), ("dateTime", 3))}
INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d*)")
DECIMAL = re.compile(r"[+-]?(?:0|[1-9]\d*)?\.\d+")
EXPONENT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+")
FULL_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, slots=True)
class Literal:
    """The text of a literal, with its datatype IRI or its language where it has one."""

    text: str
    datatype: str = ""
    language: str = ""

    def id(self) -> str:
        """Its N-Triples form, by which the graph knows it."""
        quoted = str(pyoxigraph.Literal(self.text))
        if self.language:
            return f"{quoted}@{self.language}"
        return f"{quoted}^^<{self.datatype}>" if self.datatype else quoted

    def value(self) -> float:
        """Its number: a date as a year with a fraction; NaN for what is neither number nor date."""
        if self.datatype in NUMERIC:
            return _number(self.text)
        date = _date(self)
        return _decimal_year(*date[:3]) if date else math.nan

    def label(self) -> str:
        """What people call it: "2,161,000", "1994", "14 March 1879"."""
        if self.datatype in NUMERIC and math.isfinite(_number(self.text)):
            return _number_label(self.text)
        date = _date(self)
        return _date_label(*date) if date else self.text


def recognise(text: str) -> Literal | None:
    """The number or date that a plain text spells, if it spells one ("007" and "nan" are names)."""
    if INTEGER.fullmatch(text):
        return Literal(text, XSD + "integer")
    if DECIMAL.fullmatch(text):
        return Literal(text, XSD + "decimal")
    if EXPONENT.fullmatch(text):
        return Literal(text, XSD + "double")
    if FULL_DATE.fullmatch(text):
        return Literal(text, XSD + "date")
    return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _number_label(text: str) -> str:
    if re.fullmatch(r"[+-]?\d+", text.strip()):
        integer = int(text)
        return f"{integer:,}" if abs(integer) >= 10_000 else str(integer)
    number = float(text)
    if number.is_integer() and abs(number) < 1e15:
        return _number_label(str(int(number)))
    plain = repr(number)
    if "e" in plain or abs(number) < 10_000:
        return plain
    return f"{int(number):,}.{plain.partition('.')[2]}" if number > 0 else "-" + _number_label(plain[1:])


def _date(literal: Literal) -> tuple[int, int, int, str] | None:
    """Year, month, day (0 where the type has none) and the time of day, "" at midnight."""
    parts = DATED.get(literal.datatype)
    match = DATE.fullmatch(literal.text.strip()) if parts else None
    if not match or not match[parts or 1]:
        return None
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if month > 12 or day > 31 or (match[2] and not month) or (match[3] and not day):
        return None
    return year, month, day, match[4] if match[4] and match[4] != "00:00" else ""


def _decimal_year(year: int, month: int, day: int) -> float:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    passed = DAYS_BEFORE[max(month, 1) - 1] + (leap and month > 2) + max(day, 1) - 1
    return year + passed / (365 + leap)


def _date_label(year: int, month: int, day: int, time: str) -> str:
    parts = [str(day) if day else "", MONTHS[month - 1] if month else "", str(abs(year)), "BC" if year < 0 else ""]
    return " ".join(part for part in parts if part) + (f", {time}" if time else "")
