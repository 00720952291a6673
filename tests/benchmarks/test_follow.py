"""The bench measures what it says, and its check of equal results would notice a difference."""

import pytest
import torch

from benchmarks import follow


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "FRONTIER_REPEATS", 5)
    monkeypatch.setattr(follow, "WARM_UPS", 1)
    monkeypatch.setattr(follow, "MATRIX_REPEATS", 2)


def test_a_row_for_each_size_and_batch() -> None:
    rows = follow.run([300, 1000], seed=1)
    assert [(row["triples"], row["batch"]) for row in rows] == [(300, 1), (300, 32), (1000, 1), (1000, 32)]
    for row in rows:
        assert set(row) == {"triples", "batch", "frontier_ms", "coo_ms", "csr_ms"}
        assert min(row["frontier_ms"], row["coo_ms"], row["csr_ms"]) > 0


def test_a_wrong_step_stops_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    right = follow.reified_follow
    monkeypatch.setattr(follow, "reified_follow", lambda *args: right(*args) * 1.01)
    with pytest.raises(AssertionError, match="coo disagrees with the frontier"):
        follow.run([300])


def test_results_that_differ_in_one_cell_are_not_equal() -> None:
    follow.assert_equal(torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 1.0]]), "csr")
    with pytest.raises(AssertionError, match="csr disagrees"):
        follow.assert_equal(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 1.0]]), "csr")


@pytest.mark.parametrize("csr", [False, True])
def test_the_formula_is_follow_along_base_relations(csr: bool) -> None:
    graph = follow.power_law_graph(400, seed=2)
    entities, relations = torch.rand(3, graph.num_entities), torch.rand(3, graph.num_relations)
    relations[:, 1::2] = 0  # the matrices hold no inverses
    found = follow.reified_follow(follow.reified(graph, csr), entities, relations)
    torch.testing.assert_close(found, graph.follow(entities, relations))


def test_degrees_follow_a_power_law_of_the_same_mean() -> None:
    for triples in (2000, 20000):
        graph = follow.power_law_graph(triples, seed=0)
        degrees = graph.degree(torch.arange(graph.num_entities)).float()
        assert 2 * follow.TRIPLES_PER_ENTITY * 0.8 < degrees.mean() <= 2 * follow.TRIPLES_PER_ENTITY
        assert degrees.max() > 5 * degrees.median()
