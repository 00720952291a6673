"""Starting from a trained model: the same parts are taken over, on the same graph and on another."""

from pathlib import Path

import numpy as np
import pytest
import torch

from kgqa.cli import main
from kgqa.errors import InputError, ModelFormatError
from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.pretrained import from_pretrained, trained_state
from kgqa.reasoning.relations import CORRECTION
from kgqa.training.recipe import Recipe, new_model, train
from kgqa.training.start import blend, kept_index, moved, start_from
from kgqa.training.trainer import TrainingArguments
from tests.conftest import Trained


def test_a_started_model_is_the_trained_one(trained: Trained) -> None:
    model = new_model(ModelConfig(), open_graph(trained.graph))
    start_from(model, trained.directory)
    for name, value in trained_state(from_pretrained(trained.directory).model).items():
        assert torch.equal(trained_state(model)[name], value), name


def test_what_has_grown_keeps_its_own_beginning(trained: Trained) -> None:
    model = new_model(ModelConfig(max_hops=4), open_graph(trained.graph))
    last = model.planner.hop[3].detach().clone()
    start_from(model, trained.directory)
    known = trained_state(from_pretrained(trained.directory).model)["planner.hop"]
    assert torch.equal(model.planner.hop[:3].detach(), known)
    assert torch.equal(model.planner.hop[3].detach(), last)


def test_fewer_trainable_layers_are_refused(trained: Trained) -> None:
    model = new_model(ModelConfig(trainable_layers=1), open_graph(trained.graph))
    with pytest.raises(InputError, match="trainable-layers"):
        start_from(model, trained.directory)


def test_relations_are_found_again_by_id_and_label(trained: Trained, tmp_path: Path) -> None:
    old = open_graph(trained.graph).catalog
    (tmp_path / "graph.tsv").write_text("Jaws\tstarring\tDora Finch\nJaws\tcolour\tred\n", encoding="utf-8")
    new = open_graph(tmp_path / "graph.tsv").catalog
    correction = torch.arange(2.0 * len(old.relation_ids)).unsqueeze(1)
    found = moved(correction, old, new)
    starring, source = (list(one.relation_labels).index("starring") for one in (new, old))
    assert found[2 * starring : 2 * starring + 2].equal(correction[2 * source : 2 * source + 2])
    assert found[2 * (1 - starring) :][:2].abs().sum() == 0


def test_the_index_is_kept_for_the_same_names_only(trained: Trained, tmp_path: Path) -> None:
    encoder = NameEncoder.from_pretrained()
    kept = kept_index(trained.directory, open_graph(trained.graph), encoder)
    assert kept is not None
    assert len(kept) == len(from_pretrained(trained.directory).index)
    (tmp_path / "graph.tsv").write_text("Jaws\tstarring\tDora Finch\n", encoding="utf-8")
    assert kept_index(trained.directory, open_graph(tmp_path / "graph.tsv"), encoder) is None


def test_training_goes_on_from_it(trained: Trained, tmp_path: Path) -> None:
    arguments = TrainingArguments(epochs=0.01, batch_size=8, rate=1e-9, encoder_rate=1e-9, seed=1)
    recipe = Recipe(trained.graph, tmp_path / "more", (trained.questions,), (trained.dev,), training=arguments)
    untrained = train(recipe)
    started = train(Recipe(**{**vars(recipe), "out": tmp_path / "started", "start": trained.directory}))
    assert started["hits@1"] > untrained["hits@1"] + 20
    assert KnowledgeGraph.load(tmp_path / "started" / "graph").sparse.num_triples > 0
    assert np.isfinite(trained_state(from_pretrained(tmp_path / "started").model)[CORRECTION].numpy()).all()


def test_a_start_that_is_no_model_is_refused(trained: Trained, tmp_path: Path) -> None:
    recipe = Recipe(trained.graph, tmp_path / "out", (trained.questions,), (trained.dev,), start=tmp_path / "nothing")
    with pytest.raises(ModelFormatError, match="nothing"):
        train(recipe)


def test_a_share_of_what_it_began_with_is_kept(trained: Trained) -> None:
    began, model = (new_model(ModelConfig(), open_graph(trained.graph)) for _ in range(2))
    start_from(model, trained.directory)
    before, after = trained_state(began), trained_state(model)
    blend(model, before, 0.25)
    for name, value in trained_state(model).items():
        assert torch.allclose(value, 0.25 * before[name] + 0.75 * after[name], atol=1e-6), name
    began.load_state_dict(model.state_dict())
    blend(model, before, 0.0)
    assert all(torch.equal(value, trained_state(began)[name]) for name, value in trained_state(model).items())


@pytest.mark.parametrize("keep", ["1.5 --start m", "0.5", "-1 --start m"])
def test_a_share_without_sense_is_refused(keep: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--graph", "g", "--questions", "q", "--out", "m", "--keep", *keep.split()]) == 2
    assert "--keep" in capsys.readouterr().err


@pytest.mark.parametrize("rest", [[], ["--start", "m", "--keep", "0.5"]])
def test_conversations_alone_need_a_model_to_leave_as_it_was(
    rest: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--graph", "g", "--questions", "q", "--out", "n", "--only-conversations", *rest]) == 2
    assert "--only-conversations leaves all else as it was: give --start, and no --keep" in capsys.readouterr().err
