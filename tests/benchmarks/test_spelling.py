"""Names spelt in other ways: what is changed, what is not, and that the bench notices a cost."""

import json
import random

import pytest

from benchmarks.spelling import SPELLINGS, TARGETS, respelt, run
from kgqa.cli import main
from kgqa.config import ROOT
from kgqa.errors import InputError
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.questions import Question, read_questions
from tests.conftest import Trained

ASKED = Question("1", "Did Zoë Ray meet The Who?", ("x",), ("a", "b"), ((4, 11, "a"), (17, 24, "b")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lower_case", "Did zoë ray meet the who?"),
        ("no_accents", "Did Zoe Ray meet The Who?"),
        ("the", "Did the Zoë Ray meet The Who?"),
        ("possessive", "Did Zoë Ray's meet The Who's?"),
        ("plural", "Did Zoë Rays meet The Whos?"),
    ],
)
def test_only_the_mentions_change(name: str, text: str) -> None:
    new = respelt(ASKED, lambda mention: SPELLINGS[name](mention, random.Random(0)))
    assert new.question == text
    assert (new.answers, new.entities) == (ASKED.answers, ASKED.entities)
    for (start, end, _), (old_start, old_end, _) in zip(new.mentions, ASKED.mentions, strict=True):
        assert SPELLINGS[name](ASKED.question[old_start:old_end], random.Random(0)) == new.question[start:end]


def test_every_target_is_measured() -> None:
    assert SPELLINGS.keys() == TARGETS.keys()


def test_the_bench_prints_what_each_spelling_costs(
    trained: Trained, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in read_questions(trained.dev) if row.slice in ("year", "films")]
    named = []
    for row in rows:
        (name,) = row.entities
        start = row.question.index(name)
        named.append(Question(f"{row.id} {name}", row.question, row.answers, (), ((start, start + len(name), name),)))
    path = tmp_path_factory.mktemp("spelling") / "named.jsonl"
    path.write_text("".join(row.to_line() for row in named), encoding="utf-8")
    command = ["bench", "spelling", "--model", str(trained.directory), "--questions", str(path)]
    assert main([*command, "--count", "12", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    ways = printed["ways"]
    assert ways.keys() == TARGETS.keys()
    assert ways["lower_case"]["n"] == 12
    assert ways["lower_case"]["cost"] == 0
    assert printed["names_inside"]["n"] == 0  # no name of the tests' films holds another
    for row in ways.values():
        assert row["cost"] == pytest.approx(row["as_it_is"] - row["hits@1"], abs=0.02)
    assert main([*command, "--count", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split("\t") == ["spelling", "n", "as_it_is", "hits@1", "cost"]


def test_without_mentions_there_is_nothing_to_spell(trained: Trained) -> None:
    with pytest.raises(InputError, match="mentions"):
        run(from_pretrained(trained.directory), [Question("1", "who?", ("x",))], 3, 0)


def test_names_inside_names_are_counted_by_themselves() -> None:
    answerer = from_pretrained(ROOT / "assets" / "world" / "model")
    catalog = answerer.graph.catalog
    place = next(e for e in answerer.index.exact(["New York City"])[0] if catalog.labels[e] == "New York City")
    city, peru = catalog.entity_ids[place], catalog.entity_ids[answerer.index.exact(["Peru"])[0][0]]
    asked = [
        Question("1", "what country is New York City in?", ("x",), (city,), ((16, 29, city),)),
        Question("2", "what is the capital of Peru?", ("x",), (peru,), ((23, 27, peru),)),
    ]
    found = run(answerer, asked, 2, 0)["names_inside"]
    assert (found["n"], found["entity_accuracy"]) == (1, 100.0)
