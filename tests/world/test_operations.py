"""Operations: the notation is read strictly, dev is worded unlike train, and the answers are what the machine finds."""

import gzip
import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rapidfuzz import fuzz, process

from assets.world.amounts import Scale, beyond, figures, roundest, threshold, written
from assets.world.binding import Binding, Bound
from assets.world.filling import ARTICLED, HEAVENLY, PEOPLE, STRANGERS, Filling
from assets.world.fitness import MOST_ANSWERS
from assets.world.graph import Graph, answer
from assets.world.make_operations import Maker, to_lines
from assets.world.names import normalise
from assets.world.operations import KINDS, OPERATIONS, Operation, parse_line, parse_program, read_operations
from assets.world.seeds import Seeds, is_dev_entity
from assets.world.tables import TableError
from assets.world.wordings import expand
from kgqa.graph.numbers import Numbers
from kgqa.graph.store import open_graph
from kgqa.programs.machine import ENDS, Machine, Program, Step, placed
from kgqa.programs.quantities import quantities_of

WORLD = OPERATIONS.parent
TOO_ALIKE = 88
SPLITS = ("train", "more", "dev")
MORE = 54_340
Row = dict[str, Any]


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return Numbers.of_graph(open_graph(WORLD / "graph.nt.gz"))


@pytest.fixture(scope="module")
def operations() -> dict[str, list[Operation]]:
    return {split: read_operations(split) for split in SPLITS}


def read(name: str) -> list[Row]:
    raw = (WORLD / name).read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if name.endswith(".gz") else raw).decode().splitlines()]


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return {split: read(f"operations.{split}.jsonl{'' if split == 'dev' else '.gz'}") for split in SPLITS}


