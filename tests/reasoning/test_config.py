"""The configuration of a model: what it refuses, and that each part can be switched off."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from kgqa.errors import ModelFormatError
from kgqa.graph.store import open_graph
from kgqa.reasoning.config import PARTS, ModelConfig
from kgqa.training.recipe import new_model
from kgqa.training.trainer import seed_everything
from tests.conftest import Trained

QUESTION = "who directed the movis starring Kay Nash"


def test_it_comes_back_from_disk(tmp_path: Path) -> None:
    config = ModelConfig(slots=3, without=("gate", "binding"))
    config.save(tmp_path / "config.json", version="1")
    assert ModelConfig.load(tmp_path / "config.json") == (config, {"version": "1"})


@pytest.mark.parametrize("wrong", [{"slots": 0}, {"trainable_layers": -1}, {"without": ("wheels",)}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ModelFormatError, match="config: "):
        replace(ModelConfig(), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_switched_off_takes_no_part(part: str, trained: Trained) -> None:
    found = []
    for without in ((), (part,)):
        seed_everything(0)
        model = new_model(ModelConfig(without=without), open_graph(trained.graph)).eval()
        torch.nn.init.normal_(model.ranker.described.wanted.weight)
        torch.nn.init.normal_(model.relations.forward_description.weight)
        torch.nn.init.normal_(model.relations.end.weight)
        with torch.inference_mode():
            found.append(model([QUESTION]).combined.to_dense())
    silent = part == "descriptions"  # the relations of the tests' films have none
    assert torch.allclose(*found, atol=1e-6) == silent
