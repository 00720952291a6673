"""Confidence: calibrated, and the threshold where most questions go well."""

import pytest
import torch
from torch import Tensor, nn

from kgqa.reasoning.confidence import EVIDENCE, LEAST, Calibration, best_threshold, evidence, surest
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.evaluate import fitted, quick_outcomes, ways_to_answer
from kgqa.training.questions import read_questions
from tests.conftest import Trained


def rows(tops: Tensor, way: Tensor | None = None) -> Tensor:
    """Evidence of answers with these top weights, all else sure but the way."""
    sure = torch.zeros_like(tops)
    ways = sure if way is None else way.clamp(LEAST).log()
    return torch.stack([torch.logit(tops, eps=LEAST), sure, sure, sure, ways, *[sure] * (EVIDENCE - 5)], 1)


def test_evidence_is_finite_and_one_row_a_question(trained: Trained) -> None:
    model = from_pretrained(trained.directory).model
    with torch.inference_mode():
        found = evidence(model(["who directed Jaws?", "zzz", "who did Fay Moss play in Red Desert?"]))
    assert found.shape == (3, EVIDENCE)
    assert torch.isfinite(found).all()
    assert (found[:, 1:] <= 0).all()
    assert (found[0, 2:4] > found[1, 2:4]).all()  # nothing is called zzz


def test_calibration_learns_how_often_a_weight_is_right() -> None:
    generator = torch.Generator().manual_seed(0)
    tops = torch.rand(4000, generator=generator)
    right = torch.rand(4000, generator=generator) < tops * 0.5  # too sure by a factor of two
    fitted = Calibration.fit(rows(tops), right, torch.ones_like(right))
    low, middle, high = fitted.confidence(rows(torch.tensor([0.2, 0.6, 0.9]))).tolist()
    assert high == pytest.approx(0.45, abs=0.06)
    assert low < middle < high


def test_calibration_learns_what_else_speaks_for_an_answer() -> None:
    generator = torch.Generator().manual_seed(0)
    tops, way = torch.rand(4000, generator=generator), torch.rand(4000, generator=generator)
    right = way < 0.5  # a sure way that leads to little is not there
    fitted = Calibration.fit(rows(tops, way), right, torch.ones_like(right))
    sure, unsure = fitted.confidence(rows(torch.tensor([0.5, 0.5]), torch.tensor([0.1, 0.9]))).tolist()
    assert sure > 0.7 > 0.3 > unsure


def test_calibration_stays_finite_where_all_are_right() -> None:
    always = torch.ones(50, dtype=torch.bool)
    fitted = Calibration.fit(rows(torch.full((50,), 0.999)), always, always)
    high, low = fitted.confidence(rows(torch.tensor([0.999, 0.0]))).tolist()
    assert 0.9 < high <= 1.0
    assert 0.0 <= low < 1.0


def test_the_threshold_is_where_most_questions_go_well() -> None:
    confidences = torch.tensor([0.15, 0.22, 0.31, 0.45, 0.9])
    right = torch.tensor([False, False, True, True, True])
    answerable = torch.tensor([False, False, True, True, True])
    assert best_threshold(confidences, right, answerable) == pytest.approx(0.3)
    assert best_threshold(confidences, right, torch.ones(5, dtype=torch.bool)) == pytest.approx(0.3)


def test_the_threshold_is_raised_until_answers_can_be_relied_on() -> None:
    confidences = torch.cat([torch.full((95,), 0.95), torch.full((5,), 0.35), torch.full((4,), 0.25)])
    right = torch.cat([torch.ones(95), torch.tensor([1, 1, 1, 0, 0]), torch.zeros(4)]).bool()
    everything = torch.ones(104, dtype=torch.bool)
    assert best_threshold(confidences, right, everything) == pytest.approx(0.34)  # 98 of 100 are right
    right[95:98] = torch.tensor([True, False, False])
    assert best_threshold(confidences, right, everything) == pytest.approx(0.5)  # 96 of 100 are not enough


