"""Answers of exact programs written by hand: what words, tables and picture are shown in the tests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kgqa.types import Answer, AnswerKind, Link, Operation, ScoredEntity
from tests.chat.answers import HOSTILE

LABELS = {
    "de": "Germany",
    "pl": "Poland",
    "fr": "France",
    "cz": "Czechia",
    "at": "Austria",
    "va": "Vatican City",
    "moon": "the Moon",
    "berlin": "Berlin",
    "paris": "Paris",
    "nile": "Nile",
    "rhine": "Rhine",
    "caesar": "Julius Caesar",
    "einstein": "Albert Einstein",
    "dürer": "Albrecht Dürer",
    "borders": "borders",
    "capital": "capital",
    "length": "length in kilometres",
    "1233": "1233",
}
PEOPLE = {"label": "population"}
LENGTH = {"label": "length in kilometres", "unit": "kilometres"}
BIRTH = {"label": "year of birth"}
NEIGHBOURS = {"label": "borders", "counted": True, "of": "country"}
CITED = {"label": "author", "counted": True, "of": "book", "inverse": True}
MILLIONS = (("de", 83_149_300.0), ("fr", 67_287_241.0), ("pl", 38_179_800.0))


def op(name: str, entities: Sequence[str] = (), size: int | None = None, **more: Any) -> Operation:
    """An operation that left these entities; or so many, of which these are the first."""
    own = tuple(entities)
    return Operation(name, entities=own, size=len(own) if size is None else size, **more)


def weighed(name: str, entities: Sequence[str], values: Sequence[tuple[str, float]], **more: Any) -> Operation:
    """An operation in which all of these numbers took part."""
    return op(name, entities, **{"values": tuple(values), "took_part": len(values), **more})


def named(entity: str, link: int = 0) -> Operation:
    return op("named", (entity,), link=link)


def follow(label: str, entities: Sequence[str], size: int | None = None, inverse: bool = False) -> Operation:
    return op("follow", entities, size, label=label, relation=label, inverse=inverse)


def answer(kind: AnswerKind, *program: Operation, **more: Any) -> Answer:
    """An answer of a program: what the last set holds, where entities are asked for."""
    found = program[-1].entities if kind == "entities" else ()
    starts = [each.entities[0] for each in program if each.op == "named"]
    names = [LABELS.get(each, each) for each in starts]
    links = tuple(Link(name, 0, len(name), each, name, 0.98) for each, name in zip(starts, names, strict=True))
    given: dict[str, Any] = {
        "answers": tuple(ScoredEntity(each, LABELS.get(each, each), 0.9) for each in found),
        "confidence": 0.93,
        "links": links,
        "labels": LABELS,
    }
    return Answer("asked?", kind, program=program, **{**given, **more})


ALL_COUNTRIES = op("class", ("at", "cz", "de"), 195, label="country")
AROUND_GERMANY = follow("borders", ("at", "cz", "fr", "pl"))
AROUND_POLAND = follow("borders", ("cz", "de"))

COUNT = answer("count", named("de"), AROUND_GERMANY, op("count", ("at", "cz", "fr", "pl")), value=4.0)
LARGEST = answer(
    "entities",
    ALL_COUNTRIES,
    weighed("largest", ("de",), MILLIONS, missing=3, took_part=192, **PEOPLE),
    op("set", ("de",)),
)
TIED = answer(
    "entities",
    op("class", ("at", "cz", "de", "pl"), label="country"),
    weighed("largest", ("de", "pl"), (("de", 9.0), ("pl", 9.0), ("at", 8.0)), **NEIGHBOURS),
    op("set", ("de", "pl")),
)
SECOND = answer(
    "entities",
    ALL_COUNTRIES,
    weighed("largest", ("fr",), MILLIONS, rank=2, **PEOPLE),
    op("set", ("fr",)),
)
EARLIEST = answer(
    "entities",
    op("class", ("caesar", "dürer", "einstein"), label="person"),
    weighed("smallest", ("caesar",), (("caesar", -100.0), ("dürer", 1471.0), ("einstein", 1879.0 + 72 / 365)), **BIRTH),
    op("set", ("caesar",)),
)
COMMON = answer(
    "entities",
    named("de"), AROUND_GERMANY, named("pl", 1), AROUND_POLAND, op("meet", ("cz",)), op("set", ("cz",)),
    facts=(("de", "borders", "cz"), ("de", "borders", "fr"), ("pl", "borders", "cz")),
)  # fmt: skip
WITHOUT = answer(
    "entities",
    named("de"), AROUND_GERMANY, named("pl", 1), AROUND_POLAND, op("without", ("at", "fr", "pl")),
    op("set", ("at", "fr", "pl")),
)  # fmt: skip
OF_TWO = answer(
    "entities",
    named("nile"), named("rhine", 1), op("either", ("nile", "rhine")),
    weighed("largest", ("nile",), (("nile", 6650.0), ("rhine", 1233.0)), **LENGTH), op("set", ("nile",)),
)  # fmt: skip
LONGER = answer(
    "entities",
    op("class", ("nile", "rhine"), 2, label="river"), named("rhine"),
    weighed("above", ("nile",), (("nile", 6650.0), ("rhine", 1233.0)), **LENGTH), op("set", ("nile",)),
)  # fmt: skip
BORDERED = answer(
    "boolean",
    named("de"), AROUND_GERMANY, named("pl", 1), op("meet", ("pl",)), op("any", ("pl",)),
    value=True, facts=(("de", "borders", "pl"), ("de", "borders", "fr")),
)  # fmt: skip
NOT_CAPITAL = answer(
    "boolean",
    named("fr"), follow("capital", ("paris",)), named("berlin", 1), op("meet"), op("any"), value=False,
    facts=(("fr", "capital", "paris"),),
)  # fmt: skip
IS_LONGER = answer(
    "boolean",
    named("rhine"), named("nile", 1), weighed("above", (), (("nile", 6650.0), ("rhine", 1233.0)), **LENGTH),
    op("any"), value=False,
)  # fmt: skip
IS_OVER = answer(
    "boolean",
    named("de"), weighed("over", ("de",), MILLIONS[:1], number=8e7, **PEOPLE), op("any", ("de",)), value=True,
)  # fmt: skip
SUM = answer(
    "number",
    named("de"), AROUND_GERMANY, weighed("sum", AROUND_GERMANY.entities, MILLIONS[1:], missing=2, **PEOPLE),
    value=105_467_041.0,
)  # fmt: skip
MEAN = answer(
    "number",
    op("class", ("nile", "rhine"), label="river"),
    weighed("mean", ("nile", "rhine"), (("nile", 6650.0), ("rhine", 1233.0)), **LENGTH), value=3941.5,
)  # fmt: skip
DIFFERENCE = answer(
    "number",
    named("einstein"), named("dürer", 1),
    weighed("difference", ("dürer",), (("einstein", 1879.0), ("dürer", 1471.0)), **BIRTH), value=408.0,
)  # fmt: skip
VALUE = answer(
    "number",
    named("rhine"), follow("length in kilometres", ("1233",)), op("set", ("1233",)),
    value=1233.0, answers=(ScoredEntity("1233", "1233", 0.9),),
)  # fmt: skip
MOON = follow("located in country", (), inverse=True)
NO_CITY = answer(
    "entities",
    named("moon"), follow("located on", ("sea",), 21, inverse=True), op("keep", label="city"),
    weighed("largest", (), (), **PEOPLE), op("set"),
)  # fmt: skip
ALL = (
    COUNT, LARGEST, TIED, SECOND, EARLIEST, COMMON, WITHOUT, OF_TWO, LONGER, BORDERED, NOT_CAPITAL, IS_LONGER, IS_OVER,
    SUM, MEAN, DIFFERENCE, VALUE, NO_CITY,
)  # fmt: skip


def hostile(given: Answer) -> Answer:
    """The same with every label, class and unit trying to be markup."""
    program = tuple(
        replace(
            each, label=HOSTILE if each.label else "", of=HOSTILE if each.of else "", unit=HOSTILE if each.unit else ""
        )
        for each in given.program
    )
    links = tuple(replace(each, label=HOSTILE, mention=HOSTILE) for each in given.links)
    answers = tuple(replace(each, label=HOSTILE) for each in given.answers)
    labels = dict.fromkeys((*given.labels, *(e for o in given.program for e in o.entities)), HOSTILE)
    return replace(given, question=HOSTILE, program=program, links=links, answers=answers, labels=labels)
