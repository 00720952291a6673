"""Conversations: what training and measuring take for said before, and that a model learns to lean on it."""

from pathlib import Path

import pytest
import torch

from kgqa.graph.store import open_graph
from kgqa.reasoning.answerer import SURER
from kgqa.reasoning.context import Said
from kgqa.reasoning.pretrained import from_pretrained
from kgqa.training.conversations import contexts_of
from kgqa.training.english import Words
from kgqa.training.evaluate import evaluate, quick_outcomes
from kgqa.training.questions import Question, in_context, read_questions
from kgqa.training.start import only_training
from kgqa.training.synthesis import Synthesiser
from kgqa.training.talk import Talker
from kgqa.training.trainer import Trainer, TrainingArguments, seed_everything
from tests.conftest import Trained


def talk(graph: Path, seed: int, turns: int) -> list[Question]:
    return in_context(Talker(Synthesiser(open_graph(graph), Words(()), seed)).make(turns))


def test_what_was_named_and_asked_is_read_by_the_model_and_answers_are_the_given_ones(trained: Trained) -> None:
    model = from_pretrained(trained.directory).model
    catalog = model.graph.catalog
    first = Question("1", "who directed Jaws?", ("Bo Lind",), conversation="c")
    rows = in_context([first, Question("2", "who else did they direct", ("Jaws",), conversation="c")])
    way = (2 * catalog.relation("directed by"),)
    said = Said("who directed Jaws?", (catalog.entity("Jaws"),), (catalog.entity("Bo Lind"),), way)
    assert contexts_of(model, rows) == [(), (said,)]


def test_of_the_last_turn_alone_is_said_what_is_said_among_all(trained: Trained) -> None:
    model = from_pretrained(trained.directory).model
    rows = in_context([Question(str(n), "who directed Jaws?", ("Bo Lind",), conversation="c") for n in range(6)])
    assert contexts_of(model, rows[-1:]) == contexts_of(model, rows)[-1:] != [()]


def test_without_a_conversation_nothing_changes(trained: Trained) -> None:
    model = from_pretrained(trained.directory).model
    questions = [row.question for row in read_questions(trained.dev)[:8]]
    with torch.inference_mode():
        alone, empty = model(questions).combined, model(questions, contexts=[()] * len(questions)).combined
        beside = model([*questions, "who is it?"], contexts=[*[()] * 8, (Said("who?", (1,), (2, 3)),)]).combined
    assert torch.equal(alone.cells, empty.cells)
    torch.testing.assert_close(alone.to_dense(), beside.to_dense()[:8], atol=1e-4, rtol=0)


def test_a_model_that_learned_from_no_conversation_looks_back_on_none(trained: Trained) -> None:
    answerer = from_pretrained(trained.directory)
    before = (Said("who directed Jaws?", (1,), (2, 3)),)
    for row in read_questions(trained.dev)[:10]:
        alone, after = answerer.answer(row.question), answerer.answer(row.question, context=before)
        assert (after.answers, after.confidence, after.after) == (alone.answers, alone.confidence, ())


def test_a_question_that_leans_on_nothing_is_read_alone_too(trained: Trained) -> None:
    answerer = from_pretrained(trained.directory)
    with torch.no_grad():
        answerer.model.encoder.after_others[0].up.weight.fill_(1e-6)  # type: ignore[union-attr, operator]
    before = (Said("who directed Jaws?", (1,), (2, 3)),)
    taken = set()
    for row in read_questions(trained.dev)[:40]:
        alone, after = answerer.answer(row.question), answerer.answer(row.question, context=before)
        assert after.after or after.confidence >= alone.confidence
        assert after.confidence + SURER + 1e-4 >= alone.confidence  # both are rounded
        taken.add(bool(after.after))
    assert False in taken


def test_conversations_alone_are_learned_without_changing_anything_else(trained: Trained) -> None:
    seed_everything(0)
    model = from_pretrained(trained.directory).model
    alone = [row.question for row in read_questions(trained.dev)[:8]]
    after = [(Said("who directed Jaws?", (1,), (2, 3)),)] * len(alone)

    def answered() -> tuple[torch.Tensor, torch.Tensor]:
        with torch.inference_mode():
            return model(alone).combined.to_dense(), model(alone, contexts=after).combined.to_dense()

    before = answered()
    with only_training(model, model.of_conversations()):
        arguments = TrainingArguments(epochs=0.2, batch_size=16, seed=0)
        rows = [row for row in talk(trained.graph, 1, 400) if row.context]
        Trainer(model, rows, arguments, lambda model: (0.0, "")).train()
    model.eval()
    alone_now, after_now = answered()
    assert torch.equal(alone_now, before[0])
    assert not torch.equal(after_now, before[1])
    assert all(parameter.requires_grad for parameter in model.gate.parameters())


@pytest.mark.endurance
def test_a_model_learns_to_lean_on_what_was_said(trained: Trained) -> None:
    seed_everything(0)
    answerer = from_pretrained(trained.directory)
    train, dev = talk(trained.graph, 1, 1600), talk(trained.graph, 2, 200)
    kinds = ("it", "ellipsis", "narrowing", "place")
    follow_ups = [row for row in dev if row.slice in kinds]
    before = sum(row.hit for row in quick_outcomes(answerer.model, follow_ups)) / len(follow_ups)
    arguments = TrainingArguments(epochs=1, batch_size=16, seed=0)
    Trainer(answerer.model, train, arguments, lambda model: (0.0, "")).train()
    answerer.model.eval()
    after = evaluate(answerer, dev)
    asked = sum(after["slices"][kind]["n"] for kind in kinds)
    right = sum(after["slices"][kind]["n"] * after["slices"][kind]["hits@1"] for kind in kinds) / 100 / asked
    assert right > max(0.5, before + 0.1)
