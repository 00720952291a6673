"""The lookout: finds programs where walks do not do, and takes its questions from answers alone."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kgqa.graph.numbers import Numbers
from kgqa.graph.store import KnowledgeGraph, build_graph
from kgqa.linking.index import EntityIndex
from kgqa.programs.machine import Machine, Step
from kgqa.programs.space import Space
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.context import Said, referents
from kgqa.reasoning.offers import said
from kgqa.training import lookout as module
from kgqa.training import reader
from kgqa.training.lookout import TOGETHER, Asked, Lookout, wanted_of
from kgqa.training.questions import Question
from kgqa.training.reader import Words
from kgqa.training.recipe import new_model
from kgqa.training.walks import Walks
from tests import kingdom
from tests.kingdom import iri


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    path: Path = kingdom.write_graph(tmp_path_factory.mktemp("lookout") / "graph.ttl")
    return build_graph([path])[0]


@pytest.fixture
def lookout(graph: KnowledgeGraph) -> Lookout:
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    index = EntityIndex.build(graph.catalog, degrees, None)
    return Lookout(Space(Machine(Numbers.of_graph(graph))), index)


def asked(slice_: str) -> list[Question]:
    rows = [row for row in kingdom.questions(kingdom.STATES) if row["slice"] == slice_]
    return [Question(row["id"], row["question"], tuple(row["answers"]), slice=slice_) for row in rows]


def test_programs_are_needed_for_counts_and_not_for_capitals(graph: KnowledgeGraph, lookout: Lookout) -> None:
    model = new_model(ModelConfig(), graph)
    assert lookout.is_needed(model, asked("count"))
    assert not lookout.is_needed(model, asked("plain"))


def test_programs_are_needed_for_the_sum_of_what_was_said(graph: KnowledgeGraph, lookout: Lookout) -> None:
    model, cities = new_model(ModelConfig(), graph), kingdom.CITIES["Corvia"] | kingdom.CITIES["Kelda"]
    before = Question("c", "which cities did they see?", tuple(map(iri, cities)))
    people = Question("n", "how many live in them together?", (sum(cities.values()),))
    assert not lookout.is_needed(model, [people])
    assert lookout.is_needed(model, [replace(people, context=(before,))])


def test_of_few_questions_all_are_explained_and_a_walk_is_known_to_do(lookout: Lookout) -> None:
    capitals, counts = lookout.explain(asked("plain")), lookout.explain(asked("count"))
    assert all(each is not None and each.walked for each in capitals)
    assert all(each is not None and not each.walked for each in counts)


def test_of_many_questions_those_that_a_walk_explains_are_left(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", 5)
    assert lookout.explain(asked("plain")) == [None] * len(kingdom.STATES)
    assert None not in lookout.explain(asked("sum"))


def test_what_a_walk_answers_by_chance_is_explained_by_what_answers_those_worded_alike(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest city of some states is their capital; which is asked is told by the others."""
    monkeypatch.setattr(module, "FEW", 0)
    rows = [row for row in asked("superlative") if row.question.startswith("what is the largest city")]
    walked = [lookout.read(Asked(row), few=False).walked for row in rows]
    assert 0 < sum(walked) < len(rows) / 2
    ops = {tuple(step.op for step in each.programs[0]) for each in lookout.explain(rows) if each is not None}
    assert ops == {("named", "follow", "largest", "set")}
    assert None not in lookout.explain(rows)


def test_every_program_comes_to_the_answer(lookout: Lookout, graph: KnowledgeGraph) -> None:
    for kind in ("count", "sum", "yes-no", "negation", "superlative", "threshold"):
        for row, explained in zip(asked(kind), lookout.explain(asked(kind)), strict=True):
            assert explained is not None, row.question
            wanted = wanted_of(row, graph.catalog)
            expected = float(wanted[0]) if kind in ("count", "sum") else wanted  # type: ignore[index]
            found = {lookout.space.machine.run(program) for program in explained.programs}
            assert expected in found, row.question


def test_yes_and_no_read_both_names(lookout: Lookout) -> None:
    for explained in lookout.explain(asked("yes-no")):
        assert explained is not None
        for program in explained.programs:
            assert len({step.start for step in program if step.op == "named"}) == 2


def test_a_misspelt_name_is_found_where_nothing_else_is(lookout: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 0)
    count = len(kingdom.CITIES["Belmar"])
    (explained,) = lookout.explain([Question("1", "how many cities are in Bellmar?", (count,))])
    assert explained is not None
    named = {step.entities for program in explained.programs for step in program if step.op == "named"}
    assert named == {(lookout.catalog.entity(kingdom.iri("Belmar")),)}


