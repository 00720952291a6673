"""The prior: a model that was trained before knows which of the programs that answer a question says what it asks."""

import numpy as np
import pytest
import torch

from kgqa.programs.machine import Step
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.derivations import log_likelihood, log_likelihoods
from kgqa.training.lookout import Lookout
from kgqa.training.prior import LEAST, TRUST, prior_of
from kgqa.training.questions import Question
from kgqa.training.renaming import Explained
from tests import kingdom
from tests.conftest import Trained

QUESTION = "how many cities are in Kelda?"


@pytest.fixture(scope="module")
def model(ruled: Trained) -> JointModel:
    return from_pretrained(ruled.directory).model


@pytest.fixture(scope="module")
def explained(model: JointModel) -> Explained:
    """All programs that come to the number of the cities of Kelda, most by chance."""
    assert model.decoder is not None
    lookout = Lookout(model.decoder.space, model.index)
    programs = lookout.programs(QUESTION, (float(len(kingdom.CITIES["Kelda"])),))
    assert len(programs) > 2
    return Explained(QUESTION, tuple(programs))


def test_what_was_meant_is_likelier_than_what_comes_to_it_by_chance(model: JointModel, explained: Explained) -> None:
    (before,) = prior_of(model, [explained], [()])
    catalog = model.graph.catalog
    best = explained.programs[int(before.argmax())]
    assert [step.op for step in best] == ["named", "follow", "count"]
    assert catalog.relation_labels[best[1].relation // 2] == "located in state"
    assert before.max() == 0.0
    assert before.min() >= TRUST * LEAST
    assert model.training is False


def test_what_a_question_does_not_offer_is_the_least_likely(model: JointModel) -> None:
    elsewhere = (Step("named", start=1, end=2, entities=(0,)), Step("set"))
    rows = [Explained(QUESTION, (elsewhere, elsewhere)), Explained("zzz", (elsewhere,))]
    several, alone = prior_of(model, rows, [(), ()])
    assert several.tolist() == [TRUST * LEAST] * 2
    assert alone.tolist() == [0.0]  # nothing to tell apart


def test_each_program_and_any_of_them_are_equally_likely_in_sum(model: JointModel, explained: Explained) -> None:
    assert model.decoder is not None
    with torch.inference_mode():
        draft = model.think([QUESTION, "zzz"]).draft
        assert draft is not None
        trees = [explained.tree(model.decoder.space), None]
        each = log_likelihoods(model.decoder, draft, trees)
        any_ = log_likelihood(model.decoder, draft, trees)
    assert set(each[0]) == set(explained.programs)
    assert each[1] == {}
    assert np.logaddexp.reduce(list(each[0].values())) == pytest.approx(float(any_[0]), abs=1e-4)


def test_it_has_a_say_in_what_few_questions_are_explained_by(model: JointModel) -> None:
    assert model.decoder is not None
    lookout = Lookout(model.decoder.space, model.index)
    row = Question(id="", question=QUESTION, answers=(len(kingdom.CITIES["Kelda"]),))
    (alone,), (told,) = lookout.explain([row]), lookout.explain([row], model=model)
    assert alone is not None
    assert told is not None
    assert [step.op for step in told.programs[0]] == ["named", "follow", "count"]
    assert len(told.programs) <= len(alone.programs)
