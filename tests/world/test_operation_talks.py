"""Operations on what was said: the notation is read strictly, dev is worded unlike train, and the answers are exact."""

import gzip
import json
import re
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rapidfuzz import fuzz, process

from assets.world.binding import Binding, Bound
from assets.world.follows import KINDS, Follow, parse_follow, parse_line, read_follows
from assets.world.graph import Graph, answer
from assets.world.make_operation_talks import MOST_SAID, OperationTalks, to_lines
from assets.world.operations import OPERATIONS
from assets.world.seeds import Seeds, is_dev_entity
from assets.world.tables import TableError
from kgqa.graph.numbers import Numbers
from kgqa.graph.store import open_graph
from kgqa.programs.machine import ENDS, Machine, Program, Step, placed
from kgqa.programs.quantities import quantities_of
from kgqa.reasoning.context import TURNS
from kgqa.training.questions import Question, read_questions

WORLD = OPERATIONS.parent
TOO_ALIKE = 88
FILES = {
    "train": "operation_talks.train.jsonl.gz",
    "more": "operation_talks.more.jsonl.gz",
    "dev": "operation_talks.dev.jsonl",
}


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return Numbers.of_graph(open_graph(WORLD / "graph.nt.gz"))


@pytest.fixture(scope="module")
def follows() -> dict[str, list[Follow]]:
    return {split: read_follows(split) for split in FILES}


