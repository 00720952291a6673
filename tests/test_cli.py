"""The command line: what it prints, and how it ends."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kgqa.cli import main
from kgqa.training import recipe
from kgqa.training.questions import read_questions
from tests import cinema
from tests.conftest import Trained

pytestmark = pytest.mark.slow


def test_build_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = cinema.write_graph(tmp_path / "films.tsv")
    assert main(["build", str(graph), "--out", str(tmp_path / "graph")]) == 0
    assert "5 relations" in capsys.readouterr().out
    assert (tmp_path / "graph" / "manifest.json").is_file()


def test_a_malformed_line_is_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = cinema.write_graph(tmp_path / "films.tsv")
    graph.write_text(graph.read_text() + "only one field\n")
    line = len(graph.read_text().splitlines())
    assert main(["build", str(graph), "--out", str(tmp_path / "graph")]) == 2
    assert f"{graph}:{line}: " in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["films.tsv"]
    assert main(["build", str(graph), "--out", str(tmp_path / "graph"), "--skip-bad-lines"]) == 0
    assert "1 bad lines skipped" in capsys.readouterr().out


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path / "absent.nt"), "--out", str(tmp_path / "graph")]) == 2
    assert "absent.nt: no such file" in capsys.readouterr().err


def test_ask_prints_the_answer(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "who directed Jaws?", "--model", str(trained.directory)]) == 0
    assert "Ana Sol" in capsys.readouterr().out


def test_ask_reads_questions_from_standard_input(
    trained: Trained, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("who directed Jaws?\n\nfilms starring Fay Moss\n"))
    assert main(["ask", "-", "--model", str(trained.directory), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [{answer["label"] for answer in row["answers"]} for row in rows] == [
        {"Ana Sol"},
        {"Night Train", "Red Desert"},
    ]
    assert {"question", "kind", "answers", "value", "confidence", "abstained", "why", "links", "paths", "facts",
            "timings_ms"} <= rows[0].keys()  # fmt: skip


def test_an_empty_question_is_refused(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "  ", "--model", str(trained.directory)]) == 2
    assert capsys.readouterr().err.startswith("kgqa: ")


@pytest.mark.parametrize("mode", ["linked", "gold-span", "gold"])
def test_evaluate_prints_the_contract(trained: Trained, capsys: pytest.CaptureFixture[str], mode: str) -> None:
    arguments = ["--model", str(trained.directory), "--questions", str(trained.dev), "--entities", mode, "--json"]
    assert main(["evaluate", *arguments]) == 0
    figures = json.loads(capsys.readouterr().out)
    contract = {"n", "hits@1", "f1", "exact", "entity_accuracy", "slices", "latency_ms"}
    assert figures.keys() == contract | {"shortlist", "faults"}
    assert figures["latency_ms"].keys() == {"p50", "p95"}
    assert figures["slices"]["year"].keys() == {"n", "hits@1", "f1", "exact"}
    if mode == "linked":
        assert figures["hits@1"] == trained.figures["hits@1"]


def test_the_ladder_has_every_rung_and_whose_the_errors_are(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", str(trained.directory), "--questions", str(trained.dev), "--entities", "ladder"]
    assert main(["evaluate", *arguments, "--json"]) == 0
    rungs = json.loads(capsys.readouterr().out)
    assert list(rungs) == ["gold", "gold-span", "linked"]
    assert rungs["linked"]["shortlist"]["recall"] == 100
    for figures in rungs.values():
        missed = round(figures["n"] * (1 - figures["hits@1"] / 100))
        assert sum(figures["faults"].values()) == missed
    assert main(["evaluate", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["entities", "gold", "gold-span", "linked"]


def test_train_refuses_a_bad_question_file(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"question": "who?"}\n')
    arguments = ["--graph", str(trained.graph), "--questions", str(bad), "--dev", str(trained.dev)]
    assert main(["train", *arguments, "--out", str(tmp_path / "model")]) == 2
    assert f"{bad}:1: " in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_synthesise_writes_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, out = cinema.write_graph(tmp_path / "films.tsv"), tmp_path / "made.jsonl"
    command = ["synthesise", "--graph", str(graph), "--out", str(out), "--count", "50"]
    assert main(command) == 0
    assert f"{out}: 50 questions" in capsys.readouterr().out
    assert len(read_questions(out)) == 50
    assert main([*command[:-1], "0"]) == 2
    assert "--count 0: at least one question" in capsys.readouterr().err


def test_a_graph_is_enough_to_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "SYNTHETIC", 512)
    monkeypatch.setattr(recipe, "SYNTHETIC_DEV", 200)
    graph, model = cinema.write_graph(tmp_path / "films.tsv"), tmp_path / "model"
    assert main(["train", "--graph", str(graph), "--out", str(model), "--epochs", "0.5"]) == 0
    card = (model / "README.md").read_text()
    assert "model.questions.jsonl" in card
    assert "model.dev.jsonl" in card
    asked, held_out = (read_questions(tmp_path / f"model.{name}.jsonl") for name in ("questions", "dev"))
    assert len(asked) > len(held_out) > 100
    assert not {row.question for row in asked} & {row.question for row in held_out}
    capsys.readouterr()
    assert main(["evaluate", "--model", str(model), "--questions", str(tmp_path / "model.dev.jsonl"), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["slices"]) >= {"1-hop", "2-hop", "2 entities", "unanswerable"}


def test_attach_answers_on_another_graph(trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, out = tmp_path / "plays.tsv", tmp_path / "attached"
    lines = [
        f"{play}\tdirected by\t{person}" for play, person in (("Moon Dance", "Ivo Tarn"), ("Glass Hill", "Uma Rey"))
    ]
    graph.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["attach", "--model", str(trained.directory), "--graph", str(graph), "--out", str(out)]) == 0
    capsys.readouterr()
    assert main(["ask", "who directed Moon Dance?", "--model", str(out)]) == 0
    assert "Ivo Tarn" in capsys.readouterr().out
    assert "without any training on it" in (out / "README.md").read_text()


def test_bench_refuses_sizes_that_are_no_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "follow", "--triples", "many"]) == 2
    assert "'many'" in capsys.readouterr().err


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "kgqa", "--help"], capture_output=True, text=True, check=True)
    for verb in ("build", "train", "evaluate", "ask", "bench"):
        assert verb in done.stdout


def test_facts_are_added_and_taken_away(trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = Path(shutil.copytree(trained.directory, tmp_path / "model"))
    file = tmp_path / "more.tsv"
    file.write_text("Silver Lining\tdirected by\tVera Holm\nSilver Lining\tshot in\tLund\n", encoding="utf-8")
    assert main(["facts", "add", "--model", str(model), "--file", str(file)]) == 0
    assert "2 added, 0 removed; 3 new entities or values, 1 new relations" in capsys.readouterr().out
    fact = ["--fact", "Silver Lining", "shot in", "Lund"]
    assert main(["facts", "remove", "--model", str(model), *fact]) == 0
    assert "0 added, 1 removed" in capsys.readouterr().out
    assert main(["facts", "remove", "--model", str(model), *fact]) == 2
    assert "the graph does not state" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "--fact", "Jaws", " ", "Ana Sol"], "must not be empty"),
        (["add", "--entity", "Jaws"], "--entity goes with remove"),
        (["add"], "nothing to do"),
        (["add", "--file", "nowhere.tsv"], "nowhere.tsv: no such file"),
    ],
)
def test_facts_say_what_is_wrong(
    arguments: list[str], message: str, trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["facts", *arguments, "--model", str(trained.directory)]) == 2
    assert message in capsys.readouterr().err