def test_many_are_looked_for_side_by_side_with_the_same_result(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = asked("count") + asked("sum")
    alone = lookout.explain(rows)
    monkeypatch.setattr(module, "TOGETHER", 2)
    assert lookout.explain(rows) == alone


LARGE = 1_000_000  # so many numbers are compared by several threads


def sevens(number: int, few: bool) -> int:
    return int((torch.full((LARGE,), number) == 7).sum())


def test_those_that_look_do_not_wait_for_threads_that_they_do_not_have(lookout: Lookout) -> None:
    def too_long(*_: object) -> None:
        raise TimeoutError

    threads, before = torch.get_num_threads(), signal.signal(signal.SIGALRM, too_long)
    torch.set_num_threads(2)
    signal.alarm(60)
    try:
        assert sevens(7, few=True) == LARGE  # which starts the threads of this process
        counts = lookout._side_by_side(sevens, [7, 8] * TOGETHER, True, "counting", "number")
        assert list(counts) == [LARGE, 0] * TOGETHER
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [((True,), True), ((3, 1.5), (3.0, 1.5)), (("urn:k:nobody",), ()), ((), ())],
)
def test_answers_as_programs_give_them(graph: KnowledgeGraph, answers: tuple[object, ...], expected: object) -> None:
    assert wanted_of(Question("1", "?", answers), graph.catalog) == expected  # type: ignore[arg-type]


def test_what_was_said_before_is_started_from(lookout: Lookout) -> None:
    cities = [lookout.catalog.entity(kingdom.iri(city)) for city in kingdom.CITIES["Corvia"]]
    context = (Said("which cities are in Corvia?", (), tuple(cities)),)
    (explained,) = lookout.explain([Question("1", "how many are there?", (len(cities),))], [context])
    assert explained is not None
    place = next(n for n, each in enumerate(referents(context)) if each.role == "answers")
    assert (said(cities, place), Step("count")) in explained.programs
    (alone,) = lookout.explain([Question("1", "how many are there?", (len(cities),))])
    assert alone is None or all(program[0].op == "class" for program in alone.programs)


@pytest.fixture
def towns(tmp_path: Path) -> Lookout:
    """Than is a town, and Ulm, with a mill on the Danube; a drama is called just so."""
    path = tmp_path / "graph.ttl"
    path.write_text(
        "@prefix : <urn:x:> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        ':than rdfs:label "Than" ; :in :germany . :germany rdfs:label "Germany" . :in rdfs:label "in" .\n'
        ':mill rdfs:label "Ulm Mill" ; :on :danube . :danube rdfs:label "Danube" . :on rdfs:label "on" .\n'
        ':ulm rdfs:label "Ulm" ; :in :germany . :drama rdfs:label "drama" ; :in :germany .\n'
    )
    graph = build_graph([path])[0]
    degrees = graph.sparse.degree(torch.arange(graph.sparse.num_entities)).numpy()
    return Lookout(Space(Machine(Numbers.of_graph(graph))), EntityIndex.build(graph.catalog, degrees, None))


def test_a_common_word_in_small_letters_is_no_name(towns: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [Question(str(n), f"is number {n} more than that drama?", ()) for n in range(100)]
    questions += [Question("ulm", "is Ulm in Germany?", (True,)), Question("than", "is Than in Germany?", (True,))]
    monkeypatch.setattr(module, "FEW", 0)
    monkeypatch.setattr(reader, "OFTEN", 1.0)
    towns.explain(questions)
    named = [len(towns.reader.named(question)) for question in ("is Than in Germany?", "is ulm more than that?")]
    assert named == [2, 1]
    assert len(towns.reader.named("than and drama")) == 1, "in its place a word may be a name, but for what comes first"
    monkeypatch.setattr(reader, "OFTEN", 0.5)
    assert not towns.reader.named("it is a drama"), "nine of ten questions have the word"


@pytest.mark.parametrize(("answer", "name"), [("urn:x:germany", "Ulm"), ("urn:x:danube", "Ulm Mill")])
def test_a_name_in_a_longer_one_is_read_where_it_leads_to_the_answer(towns: Lookout, answer: str, name: str) -> None:
    (explained,) = towns.explain([Question("1", "where is Ulm Mill?", (answer,))])
    assert explained is not None
    assert {explained.question[program[0].start : program[0].end] for program in explained.programs} == {name}


def test_what_a_longer_name_is_in_one_question_it_is_in_others(towns: Lookout) -> None:
    where = Question("1", "where is Ulm Mill?", ("urn:x:germany",))
    count = Question("2", "how many countries is Ulm Mill in?", (1,))
    _, explained = towns.explain([where, count])
    assert explained is not None
    assert {explained.question[program[0].start : program[0].end] for program in explained.programs} == {"Ulm"}
    (alone,) = towns.explain([count])
    assert alone is not None
    assert {alone.question[program[0].start : program[0].end] for program in alone.programs} == {"Ulm Mill"}


def test_words_of_several_questions_are_not_misspelt() -> None:
    words = Words.of([Question(str(n), f"Number of cities, please, question{n}", ()) for n in range(10)])
    assert words.usual == {"number", "of", "cities", "please"}
    assert set(words.common) >= {"of", "cities", "please"}


def test_of_many_questions_those_whose_words_speak_for_a_walk_are_left(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many people live in a city is a value; that it could be the sum of some city's is by chance."""
    monkeypatch.setattr(module, "FEW", 5)
    monkeypatch.setattr(Walks, "lead", lambda *_: False)
    assert lookout.explain(asked("plain")) == [None] * len(kingdom.STATES)
