"""Questions of operations are answered as plain Python answers them, are varied, and are the same for the same seed."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kgqa.graph.numbers import Attribute
from kgqa.graph.store import KnowledgeGraph, build_graph
from kgqa.linking.vectors import normalise
from kgqa.programs.machine import Step
from kgqa.programs.quantities import quantities_of
from kgqa.programs.space import COMPARED, EXTREMES
from kgqa.training.asking import MOST_ANSWERS, PATTERNS, Made
from kgqa.training.english import Words
from kgqa.training.limits import rising
from kgqa.training.operations import MOST_ADDED, OperationSynthesiser
from kgqa.training.questions import Question, read_questions, write_questions

WORDS = Words(["direct", "directed", "director", "found", "founded", "flow", "flowing", "border", "bordering", "bear"])
KINDS = {
    "value", "count", "superlative", "nth", "threshold", "comparison", "which-of-two", "sum", "average", "difference",
    "yes-no", "negation", "most", "composed",
}  # fmt: skip
TOTAL = 560
RELATIONS = {
    "population": "population", "area": "area in square kilometres", "length": "length in kilometres",
    "born": "year of birth", "founded": "founded in year", "in": "in state", "borders": "borders",
    "flows": "flows through", "capital": "capital", "birthplace": "place of birth", "code": "postal code",
}  # fmt: skip
STATES = {"ada": (900, 410.5), "bor": (400, 120), "cyr": (400, 95), "dol": (2500, 640), "eri": (1300, 77)}
CITIES = {
    "alm": ("ada", 300), "ash": ("ada", 250), "arl": ("ada", 81), "bex": ("bor", 120), "bay": ("bor", 45),
    "cob": ("cyr", 90), "dun": ("dol", 700), "dax": ("dol", 410), "dee": ("dol", 66), "ely": ("eri", 512),
}  # fmt: skip
RIVERS = {
    "ouse": (410, ("ada", "bor")), "adda": (133, ("cyr",)), "wye": (280, ("ada", "dol", "eri")), "exe": (96, ("dol",)),
    "tees": (137, ("bor", "cyr", "dol")), "ure": (119, ("ada",)),
}  # fmt: skip
PEOPLE = {
    "ann": (1951, "alm"), "ben": (1962, "alm"), "cat": (1974, "dun"), "dan": (1938, "dun"), "eve": (1989, "ely"),
    "fay": (1962, "bex"), "gus": (1945, "alm"),
}  # fmt: skip
NEIGHBOURS = {"ada": ("bor", "cyr"), "bor": ("ada", "dol"), "cyr": ("ada",), "dol": ("bor", "eri"), "eri": ("dol",)}

Facts = list[tuple[str, str, str | float]]


def facts() -> Facts:
    """The facts of a land: subject, relation and object, those of classes included."""
    found: Facts = []
    for number, (state, (population, area)) in enumerate(STATES.items()):
        found += [(state, "a", "state"), (state, "population", population), (state, "area", area)]
        found += [(state, "borders", other) for other in NEIGHBOURS[state]]
        found += [(state, "capital", next(city for city, (own, _) in CITIES.items() if own == state))]
        found += [(state, "code", 1000 + number)]
    for number, (city, (state, population)) in enumerate(CITIES.items()):
        found += [(city, "a", "city"), (city, "in", state), (city, "population", population)]
        found += [(city, "founded", 1700 + 17 * number)]
    for river, (length, states) in RIVERS.items():
        found += [(river, "a", "river"), (river, "length", length), *((river, "flows", state) for state in states)]
    for person, (year, city) in PEOPLE.items():
        found += [(person, "a", "person"), (person, "born", year), (person, "birthplace", city)]
    return found


def written(rows: Facts, classes: bool = True, numbers: bool = True) -> str:
    """Turtle of the facts, with labels."""
    prefixes = "@prefix : <urn:x:> .\n@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    labels = {**{name: f"{name.title()} Minor" for name, _, _ in rows}, **RELATIONS}
    labels |= {kind: kind for kind in ("state", "city", "river", "person")}
    lines = [f':{name} rdfs:label "{label}" .' for name, label in labels.items()]
    for subject, relation, object_ in rows:
        if (relation == "a" and classes) or (relation != "a" and (numbers or isinstance(object_, str))):
            verb = "a" if relation == "a" else f":{relation}"
            lines.append(f":{subject} {verb} {f':{object_}' if isinstance(object_, str) else object_} .")
    return prefixes + "\n".join(lines)


def built(directory: Path, turtle: str) -> KnowledgeGraph:
    (directory / "land.ttl").write_text(turtle)
    return build_graph([directory / "land.ttl"])[0]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    return built(tmp_path_factory.mktemp("land"), written(facts()))


@pytest.fixture(scope="module")
def synthesiser(land: KnowledgeGraph) -> OperationSynthesiser:
    return OperationSynthesiser(land, WORDS, seed=5)


@pytest.fixture(scope="module")
def made(synthesiser: OperationSynthesiser) -> list[Made]:
    return list(synthesiser.with_programs(TOTAL))


@pytest.fixture(scope="module")
def many(land: KnowledgeGraph) -> list[Question]:
    return list(OperationSynthesiser(land, WORDS, seed=6).make(2800))


class Plain:
    """Answers programs with sets of names and loops over the facts."""

    def __init__(self, synthesiser: OperationSynthesiser) -> None:
        self.numbers = synthesiser.numbers
        self.catalog = synthesiser.numbers.catalog
        self.facts = facts()
        self.classes = {name: {s for s, r, o in self.facts if (r, o) == ("a", name)} for name in self.numbers.classes}

    def name(self, entity: int) -> str:
        return str(self.catalog.entity_ids[entity]).removeprefix("urn:x:")

    def follow(self, names: set[str | float], relation: int) -> set[str | float]:
        label = str(self.catalog.relation_ids[relation // 2]).removeprefix("urn:x:")
        pairs = [(s, o) if relation % 2 == 0 else (o, s) for s, r, o in self.facts if r == label]
        return {end for start, end in pairs if start in names}

    def number(self, name: str | float, attribute: Attribute) -> float | None:
        found = self.follow({name}, attribute.relation)
        if attribute.counted:
            kind = self.numbers.classes[attribute.class_] if attribute.class_ >= 0 else None
            return float(len(found if kind is None else found & self.classes[kind]))
        values = [value for value in found if not isinstance(value, str)]
        return max(values) if values else None

    def measured(self, names: set[str | float], step: Step) -> dict[str | float, float]:
        assert step.attribute is not None
        found = {name: self.number(name, step.attribute) for name in names}
        return {name: number for name, number in found.items() if number is not None}

    def changed(self, last: set[str | float], step: Step) -> set[str | float]:
        if step.op == "follow":
            return self.follow(last, step.relation)
        if step.op == "keep":
            return last & self.classes[self.numbers.classes[step.class_]]
        found = self.measured(last, step)
        if step.op in ("largest", "smallest"):
            ranked = sorted(set(found.values()), reverse=step.op == "largest")
            return {name for name, number in found.items() if number == ranked[step.rank - 1]}
        holds: dict[str, Callable[[float], bool]] = {
            "over": lambda number: number > step.number,
            "under": lambda number: number < step.number,
            "exactly": lambda number: number == step.number,
        }
        return {name for name, number in found.items() if holds[step.op](number)}

    def joined(self, one: set[str | float], other: set[str | float], step: Step) -> set[str | float]:
        if step.op in ("meet", "without", "either"):
            besides = {self.name(entity) for entity in step.entities}
            return {"meet": one & other, "without": one - other - besides, "either": one | other}[step.op]
        limit, found = list(self.measured(other, step).values()), self.measured(one, step)
        if step.op == "above":
            return {name for name, number in found.items() if number > max(limit)}
        return {name for name, number in found.items() if number < min(limit)}

    def answer(self, program: tuple[Step, ...]) -> set[str | float] | float | bool:
        stack: list[set[str | float]] = []
        for step in program[:-1]:
            if step.op == "named":
                stack.append({self.name(entity) for entity in step.entities})
            elif step.op == "class":
                stack.append(set(self.classes[self.numbers.classes[step.class_]]))
            elif step.op in ("meet", "without", "either", "above", "below"):
                other, one = stack.pop(), stack.pop()
                stack.append(self.joined(one, other, step))
            else:
                stack.append(self.changed(stack.pop(), step))
        return self.ended(stack, program[-1])

    def ended(self, stack: list[set[str | float]], end: Step) -> set[str | float] | float | bool:
        if end.op == "set":
            return stack[-1]
        if end.op in ("count", "any"):
            return float(len(stack[-1])) if end.op == "count" else bool(stack[-1])
        numbers = [list(self.measured(names, end).values()) for names in stack]
        if end.op == "difference":
            return abs(numbers[0][0] - numbers[1][0])
        return sum(numbers[-1]) / (len(numbers[-1]) if end.op == "mean" else 1)


def said(row: Question) -> str:
    """The text of a question as those are told apart."""
    return row.question.lower().rstrip("?")


def test_every_kind_is_made_as_often(made: list[Made]) -> None:
    kinds = Counter(each.question.slice for each in made)
    assert set(kinds) == KINDS
    assert set(kinds.values()) == {TOTAL // len(KINDS)}


def test_answers_are_those_of_plain_python(synthesiser: OperationSynthesiser, made: list[Made]) -> None:
    plain = Plain(synthesiser)
    for each in made:
        expected, answers = plain.answer(each.program), each.question.answers
        if isinstance(expected, bool):
            assert answers == (expected,), each
        elif isinstance(expected, set) and all(isinstance(name, str) for name in expected):
            assert set(answers) == {f"urn:x:{name}" for name in expected}, each
        else:
            (number,) = expected if isinstance(expected, set) else (expected,)
            assert len(answers) == 1
            assert math.isclose(float(answers[0]), float(number), rel_tol=1e-9), each


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (r"longest river$", {"ouse"}),
        (r"river is the shortest$", {"exe"}),
        (r"second longest river$", {"wye"}),
        (r"person is the oldest$|oldest person$", {"dan"}),
        (r"city (was )?founded (first|earliest)$", {"alm"}),
        (r"(most populous|most populated) state$", {"dol"}),
        (r"state borders the most states$", {"ada", "bor", "dol"}),
        (r"river flows through the most states$", {"wye", "tees"}),
    ],
)
def test_extremes_are_what_the_words_say(many: list[Question], asked: str, found: set[str]) -> None:
    rows = [row for row in many if not row.entities and re.search(asked, said(row))]
    rows = [row for row in rows if (row.slice == "nth") == ("second" in asked) and row.slice != "composed"]
    assert rows
    for row in rows:
        assert set(row.answers) == {f"urn:x:{name}" for name in found}, row


def test_limits_are_what_the_words_say(many: list[Question]) -> None:
    rows = [row for row in many if row.slice == "threshold" and not row.entities]
    rows = [row for row in rows if re.search(r"rivers .*(longer|shorter) than", said(row))]
    rows = [row for row in rows if len(quantities_of(row.question)) == 1]
    assert len(rows) > 2
    for row in rows:
        limit, longer = quantities_of(row.question)[0].number, "longer" in row.question.lower()
        beyond = {river for river, (length, _) in RIVERS.items() if (length > limit) == longer}
        assert set(row.answers) == {f"urn:x:{river}" for river in beyond}, row


def test_what_is_compared_is_large_enough(synthesiser: OperationSynthesiser, made: list[Made]) -> None:
    machine = synthesiser.groups.machine
    for each in made:
        kind, program = each.question.slice, each.program
        assert 0 < len(each.question.answers) <= MOST_ANSWERS
        if kind in ("superlative", "nth", "most"):
            place = next(place for place, step in enumerate(program) if step.op in EXTREMES)
            group, attribute = machine.run((*program[:place], Step("set"))), program[place].attribute
            assert isinstance(group, tuple)
            assert attribute
            assert len(each.question.answers) < len(group) >= 3
            assert len(np.unique(rising(synthesiser.numbers.of(np.array(group), attribute)))) >= 2
        if kind == "threshold":
            place = next(place for place, step in enumerate(program) if step.op in COMPARED)
            group = machine.run((*program[:place], Step("set")))
            assert isinstance(group, tuple)
            assert len(each.question.answers) < len(group)
        if kind == "sum":
            group = machine.run((*program[:-1], Step("set")))
            assert isinstance(group, tuple)
            assert 2 <= len(group) <= MOST_ADDED


def test_programs_say_where_names_and_numbers_stand(land: KnowledgeGraph, made: list[Made]) -> None:
    for each in made:
        text, mentions = each.question.question, set(each.question.mentions)
        named = [step for step in each.program if step.op == "named"]
        assert {(step.start, step.end, land.catalog.entity_ids[step.entities[0]]) for step in named} == mentions
        for step in each.program:
            if step.op in COMPARED:
                (quantity,) = quantities_of(text[step.start : step.end])
                assert quantity.number == step.number
        names = [normalise(text[step.start : step.end]) for step in named]
        exact = [normalise(land.catalog.labels[step.entities[0]]) for step in named]
        assert sum(one != other for one, other in zip(names, exact, strict=True)) <= 1  # a typing error


def test_half_of_what_is_so_or_not_is_so(many: list[Question]) -> None:
    kinds = Counter(row.answers for row in many if row.slice == "yes-no")
    assert set(kinds) == {(True,), (False,)}
    assert abs(kinds[True,] - kinds[False,]) <= 1


def test_no_text_comes_twice(many: list[Question]) -> None:
    assert len({said(row) for row in many}) == len(many) == len({row.id for row in many})
    assert not any(mark in row.question for row in many for mark in "{}<>[]|")


def test_texts_that_are_taken_are_not_made(land: KnowledgeGraph, many: list[Question]) -> None:
    taken = {row.question for row in many}
    again = list(OperationSynthesiser(land, WORDS, seed=6).make(200, taken))
    assert again
    assert not taken & {row.question for row in again}


def test_the_seed_decides(land: KnowledgeGraph, many: list[Question]) -> None:
    assert list(OperationSynthesiser(land, WORDS, seed=6).make(300)) == many[:300]
    assert list(OperationSynthesiser(land, WORDS, seed=7).make(300)) != many[:300]


def test_written_questions_are_read_again(many: list[Question], tmp_path: Path) -> None:
    assert write_questions(tmp_path / "made.jsonl", many) == len(many)
    assert read_questions(tmp_path / "made.jsonl") == many


def test_a_graph_without_numbers_gives_what_needs_none(tmp_path: Path) -> None:
    graph = built(tmp_path, written(facts(), numbers=False))
    kinds = {row.slice for row in OperationSynthesiser(graph, WORDS).make(300)}
    assert {"count", "yes-no", "negation", "most"} <= kinds
    assert not kinds & {"value", "superlative", "nth", "comparison", "sum", "average", "difference"}


def test_a_graph_without_classes_starts_from_names(tmp_path: Path) -> None:
    graph = built(tmp_path, written(facts(), classes=False))
    made = list(OperationSynthesiser(graph, WORDS).with_programs(300))
    assert {"value", "count", "which-of-two", "yes-no"} <= {each.question.slice for each in made}
    assert not any(step.op in ("class", "keep") for each in made for step in each.program)


def test_a_graph_of_one_fact_gives_little_and_ends(tmp_path: Path) -> None:
    graph = built(tmp_path, written([("ada", "borders", "bor")]))
    assert {row.slice for row in OperationSynthesiser(graph, WORDS).make(50)} <= {"count", "yes-no"}


@pytest.mark.parametrize(
    "label", ["{a} {0} {z}", "<n> <one>", "[is|are]", "", "   ", "(x)", "44", "nan", "é" * 300, "\\1"]
)
def test_labels_that_look_like_patterns_do_no_harm(tmp_path: Path, label: str) -> None:
    turtle, escaped = written(facts()), label.replace("\\", "\\\\")
    for place, name in enumerate(("state", "city", *RELATIONS.values(), "Ada Minor", "Alm Minor", "Ouse Minor")):
        if place % 2 == 0:
            turtle = turtle.replace(f'rdfs:label "{name}"', f'rdfs:label "{escaped}"')
    made = list(OperationSynthesiser(built(tmp_path, turtle), WORDS).make(150))
    assert len(made) == 150
    for row in made:
        outside = "".join(character for place, character in enumerate(row.question) if not is_named(row, place))
        assert not set("{}<>[]|") & set(outside), row


def is_named(row: Question, place: int) -> bool:
    """Whether a character of a question is one of a name."""
    return any(start <= place < end for start, end, _ in row.mentions)


def test_every_kind_has_a_dozen_ways_to_ask() -> None:
    table = tomllib.loads(PATTERNS.file.read_text(encoding="utf-8"))
    for kind in KINDS:
        assert len(set(lines(table[kind]))) >= 12, kind


def lines(table: Any) -> list[str]:
    """The patterns under a heading, and under those within it."""
    return (
        table.split("\n")[:-1] if isinstance(table, str) else [line for each in table.values() for line in lines(each)]
    )
