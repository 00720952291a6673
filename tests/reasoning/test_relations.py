"""Relation vectors: a relation that has other names is called by them while training, and never afterwards."""

from pathlib import Path

import pytest
import torch

from kgqa.graph.store import build_graph
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.relations import UNTOLD, VARIED, RelationVectors
from kgqa.training.recipe import new_model

TIMES = 400


@pytest.fixture
def relations() -> RelationVectors:
    """Two relations, of which the second has three other names."""
    torch.manual_seed(0)
    labels, descriptions = torch.eye(8)[:2], torch.eye(8)[2:4]
    found = RelationVectors(labels, descriptions, torch.zeros(4, 8), width=5)
    found.know([labels[:0], torch.eye(8)[4:7]])
    torch.nn.init.normal_(found.forward_description.weight)
    return found


def called(relations: RelationVectors, relation: int) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """What a relation is called and described as, each time that it is asked."""
    found = [relations._varied() for _ in range(TIMES)]
    return [(tuple(labels[relation].tolist()), tuple(told[relation].tolist())) for labels, told in found]


def test_names_change_while_training_alone(relations: RelationVectors) -> None:
    relations.train()
    torch.manual_seed(1)
    vectors = torch.stack([relations() for _ in range(20)])
    assert (vectors[:, :2] == vectors[0, :2]).all()
    assert len({tuple(row.tolist()) for row in vectors[:, 2].detach()}) > 3
    relations.eval()
    assert torch.equal(relations(), relations())


def test_every_name_comes_up_in_its_share(relations: RelationVectors) -> None:
    found = called(relations, 1)
    names = [tuple(row) for row in torch.eye(8)[[1, 4, 5, 6]].tolist()]
    shares = [sum(name == each for each, _ in found) / TIMES for name in names]
    assert shares == pytest.approx([1 - VARIED, *[VARIED / 3] * 3], abs=0.08)


def test_some_are_described_by_nothing_but_their_other_name(relations: RelationVectors) -> None:
    found = called(relations, 1)
    untold = sum(name == told for name, told in found)
    assert untold / TIMES == pytest.approx(VARIED * UNTOLD, abs=0.08)
    assert {told for name, told in found if name != told} == {tuple(torch.eye(8)[3].tolist())}


def test_one_without_other_names_keeps_its_own(relations: RelationVectors) -> None:
    assert len(set(called(relations, 0))) == 1


def test_a_model_knows_the_other_names_of_its_graph(tmp_path: Path) -> None:
    (tmp_path / "films.ttl").write_text(
        "@prefix : <urn:x:> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . "
        ':big rdfs:label "Big" ; :by :penny ; :in :usa . :penny rdfs:label "Penny" . :usa rdfs:label "USA" . '
        ':in rdfs:label "country" . :by rdfs:label "directed by" ; skos:altLabel "director", "film director" .'
    )
    model = new_model(ModelConfig(), build_graph([tmp_path / "films.ttl"])[0])
    assert len(model.relations.others) == 0
    model.know_other_names()
    counts = dict(zip(model.graph.catalog.relation_labels, model.relations.count.tolist(), strict=True))
    assert counts == {"directed by": 2, "country": 0}
    told = torch.from_numpy(model.names.encode(["director", "film director"]))
    assert torch.allclose(model.relations.others, told)


def test_a_graph_may_have_no_relations() -> None:
    assert RelationVectors(torch.zeros(0, 8), torch.zeros(0, 8), torch.zeros(0, 8), width=5)().shape == (0, 5)
