"""A frontier and dense weights say the same."""

import torch
from hypothesis import given

from kgqa.graph.frontier import Frontier
from tests.graph.small import weights


@given(weights(3, 5))
def test_dense_weights_survive_the_round_trip(dense: torch.Tensor) -> None:
    frontier = Frontier.from_dense(dense)
    assert torch.equal(frontier.to_dense(), dense)
    assert len(frontier) == int((dense != 0).sum())


def test_one_hot_is_one_entity_a_question() -> None:
    frontier = Frontier.one_hot([4, 0], num_entities=5)
    assert frontier.to_dense().tolist() == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]


def test_weights_of_the_same_cell_add_up() -> None:
    frontier = Frontier.from_cells(torch.tensor([7, 2, 7]), torch.tensor([1.0, 2.0, 3.0]), batch_size=2, num_entities=5)
    assert frontier.batch.tolist() == [0, 1]
    assert frontier.entity.tolist() == [2, 2]
    assert frontier.weight.tolist() == [2.0, 4.0]


def test_where_keeps_what_is_marked() -> None:
    frontier = Frontier.from_dense(torch.tensor([[0.2, 0.0, 0.9]]))
    assert frontier.where(frontier.weight > 0.5).entity.tolist() == [2]
    assert frontier.to("cpu").to_dense().tolist() == frontier.to_dense().tolist()
