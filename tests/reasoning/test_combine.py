"""Combining slots."""

import torch

from kgqa.graph.frontier import Frontier
from kgqa.reasoning.combine import SlotGate, combine


def test_two_slots_are_the_gated_intersection() -> None:
    first, second = torch.rand(3, 7), torch.rand(3, 7)
    gate = torch.tensor([[0.0], [0.25], [1.0]])
    combined = combine([first, second], torch.cat([1 - gate, gate], 1))
    assert torch.allclose(combined, gate * torch.minimum(first, second) + (1 - gate) * first)


def test_three_slots_hold_only_what_all_hold() -> None:
    slots = [torch.tensor([[1.0, 1.0, 0.0]]), torch.tensor([[1.0, 1.0, 1.0]]), torch.tensor([[0.0, 1.0, 1.0]])]
    assert combine(slots, torch.tensor([[0.0, 0.0, 1.0]])).tolist() == [[0.0, 1.0, 0.0]]


def test_frontiers_combine_as_dense_weights_do() -> None:
    slots = [torch.tensor([[0.5, 1.0, 0.0, 0.2]]), torch.tensor([[0.7, 0.0, 0.3, 0.1]])]
    counts = torch.tensor([[0.4, 0.6]])
    sparse = combine([Frontier.from_dense(slot) for slot in slots], counts)
    assert torch.allclose(sparse.to_dense(), combine(slots, counts))


def test_gate_is_a_distribution_over_the_number_of_slots() -> None:
    counts = SlotGate(dimension=8, slots=3)(torch.randn(5, 8))
    assert counts.shape == (5, 3)
    assert torch.allclose(counts.sum(1), torch.ones(5))
