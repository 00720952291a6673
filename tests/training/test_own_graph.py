"""A model for graph files: made once, found again, and nothing left where the files are bad."""

import gzip
from pathlib import Path

import pytest

from kgqa.errors import GraphFormatError, InputError
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training import recipe
from kgqa.training.own_graph import OwnGraph
from tests import cinema

pytestmark = pytest.mark.slow


def split_graph(place: Path) -> tuple[Path, Path]:
    """The tests' graph in two files, one of them packed."""
    rows = ["\t".join(row) + "\n" for row in cinema.triples()]
    first, second = place / "films.tsv", place / "more.tsv.gz"
    first.write_text("".join(rows[::2]), encoding="utf-8")
    second.write_bytes(gzip.compress("".join(rows[1::2]).encode()))
    return first, second


def test_a_model_is_made_of_several_files_and_found_again(trained_model: Path, tmp_path: Path) -> None:
    own = OwnGraph(split_graph(tmp_path), trained_model, tmp_path / "cache")
    steps: list[str] = []
    directory = own.model(steps.append)
    assert steps == ["Reading films.tsv, more.tsv.gz", "Putting the trained model onto the graph"]
    answerer = from_pretrained(directory)
    assert answerer.graph.sparse.num_triples == len(set(cinema.triples()))
    assert 0 < len(answerer.examples) <= recipe.EXAMPLES
    assert [path.name for path in own.place.iterdir()] == ["model"]
    card = (directory / "README.md").read_text()
    assert "python app.py --graph films.tsv more.tsv.gz" in card
    assert "`films.graph`" in card
    assert (own.model(steps.append), len(steps)) == (directory, 2)

    weights = directory / "model.safetensors"  # a damaged model is made again
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    assert (own.model(steps.append), len(steps)) == (directory, 4)
    assert weights.read_bytes() == whole


def test_other_contents_another_way_or_another_parent_is_another_model(trained_model: Path, tmp_path: Path) -> None:
    file = cinema.write_graph(tmp_path / "films.tsv")
    same = cinema.write_graph(tmp_path / "copy.tsv")
    one = OwnGraph((file,), trained_model, tmp_path)
    assert OwnGraph((same,), trained_model, tmp_path).place == one.place
    assert OwnGraph((file,), trained_model, tmp_path, trained=True).place != one.place
    assert OwnGraph((file, same), trained_model, tmp_path).place != one.place
    file.write_text(file.read_text() + "Jaws\tstarring\tKay Nash\n")
    assert OwnGraph((file,), trained_model, tmp_path).place != OwnGraph((same,), trained_model, tmp_path).place


def test_a_bad_file_is_named_with_its_line_and_nothing_is_left(trained_model: Path, tmp_path: Path) -> None:
    good = cinema.write_graph(tmp_path / "films.tsv")
    bad = tmp_path / "bad.tsv"
    bad.write_text("Jaws\tdirected by\tAna Sol\nonly one field\n")
    with pytest.raises(GraphFormatError, match=r"bad\.tsv:2: expected 3"):
        OwnGraph((good, bad), trained_model, tmp_path / "cache").model(print)
    assert list((tmp_path / "cache").glob("*")) == []


def test_a_cache_that_cannot_be_written_is_named(trained_model: Path, tmp_path: Path) -> None:
    own = OwnGraph((cinema.write_graph(tmp_path / "films.tsv"),), trained_model, tmp_path / "films.tsv")
    with pytest.raises(InputError, match="set KGQA_CACHE"):
        own.model(print)


def test_training_goes_on_from_the_parent_with_questions_made_from_the_graph(
    trained_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "SYNTHETIC", 128)
    monkeypatch.setattr(recipe, "SYNTHETIC_DEV", 32)
    own = OwnGraph((cinema.write_graph(tmp_path / "films.tsv"),), trained_model, tmp_path / "cache", trained=True)
    steps: list[str] = []
    directory = own.model(steps.append)
    assert steps[-1] == "Training on questions made from the graph"
    assert "128 from `model.questions.jsonl`" in (directory / "README.md").read_text()
    assert from_pretrained(directory).examples