def test_the_threshold_is_not_raised_where_that_withholds_much_that_is_right() -> None:
    """Half of those in the middle are right: to hold back 5 of 100 that are would cost too much, not one of 100."""
    confidences = torch.cat([torch.full((900,), 0.95), torch.full((100,), 0.6)])
    right = torch.cat([torch.ones(900), (torch.arange(100) % 2 == 0).float()]).bool()
    everything = torch.ones(1000, dtype=torch.bool)
    assert best_threshold(confidences, right, everything) == pytest.approx(0.5)
    right[:] = torch.arange(1000) < 909
    assert best_threshold(confidences, right, everything) > 0.6


def test_without_a_reason_to_answer_the_threshold_is_high() -> None:
    sure = torch.tensor([0.9, 0.95])
    assert best_threshold(sure, torch.tensor([True, True]), torch.tensor([True, True])) == pytest.approx(0.5)
    assert best_threshold(torch.tensor([0.2, 0.4]), torch.tensor([False, False]), torch.tensor([False, False])) == 0.5


def test_the_threshold_is_not_chosen_by_questions_that_took_part_in_the_fit() -> None:
    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(200, EVIDENCE, generator=generator)
    right = torch.rand(200, generator=generator) < 0.9  # nothing in the evidence tells which
    everything = torch.ones_like(right)
    fitted = Calibration.fit(noise, right, everything)
    by_those_that_took_part = best_threshold(fitted.confidence(noise), right, everything)
    assert fitted.threshold != by_those_that_took_part


def test_of_several_answers_to_a_question_the_surest_is_taken() -> None:
    confidences, of = torch.tensor([0.2, 0.9, 0.5, 0.5, 0.1]), torch.tensor([0, 0, 1, 1, 2])
    assert surest(confidences, of).tolist() == [1, 2, 4]
    assert surest(torch.empty(0), torch.empty(0, dtype=torch.long)).tolist() == []


def test_the_threshold_is_for_the_surest_answer_of_each_question() -> None:
    """Every question has an answer that is right and sure, and one that is neither."""
    tops = torch.tensor([0.9, 0.1]).repeat(100)
    right, of = torch.tensor([True, False]).repeat(100), torch.arange(100).repeat_interleave(2)
    found = Calibration.fit(rows(tops), right, torch.ones_like(right), of)
    assert found.confidence(rows(torch.tensor([0.9, 0.1]))).gt(found.threshold).tolist() == [True, False]


def test_walks_and_programs_have_thresholds_of_their_own() -> None:
    """What lacks an answer is taken for a walk: half of the unsure walks are right, and all unsure programs."""
    generator = torch.Generator().manual_seed(0)
    tops = torch.rand(2000, generator=generator)
    of_programs = torch.arange(2000) % 2 == 1
    right = torch.where(of_programs, torch.ones(2000), (torch.rand(2000, generator=generator) < tops).float()).bool()
    told = rows(tops)
    told[of_programs, 9] = 1.0
    found = Calibration.fit(told, right, right | of_programs)
    assert found.threshold > found.of_programs
    given = found.gives(told)
    assert given[of_programs].all()
    assert given[~of_programs & (tops > 0.7)].all()
    assert not given[~of_programs & (tops < 0.3)].any()


@pytest.mark.parametrize("wrong", [-4.0, 4.0])
def test_who_answers_is_learned_from_how_questions_go(ruled: Trained, wrong: float) -> None:
    """However far the model leans to walks or to programs."""
    model, questions = from_pretrained(ruled.directory).model, read_questions(ruled.questions)
    assert model.decoder is not None
    last = model.decoder.chosen[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.add_(wrong)
    ways = list(ways_to_answer(model, questions))
    best = sum(max(outcome.hit for outcome, _ in each) for each in ways)
    asked = quick_outcomes(model, questions, fitted(ways, questions))
    assert sum(outcome.hit for outcome in asked) >= best - 0.05 * len(questions)


@pytest.fixture
def walks_alone(trained: Trained) -> Tensor:
    """The evidence of a model that writes no programs."""
    model = from_pretrained(trained.directory).model
    with torch.inference_mode():
        return evidence(model(["who directed Jaws?"]))


def test_where_no_programs_are_written_none_is_needed(walks_alone: Tensor) -> None:
    assert not walks_alone[0, 8:].any()
