"""A small kingdom with numbers, and questions that walks alone cannot answer: what the tests of programs train on."""

import json
from pathlib import Path
from random import Random
from typing import Any

STATES = (
    "Arden", "Belmar", "Corvia", "Dunmor", "Elsin", "Farrow", "Gelden", "Holm", "Isfar", "Jorvik", "Kelda", "Lorne",
)  # fmt: skip
SYLLABLES = ("bex", "tor", "mil", "san", "ver", "lun", "dor", "quin", "wes", "pel", "rav", "hok")
PREFIXES = """@prefix : <urn:k:> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:state rdfs:label "state" . :city rdfs:label "city" . :river rdfs:label "river" .
:in rdfs:label "located in state" . :borders rdfs:label "borders" . :capital rdfs:label "capital" .
:population rdfs:label "population" . :length rdfs:label "length in kilometres" .
"""


def _cities() -> dict[str, dict[str, int]]:
    """The cities of each state, with how many live there; the first is the capital."""
    random, found = Random(5), {}
    for number, state in enumerate(STATES):
        names = [f"{SYLLABLES[number]}{ending}".capitalize() for ending in ("ton", "ville", "mouth", "ham", "by")]
        found[state] = {name: random.randrange(20, 900) * 1000 for name in names[: 2 + random.randrange(4)]}
    return found


CITIES = _cities()
RIVERS = {f"{syllable.capitalize()} River": 90 + 37 * number for number, syllable in enumerate(SYLLABLES[:6])}


def iri(name: str) -> str:
    return "urn:k:" + name.replace(" ", "_")


def neighbours(state: str) -> tuple[str, str]:
    place = STATES.index(state)
    return STATES[place - 1], STATES[(place + 1) % len(STATES)]


def write_graph(path: Path) -> Path:
    lines = [PREFIXES]
    for state, cities in CITIES.items():
        borders = ", ".join(f"<{iri(other)}>" for other in neighbours(state))
        capital = iri(next(iter(cities)))
        lines.append(f'<{iri(state)}> a :state ; rdfs:label "{state}" ; :borders {borders} ; :capital <{capital}> .')
        for city, people in cities.items():
            lines.append(f'<{iri(city)}> a :city ; rdfs:label "{city}" ; :in <{iri(state)}> ; :population {people} .')
    for river, length in RIVERS.items():
        lines.append(f'<{iri(river)}> a :river ; rdfs:label "{river}" ; :length {length} .')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def questions(states: tuple[str, ...]) -> list[dict[str, Any]]:
    """Questions of every kind about these states."""
    rows = [row for state in states for row in _about(state)]
    for number, length in enumerate(RIVERS.values()):
        limit = length - 10 if number else 10
        longer = [iri(each) for each, own in RIVERS.items() if own > limit]
        rows.append(_row("threshold", f"which rivers are longer than {limit} km?", longer))
    return rows


def _about(state: str) -> list[dict[str, Any]]:
    cities, beside = CITIES[state], neighbours(state)
    largest = max(cities, key=lambda city: cities[city])
    far = STATES[(STATES.index(state) + 5) % len(STATES)]
    return [
        _row("plain", f"what is the capital of {state}?", [iri(next(iter(cities)))]),
        _row("count", f"how many cities are in {state}?", [len(cities)]),
        _row("superlative", f"what is the largest city in {state}?", [iri(largest)]),
        _row("superlative", f"which city in {state} has the largest population?", [iri(largest)]),
        _row("sum", f"how many people live in all cities of {state} together?", [sum(cities.values())]),
        _row("yes-no", f"does {state} border {beside[1]}?", [True]),
        _row("yes-no", f"does {state} border {far}?", [False]),
        _row("negation", f"which states border {state} but not {STATES[STATES.index(beside[1]) + 1 - len(STATES)]}?",
             [iri(beside[0])]),
    ]  # fmt: skip


def _row(slice_: str, question: str, answers: list[Any]) -> dict[str, Any]:
    return {"id": f"{slice_}-{question}", "question": question, "answers": answers, "slice": slice_}


def write_questions(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