@pytest.fixture(scope="module")
def strangers() -> dict[str, list[Row]]:
    return {
        split: read(f"operations.none.{split}.jsonl{'' if split == 'dev' else '.gz'}") for split in ("train", "dev")
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("value\tRiver count", "x:1: expected 3 tab-separated fields, found 2"),
        ("sums\tRiver count\thow many rivers?", "x:1: unknown kind 'sums'"),
        ("count\tStream count\thow many?", "x:1: unknown relation in 'Stream'"),
        ("count\t{a}:Stream flows_into count\thow many {a}?", "x:1: unknown class 'Stream' in"),
        ("count\tRiver largest:depth\tdeepest river", "x:1: unknown relation in 'largest:depth'"),
        ("count\tRiver largest:length_km:one\tlongest river", "x:1: no known word: 'largest:length_km:one'"),
        ("count\tRiver over:length_km:5\tover 5", "x:1: no known word: 'over:length_km:5'"),
        ("count\tRiver sideways:length_km\trivers", "x:1: no known word: 'sideways:length_km'"),
        ("count\tRiver #flows_into\trivers", "x:1: unknown relation in '#flows_into'"),
        ("count\tcount\thow many?", "x:1: 'count' lacks a set to work on"),
        ("count\tRiver meet\trivers", "x:1: 'meet' lacks a set to work on"),
        ("count\tRiver Lake\trivers", "x:1: 2 sets are left at the end"),
        ("count\tRiver count count\thow many?", "x:1: 'count' is not the end"),
        ("count\t{a}:Country borders count\thow many?", r"x:1: expected each of \['\{a\}'\] once in 'how many\?'"),
        ("count\tRiver over:length_km:{n}\trivers", r"x:1: expected each of \['\{n\}'\] once in 'rivers'"),
        ("count\tRiver count\thow many [rivers|streams?", "x:1: a bracket without its fellow"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse_line(line, "x:1")


def test_a_wording_stands_only_once_under_a_program(tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text("count\tRiver count\trivers?\ncount\tRiver count\t[how many|Rivers]\n")
    with pytest.raises(TableError, match=r"dev\.tsv:2: this text stands twice: 'Rivers'"):
        read_operations("dev", tmp_path)


def test_a_text_stands_for_each_choice_of_its_words() -> None:
    assert expand("[highest|tallest] [peak|] of {a}") == [
        "highest peak of {a}", "highest of {a}", "tallest peak of {a}", "tallest of {a}",
    ]  # fmt: skip


def test_a_program_gets_the_end_that_it_leaves_unsaid() -> None:
    words = parse_program("{a}:Country ~flows_through smallest:length_km:3")
    assert [(word.op, word.slot, word.relation, word.inverse, word.rank) for word in words] == [
        ("named", "a", "", False, 1),
        ("follow", "", "flows_through", True, 1),
        ("smallest", "", "length_km", False, 3),
        ("set", "", "", False, 1),
    ]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("{a}:Film population", "population is nothing of Film"),
        ("River largest:#length_km count count", "is not the end"),
        ("{a}:Country ~located_in_country count", "several classes have located_in_country: say which"),
        ("{a}:Film|Album release_year", "release_year is 2 relations of Album|Film"),
        ("River largest:flows_into", "flows_into is no number"),
        ("{a}:Country borders {b}:Film meet", "nothing is both"),
    ],
)
def test_what_the_graph_lacks_is_named(numbers: Numbers, program: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Binding(numbers).bind(parse_program(program))


def test_every_program_means_something_in_the_graph(numbers: Numbers, operations: dict[str, list[Operation]]) -> None:
    binding = Binding(numbers)
    for operation in chain(*operations.values()):
        bound = binding.bind(operation.words)
        assert bound[-1].step.op in ENDS, operation.place


def test_there_are_enough_and_of_every_kind(operations: dict[str, list[Operation]]) -> None:
    for split, most in (("train", 900), ("more", 13_000), ("dev", 330)):
        assert len(operations[split]) >= most
        assert {operation.kind for operation in operations[split]} == set(KINDS)


def test_dev_is_worded_unlike_train(operations: dict[str, list[Operation]]) -> None:
    train, more, dev = ([operation.masked for operation in operations[split]] for split in SPLITS)
    train += more
    likeness = process.cdist(dev, train, scorer=fuzz.token_sort_ratio, score_cutoff=TOO_ALIKE)
    alike = [(dev[row], train[column]) for row, column in zip(*likeness.nonzero(), strict=True)]
    assert alike == []


def test_what_dev_asks_train_asks_in_other_words(operations: dict[str, list[Operation]]) -> None:
    train, more, dev = (
        {(operation.kind, re.sub(":(more|less)$", "", operation.program)) for operation in operations[split]}
        for split in SPLITS
    )
    assert dev - train == set()
    assert more == train


def test_there_are_enough_questions_of_every_kind(rows: dict[str, list[Row]]) -> None:
    assert [len(rows[split]) for split in SPLITS] == [12_000, MORE, 1_300]
    for split, least in (("train", 800), ("more", 400), ("dev", 90)):
        kinds = Counter(row["slice"] for row in rows[split])
        assert set(kinds) == set(KINDS)
        assert min(kinds.values()) >= least


def test_no_text_is_asked_twice(rows: dict[str, list[Row]], questions: dict[str, list[Row]]) -> None:
    texts = [normalise(row["question"]) for split in rows.values() for row in split]
    assert len(texts) == len(set(texts))
    assert {normalise(row["question"]) for split in questions.values() for row in split} & set(texts) == set()


def test_mentions_name_the_entities(rows: dict[str, list[Row]]) -> None:
    for row in chain(*rows.values()):
        assert sorted(mention["entity"] for mention in row["mentions"]) == sorted(row["entities"])
        assert all(0 <= one["start"] < one["end"] <= len(row["question"]) for one in row["mentions"])


def test_training_never_asks_about_a_dev_entity(graph: Graph, rows: dict[str, list[Row]]) -> None:
    is_shared = Seeds(graph, True, Random(0)).is_shared
    asked = [node for split in ("train", "more") for row in rows[split] for node in row["entities"]]
    assert all(is_shared(node) or not is_dev_entity(node) for node in asked)
    for row in rows["dev"]:
        nodes = row["entities"]
        assert all(is_shared(node) or is_dev_entity(node) for node in nodes[:1])
        assert "-seen-" in row["id"] or all(is_dev_entity(node) and not is_shared(node) for node in nodes)


def test_answers_are_of_the_form_of_their_kind(graph: Graph, rows: dict[str, list[Row]]) -> None:
    for row in chain(*rows.values()):
        answers, kind = row["answers"], row["slice"]
        if kind == "yes-no":
            assert isinstance(answers[0], bool)
        elif kind in ("value", "count", "sum", "average", "difference"):
            assert type(answers[0]) in (int, float)
            assert answers[0] > 0 or (kind == "count" and answers == [0])
        elif not (answers and isinstance(answers[0], int | float)):
            assert all(node in graph.labels for node in answers)
            assert len(answers) <= MOST_ANSWERS
            assert answers or kind in ("superlative", "threshold")


def test_half_of_what_is_asked_is_so_and_little_is_nothing(rows: dict[str, list[Row]]) -> None:
    for split in rows.values():
        is_so = [row["answers"][0] for row in split if row["slice"] == "yes-no"]
        assert 0.4 < sum(is_so) / len(is_so) < 0.6
        found = [bool(row["answers"]) for row in split if row["slice"] in ("superlative", "threshold")]
        assert 0 < found.count(False) / len(found) < 0.04


def test_of_a_stranger_nothing_of_the_kind_is_known(graph: Graph, strangers: dict[str, list[Row]]) -> None:
    assert (len(strangers["train"]), len(strangers["dev"])) == (2_000, 216)
    for row in chain(*strangers.values()):
        (node,) = row["entities"]
        assert (row["answers"], row["slice"]) == ([], "stranger")
        assert graph.kinds[node] in STRANGERS | PEOPLE | ARTICLED or node in HEAVENLY
    texts = {split: {normalise(row["question"]) for row in own} for split, own in strangers.items()}
    assert len(texts["train"] | texts["dev"]) == 2_216


def test_nothing_of_the_kind_is_known_of_the_moon_either(strangers: dict[str, list[Row]]) -> None:
    moon = [row["question"] for row in strangers["train"] if row["entities"] == [HEAVENLY[0]]]
    assert len(moon) > 50
    assert sum(bool(re.search(r"\bthe (moon|luna)\b", text.lower())) for text in moon) > len(moon) / 2


def test_strangers_are_asked_by_the_same_seed(
    graph: Graph, numbers: Numbers, operations: dict[str, list[Operation]]
) -> None:
    some = [operation for operation in operations["dev"] if operation.kind in ("superlative", "threshold")]
    one, two = (list(Maker(graph, numbers, some, "dev", 3).strangers(20, set())) for _ in range(2))
    assert to_lines(one, "dev") == to_lines(two, "dev")
    for made in one:
        assert Machine(numbers).run(made.filled.program) == ()


@pytest.mark.parametrize("split", SPLITS)
def test_answers_are_what_the_machine_finds(
    numbers: Numbers, operations: dict[str, list[Operation]], rows: dict[str, list[Row]], split: str
) -> None:
    reader = Reader(numbers, operations[split])
    sample = Random(1).sample(rows[split], 300)
    read = [(row, found) for row in sample if (found := reader.denotations(row))]
    assert len(read) >= 0.75 * len(sample)  # the others are misspelt or qualified
    assert [row["question"] for row, found in read if row["answers"] not in found] == []


class Reader:
    """Reads the questions of a file by the templates, without what they were made from."""

    def __init__(self, numbers: Numbers, operations: list[Operation]) -> None:
        self.catalog, self.machine, self.binding = numbers.catalog, Machine(numbers), Binding(numbers)
        self.patterns = [(_pattern(operation.text), operation) for operation in operations]

    def denotations(self, row: Row) -> list[list[Any]]:
        """What the question comes to, by each template that it may be of."""
        text = row["question"]
        for mention in sorted(row["mentions"], key=lambda mention: -mention["start"]):
            slot = "ab"[row["entities"].index(mention["entity"])]
            text = f"{text[: mention['start']]}{{{slot}}}{text[mention['end'] :]}"
        matches = [(pattern.fullmatch(text), one) for pattern, one in self.patterns if one.kind == row["slice"]]
        return [
            self._denotation(one, row["entities"], match.groupdict())
            for match, one in matches
            if match and self._fits(one, row["entities"])
        ]

    def _fits(self, operation: Operation, entities: list[str]) -> bool:
        """Whether the entities are of the classes that the slots ask for."""
        named = [word for word in operation.words if word.op == "named"]
        numbers = self.machine.numbers
        return all(
            any(
                numbers.in_class[self.catalog.entity(entities["ab".index(word.slot)]), self.binding.class_number(kind)]
                for kind in word.kinds
            )
            for word in named
        )

    def _denotation(self, operation: Operation, entities: list[str], amounts: dict[str, str]) -> list[Any]:
        program: Program = ()
        for bound in self.binding.bind(operation.words):
            program += (placed(program, self._step(bound, entities, amounts)),)
        found = self.machine.run(program)
        if isinstance(found, tuple):
            return sorted((answer(self.catalog.entity_ids[entity]) for entity in found), key=str)
        return [found]

    def _step(self, bound: Bound, entities: list[str], amounts: dict[str, str]) -> Step:
        given = {**vars(bound.step)}
        if bound.step.op == "named":
            given["entities"] = (self.catalog.entity(entities["ab".index(bound.slot)]),)
        elif bound.slot:
            given["number"] = quantities_of(amounts[bound.slot])[0].number
        return Step(**given)


def _pattern(text: str) -> re.Pattern[str]:
    """What a template may look like in a question: with an article before a name, without its question mark."""
    pattern = re.escape(text)
    pattern = re.sub(r"\\\{([ab])\\\}", r"(?:the )?\\{\1\\}", pattern)
    pattern = re.sub(r"\\\{([nm])\\\}", r"(?P<\1>[\\w.,]+(?: [mb]illion)?)", pattern)
    return re.compile(pattern.replace(r"\?", r"\??"), re.IGNORECASE)


def test_the_same_seed_makes_the_same_questions_and_the_machine_agrees(
    graph: Graph, numbers: Numbers, operations: dict[str, list[Operation]]
) -> None:
    some = [operation for operation in operations["dev"] if operation.kind in ("sum", "negation", "nth", "comparison")]
    one, two = (Maker(graph, numbers, some, "dev", 3).make(60, set()) for _ in range(2))
    assert to_lines(one, "dev") == to_lines(two, "dev")
    for made in one:
        assert Machine(numbers).run(made.filled.program) == made.filled.denotation


def plain(graph: Graph, start: str, relation: str) -> dict[str, float]:
    """The numbers of what a step back leads to, by dictionaries alone."""
    table = graph.forward[relation]
    return {
        node: float(str(answer(table[node][0]))) for node in graph.backward["flows_through"][start] if node in table
    }


def test_the_longest_river_is_that_of_a_plain_walk(graph: Graph, numbers: Numbers) -> None:
    filling = Filling(graph, numbers, Seeds(graph, False, Random(0)), Random(0))
    bound = Binding(numbers).bind(parse_program("{a}:Country ~flows_through largest:length_km"))
    countries = [node for node in graph.members["Country"] if graph.backward["flows_through"].get(node)]
    for country in countries:
        steps = (Step("named", entities=(filling.number[country],)), *(one.step for one in bound[1:]))
        found = filling.machine.run(steps)
        lengths = plain(graph, country, "length_km")
        longest = {filling.number[node] for node, length in lengths.items() if length == max(lengths.values())}
        assert isinstance(found, tuple)
        assert set(found) == longest


def test_a_threshold_leaves_some_and_is_equal_to_none() -> None:
    values = [1.0, 12.0, 340.0, 4_100.0, 5_200.0, 77_000.0]
    for seed in range(40):
        number = threshold(values, True, 3, Scale(), Random(seed))
        assert number is not None
        assert number not in values
        assert 1 <= sum(value > number for value in values) <= 3


def test_counts_are_held_against_a_number_that_is_theirs() -> None:
    found = {threshold([1, 2, 2, 5, 9], True, 2, Scale(is_count=True), Random(seed)) for seed in range(20)}
    assert found <= {2.0, 5.0}


@pytest.mark.parametrize(
    ("low", "high", "number"),
    [(4_100, 5_200, 5_000), (17, 19, 18), (0.4, 3, 2), (940, 1_060, 1_000), (5, 6, None), (-8, -2, None)],
)
def test_the_roundest_number_between_two(low: float, high: float, number: float | None) -> None:
    assert roundest(low, high) == number


def test_a_number_beyond_all_is_not_far_off() -> None:
    assert beyond([3.0, 820.0], True, Scale(), Random(0)) in (1_000, 2_000)
    assert beyond([1_900.0, 1_950.0], False, Scale(is_year=True), Random(0)) is not None


def test_a_number_is_written_so_that_it_is_read_again() -> None:
    for seed in range(30):
        for number, scale in ((2_500_000.0, Scale()), (3.0, Scale(is_count=True)), (1969.0, Scale(is_year=True))):
            text = written(number, scale, Random(seed))
            assert [quantity.number for quantity in quantities_of(f"more than {text} of them")] == [number]


def test_figures_are_counted_without_the_noughts_at_the_end() -> None:
    assert [figures(number) for number in (5_000_000.0, 287_000.0, 12.5)] == [1, 3, 4]
