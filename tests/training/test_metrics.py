"""Hits, F1 and exact sets."""

from dataclasses import replace

import pytest

from kgqa.training.metrics import judge, summarise


def test_f1_counts_answers_that_the_graph_lacks() -> None:
    row = judge("1-hop", [3, 5], frozenset({3}), gold_size=2)
    assert row.hit
    assert row.f1 == pytest.approx(0.5)
    assert not row.exact


@pytest.mark.parametrize(("returned", "hit"), [([3, 9], True), ([9, 3], False), ([], False)])
def test_a_hit_is_the_first_answer(returned: list[int], hit: bool) -> None:
    assert judge("all", returned, frozenset({3}), 1).hit is hit


def test_a_question_without_answers_is_right_when_nothing_is_returned() -> None:
    assert judge("none", [], frozenset(), 0).exact
    assert not judge("none", [4], frozenset(), 0).hit


def test_summary_has_slices_and_entity_accuracy() -> None:
    rows = [judge("a", [1], frozenset({1}), 1, True), judge("b", [2], frozenset({1}), 1, False)]
    figures = summarise([*rows, judge("b", [1], frozenset({1}), 1)])
    assert figures["n"] == 3
    assert figures["hits@1"] == pytest.approx(66.67)
    assert figures["entity_accuracy"] == 50.0
    assert figures["slices"]["b"] == {"n": 2, "hits@1": 50.0, "f1": 50.0, "exact": 50.0}
    assert figures["shortlist"] == {"recall": 0.0, "mean_reciprocal_rank": 0.0}


def test_the_shortlist_and_the_faults_are_summed() -> None:
    right = replace(judge("a", [1], frozenset({1}), 1, True), rank=1)
    wrong = replace(judge("a", [2], frozenset({1}), 1, False), rank=4, fault="ranker")
    lost = replace(judge("a", [2], frozenset({1}), 1, False), fault="shortlist")
    figures = summarise([right, wrong, lost, wrong])
    assert figures["shortlist"] == {"recall": 75.0, "mean_reciprocal_rank": 0.375}
    assert figures["faults"] == {"shortlist": 1, "ranker": 2, "reasoner": 0, "confidence": 0}
