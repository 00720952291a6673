"""Answer fit: against plain loops, open before training, and learned from answers."""

import math
from pathlib import Path

import torch

from kgqa.graph.frontier import Frontier
from kgqa.graph.kinds import Kinds
from kgqa.reasoning.fit import LEAST_FIT, OPEN, AnswerFit
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import from_pretrained
from tests.graph.small import sparse, with_inverses

WORLD = Path(__file__).parents[2] / "assets" / "world" / "model"
TRIPLES = [(0, 0, 1), (2, 0, 1), (2, 1, 3)]
GRAPH = sparse(TRIPLES, 5, 2)


def read(fit: AnswerFit) -> torch.Tensor:
    torch.manual_seed(1)
    states = torch.randn(2, 3, 8)
    fits: torch.Tensor = fit(states, torch.ones(2, 3), states.mean(1), torch.randn(4, 6))
    return fits


def test_fit_is_the_sigmoid_of_the_mean_match() -> None:
    torch.manual_seed(0)
    fit = AnswerFit(Kinds.of_graph(GRAPH), 8, 6)
    fits = read(fit)
    frontier = Frontier.from_dense(torch.ones(2, 5))
    found = fit.of(fits, frontier).view(2, 5)
    torch.manual_seed(1)
    states, relations = torch.randn(2, 3, 8), torch.randn(4, 6)
    for b in range(2):
        pooled = states[b].mean(0)
        scores = fit.query(pooled) @ states[b].T / math.sqrt(8)
        asked = fit.asked(torch.cat([pooled, scores.softmax(-1) @ states[b]]))
        for entity in range(5):
            own = {r for s, r, _ in with_inverses(TRIPLES) if s == entity}
            mean = sum(float((asked @ relations[r]).detach()) / math.sqrt(6) for r in own) / max(len(own), 1)
            expected = LEAST_FIT + (1 - LEAST_FIT) / (1 + math.exp(-mean - OPEN))
            assert math.isclose(float(found[b, entity].detach()), expected, abs_tol=1e-5)


def test_its_gradient_reaches_the_relations() -> None:
    fit = AnswerFit(Kinds.of_graph(GRAPH), 8, 6)
    relations = torch.randn(4, 6, requires_grad=True)
    states = torch.randn(1, 3, 8)
    fit(states, torch.ones(1, 3), states.mean(1), relations)[:, fit.kind[2]].sum().backward()
    assert relations.grad is not None
    assert relations.grad[1].abs().sum() == 0  # entity 2 is nobody's object along relation 0
    assert relations.grad[2].abs().sum() > 0


def test_the_shipped_model_knows_what_kind_is_asked_for() -> None:
    model = from_pretrained(WORLD).model
    fits = fits_of(model, "what city is the Louvre in?")
    assert fits[kind_of(model, "Paris")] > 2 * fits[kind_of(model, "Leonardo da Vinci")]


def fits_of(model: JointModel, question: str) -> torch.Tensor:
    with torch.inference_mode():
        return model.think([question]).fits[0]


def kind_of(model: JointModel, label: str) -> int:
    return int(model.fit.kind[list(model.graph.catalog.labels).index(label)])