@pytest.fixture(scope="module")
def talks() -> dict[str, list[list[Question]]]:
    """The conversations of each file."""
    found: dict[str, list[list[Question]]] = {}
    for split, name in FILES.items():
        by_name: dict[str, list[Question]] = defaultdict(list)
        for row in read_questions(WORLD / name):
            by_name[row.conversation].append(row)
        found[split] = list(by_name.values())
    return found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("count\tthese count", "x:1: expected 3 tab-separated fields, found 2"),
        ("value\tit:City population\thow many people?", "x:1: unknown kind 'value'"),
        ("count\tRiver count\thow many?", "x:1: expected `these` or `it`, and of the same classes wherever it stands"),
        ("sum\tthese:River it:River either sum:length_km\thow long?", "x:1: expected `these` or `it`, and of the same"),
        ("count\tthese:Stream count\thow many?", "x:1: unknown class 'Stream' in 'these:Stream count'"),
        ("count\tthem count\thow many?", "x:1: expected `these` or `it`"),
        ("count\tcount these\thow many?", "x:1: 'count' lacks a set to work on"),
        ("count\tthese these\thow many?", "x:1: 2 sets are left at the end"),
        ("yes-no\tit {a}:Stream meet any\tis it {a}?", "x:1: unknown class 'Stream' in"),
        ("yes-no\tthese {a}:same meet any\tis that so?", r"x:1: expected each of \['\{a\}'\] once in 'is that so\?'"),
        ("threshold\tthese:River over:length_km:{n}\twhich?", r"x:1: expected each of \['\{n\}'\] once in 'which\?'"),
        ("count\tthese count\thow many [are they?", "x:1: a bracket without its fellow"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        parse_line(line, "x:1")


def test_a_wording_stands_only_once_under_a_program(tmp_path: Path) -> None:
    (tmp_path / "follow.dev.tsv").write_text("count\tthese count\tcount them\ncount\tthese count\t[so|Count] them\n")
    with pytest.raises(TableError, match=r"follow\.dev\.tsv:2: this text stands twice: 'Count them'"):
        read_follows("dev", tmp_path)


def test_what_was_said_begins_a_program_and_takes_its_class() -> None:
    words = parse_follow("these {a}:same meet any", "River")
    assert [(word.op, word.slot, word.kinds) for word in words] == [
        ("named", "these", ("River",)), ("named", "a", ("River",)), ("meet", "", ()), ("any", "", ()),
    ]  # fmt: skip


def test_a_template_says_what_it_suits() -> None:
    (one,) = parse_line("which-of-two\tit:Lake|Island {a}:same either largest:area_km2\tthat or {a}?", "x:1")
    assert (one.is_many, one.classes) == (False, ("Lake", "Island"))
    assert one.suits("Island")
    assert not one.suits("River")
    (other,) = parse_line("count\tthese count\tso many?", "x:2")
    assert other.is_many
    assert other.suits("River")
    assert not other.suits("")


def test_every_program_means_something_in_the_graph(numbers: Numbers, follows: dict[str, list[Follow]]) -> None:
    binding = Binding(numbers)
    for follow in chain(*follows.values()):
        for class_ in follow.classes or ("Country", "Film"):
            assert binding.bind(follow.of(class_).words)[-1].step.op in ENDS, follow.place


def test_there_are_enough_templates_of_every_kind(follows: dict[str, list[Follow]]) -> None:
    for split, least in (("train", 260), ("more", 2_500), ("dev", 90)):
        assert len({follow.place for follow in follows[split]}) >= least
        assert {follow.kind for follow in follows[split]} == set(KINDS)


def test_dev_is_worded_unlike_train(follows: dict[str, list[Follow]]) -> None:
    train, more, dev = ([follow.masked for follow in follows[split]] for split in FILES)
    likeness = process.cdist(dev, train + more, scorer=fuzz.token_sort_ratio, score_cutoff=TOO_ALIKE)
    assert [dev[row] for row in likeness.nonzero()[0]] == []


def test_what_dev_asks_train_asks_in_other_words(follows: dict[str, list[Follow]]) -> None:
    train, more, dev = (
        {(follow.kind, re.sub(":(more|less)$", "", follow.program)) for follow in follows[split]} for split in FILES
    )
    assert dev - train == set()
    assert more == train


def test_there_are_enough_turns_of_every_kind(talks: dict[str, list[list[Question]]]) -> None:
    for split, turns, least in (("train", 2_900, 100), ("more", 2_200, 90), ("dev", 320, 10)):
        kinds = Counter(row.slice for talk in talks[split] for row in talk)
        assert kinds.total() >= turns
        assert set(kinds) == {"opening", "it", *KINDS}
        assert min(kinds[kind] for kind in KINDS) >= least


def test_a_conversation_opens_and_goes_on_with_an_operation(talks: dict[str, list[list[Question]]]) -> None:
    for talk in chain(*talks.values()):
        assert [row.slice == "opening" for row in talk] == [True] + [False] * (len(talk) - 1)
        assert len(talk) > 1
        assert talk[1].slice in KINDS


def test_answers_are_of_the_form_of_their_kind(graph: Graph, talks: dict[str, list[list[Question]]]) -> None:
    for row in (row for split in talks.values() for talk in split for row in talk[1:]):
        assert row.answers
        if row.slice == "yes-no":
            assert isinstance(row.answers[0], bool)
        elif row.slice in ("count", "sum", "average", "difference"):
            (number,) = row.answers
            assert type(number) in (int, float)
            assert float(number) > 0
        elif row.slice != "it" and isinstance(row.answers[0], str):
            assert all(node in graph.labels for node in row.answers)


def test_half_of_what_is_asked_is_so(talks: dict[str, list[list[Question]]]) -> None:
    for split in talks.values():
        is_so = [row.answers == (True,) for talk in split for row in talk if row.slice == "yes-no"]
        assert 0.4 < sum(is_so) / len(is_so) < 0.6


def test_training_never_asks_about_a_dev_entity(graph: Graph, talks: dict[str, list[list[Question]]]) -> None:
    is_shared = Seeds(graph, True, Random(0)).is_shared
    trained = talks["train"] + talks["more"]
    named = [node for talk in trained for row in talk for node in row.entities if node in graph.kinds]
    assert named
    assert [node for node in named if is_dev_entity(node) and not is_shared(node)] == []


def test_mentions_name_the_entities(talks: dict[str, list[list[Question]]]) -> None:
    for row in (row for split in talks.values() for talk in split for row in talk):
        assert sorted(entity for _, _, entity in row.mentions) == sorted(row.entities)
        assert all(0 <= start < end <= len(row.question) for start, end, _ in row.mentions)


@pytest.mark.parametrize("split", FILES)
def test_answers_are_what_the_machine_finds(
    graph: Graph,
    numbers: Numbers,
    follows: dict[str, list[Follow]],
    talks: dict[str, list[list[Question]]],
    split: str,
) -> None:
    reader = Reader(graph, numbers, follows[split])
    asked = [row for talk in talks[split] for row in talk if row.slice in KINDS]
    sample = Random(1).sample(asked, 150)
    read = [(row, found) for row in sample if (found := reader.denotations(row))]
    assert len(read) >= 0.75 * len(sample)  # the others are misspelt or qualified
    assert [row.question for row, found in read if list(row.answers) not in found] == []


class Reader:
    """Reads the turns of a file by the templates and the rows before them, without what they were made from."""

    def __init__(self, graph: Graph, numbers: Numbers, follows: list[Follow]) -> None:
        self.graph, self.catalog = graph, numbers.catalog
        self.machine, self.binding = Machine(numbers), Binding(numbers)
        self.patterns = [(_pattern(follow.text), follow) for follow in follows]

    def denotations(self, row: Question) -> list[list[Any]]:
        """What a turn comes to, by each template that it may be of."""
        text = row.question
        for start, end, _ in sorted(row.mentions, reverse=True):
            text = f"{text[:start]}{{a}}{text[end:]}"
        matches = [(pattern.fullmatch(text), one) for pattern, one in self.patterns if one.kind == row.slice]
        return [
            self._denotation(one, class_, said, row, match.groupdict())
            for match, one in matches
            for said in self._said(row, one.is_many)
            if match and one.suits(class_ := self.graph.kinds[said[0]])
        ]

    def _said(self, row: Question, is_many: bool) -> list[list[str]]:
        """What the turns before were answered with or, if that was one number, what they named."""
        groups = []
        for before in row.context[: TURNS if is_many else 1]:
            nodes = [str(one) for one in before.answers if one in self.graph.kinds]
            groups.append(nodes or [node for node in before.entities if node in self.graph.kinds])
        fitting = [group for group in groups if (1 < len(group) <= MOST_SAID if is_many else len(group) == 1)]
        return fitting[:1]

    def _denotation(
        self, follow: Follow, class_: str, said: list[str], row: Question, amounts: dict[str, str]
    ) -> list[Any]:
        given = {"a": row.entities, "these": said, "it": said}
        program: Program = ()
        for bound in self.binding.bind(follow.of(class_).words):
            program += (placed(program, self._step(bound, given, amounts)),)
        found = self.machine.run(program)
        if isinstance(found, tuple):
            return sorted((answer(self.catalog.entity_ids[entity]) for entity in found), key=str)
        return [found]

    def _step(self, bound: Bound, given: dict[str, Any], amounts: dict[str, str]) -> Step:
        fields = {**vars(bound.step)}
        if bound.step.op == "named":
            fields["entities"] = tuple(self.catalog.entity(node) for node in given[bound.slot])
        elif bound.slot:
            fields["number"] = quantities_of(amounts[bound.slot])[0].number
        return Step(**fields)


def _pattern(text: str) -> re.Pattern[str]:
    """What a template may look like in a question: with an article before a name, without its question mark."""
    pattern = re.escape(text)
    pattern = re.sub(r"\\\{a\\\}", r"(?:the )?\\{a\\}", pattern)
    pattern = re.sub(r"\\\{([nm])\\\}", r"(?P<\1>[\\w.,]+(?: [mb]illion)?)", pattern)
    return re.compile(pattern.replace(r"\?", r"\??"), re.IGNORECASE)


def test_the_same_seed_makes_the_same_conversations(graph: Graph, numbers: Numbers) -> None:
    one, two = (to_lines(OperationTalks(graph, numbers.catalog, numbers, "dev", 3).make(12), "dev") for _ in range(2))
    assert one == two
    assert all(json.loads(line)["answers"] for line in one)


def test_the_training_file_is_packed_without_a_date() -> None:
    packed = (WORLD / FILES["train"]).read_bytes()
    assert packed[4:8] == bytes(4)
    assert gzip.decompress(packed).startswith(b'{"id": "world-operation-talk-train-0-0"')
