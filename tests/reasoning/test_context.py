"""What a question may refer to: the newest first, each once, with what sets it apart."""

import torch

from kgqa.linking.encoder import NameEncoder
from kgqa.reasoning.context import (
    MOST_NAMED,
    PLACES,
    REFERENT_FEATURES,
    ROLES,
    SPEAKING,
    TURNS,
    Referent,
    ReferentBatch,
    Said,
    earlier_questions,
    referents,
)
from kgqa.reasoning.encoder import QuestionEncoder
from tests.graph.small import sparse

CPU = torch.device("cpu")


def test_the_newest_come_first_and_each_once() -> None:
    context = (Said("who wrote it?", (3,), (7,)), Said("films by Ana?", (5,), (3, 4)))
    assert [(one.entities, one.role, one.turn) for one in referents(context)] == [
        ((7,), "answer", 0), ((3,), "named", 0), ((3, 4), "answers", 1), ((4,), "answer", 1), ((5,), "named", 1),
    ]  # fmt: skip


def test_only_so_many_are_looked_back_on() -> None:
    long = Said("a", tuple(range(100, 120)), tuple(range(50)))
    assert len(referents((long,))) == 1 + PLACES + MOST_NAMED
    assert referents((*[Said("a")] * TURNS, Said("b", (1,), (2,)))) == ()
    assert earlier_questions((Said("and Heat?"), Said("who made Jaws?"))) == "and Heat? / who made Jaws?"


def test_features_tell_role_turn_and_place_apart() -> None:
    rows = {
        tuple(Referent((9,), role, turn, place).features())
        for role in ROLES
        for turn in range(TURNS)
        for place in range(PLACES if role == "answer" else 1)
    }
    assert len(rows) == TURNS * (len(ROLES) - 1 + PLACES)
    assert {len(row) for row in rows} == {REFERENT_FEATURES}


def test_a_batch_pads_and_knows_whose_entities_are_whose() -> None:
    contexts = [(), (Said("a", (2,), (0, 1)),)]
    batch = ReferentBatch.of(contexts, CPU)
    assert batch.mask.tolist() == [[False] * 4, [True] * 4]
    assert batch.features.shape == (2, 4, REFERENT_FEATURES)
    assert list(zip(batch.cell.tolist(), batch.entity.tolist(), strict=True)) == [
        (4, 0),
        (4, 1),
        (5, 0),
        (6, 1),
        (7, 2),
    ]


def test_a_set_has_the_relations_of_its_entities() -> None:
    graph = sparse([(0, 0, 2), (1, 1, 2)], 3, 2)
    batch = ReferentBatch.of([(Said("a", (), (0, 1)),)], CPU)
    cell, relation = batch.had(graph)
    assert list(zip(cell.tolist(), relation.tolist(), strict=True)) == [(0, 0), (0, 2), (1, 0), (2, 2)]


def test_of_a_large_set_some_speak_for_it() -> None:
    count = 2 * SPEAKING
    graph = sparse([(entity, int(entity >= SPEAKING), count) for entity in range(count)], count + 1, 2)
    batch = ReferentBatch.of([(Said("a", (), tuple(range(count))),)], CPU)
    cell, relation = batch.had(graph)
    assert relation[cell == 0].tolist() == [0]


def test_nothing_said_is_an_empty_batch() -> None:
    batch = ReferentBatch.of([(), ()], CPU)
    assert batch.mask.shape == (2, 0)
    assert [part.tolist() for part in batch.had(sparse([(0, 0, 1)], 2, 1))] == [[], []]


def test_additions_change_questions_after_others_and_no_question_that_stands_alone() -> None:
    torch.manual_seed(0)
    base = NameEncoder.from_pretrained()
    encoder = QuestionEncoder(base, 2).eval()
    batch = base.tokenizer(["who directed it?", "who directed Jaws?"], padding=True, return_tensors="pt")
    given = batch["input_ids"], batch["attention_mask"]
    with torch.no_grad():
        alone = encoder(*given)
        torch.testing.assert_close(encoder(*given, torch.tensor([0])), alone)
        for addition in encoder.after_others:
            torch.nn.init.normal_(addition.up.weight, std=0.1)
        after = encoder(*given, torch.tensor([0]))
        assert torch.equal(encoder(*given), alone)
    assert not torch.allclose(after[0], alone[0], atol=1e-3)
    assert torch.equal(after[1], alone[1])
