"""Reading questions and drawing up their shortlists, with a real index."""

import pytest
import torch

from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import BY_ENCODER, EntityIndex
from kgqa.linking.reading import Reader, span_features
from kgqa.linking.shortlist import Candidates, Mention, Shortlister
from kgqa.linking.spans import Span
from tests.linking.conftest import World


@pytest.fixture
def reader(unchanged_index: EntityIndex, encoder: NameEncoder) -> Reader:
    return Reader(encoder.tokenizer, unchanged_index, max_words=12)


@pytest.fixture
def shortlister(unchanged_index: EntityIndex, encoder: NameEncoder) -> Shortlister:
    return Shortlister(unchanged_index, encoder, exact_spans=4, fuzzy_spans=2, k=8)


def shortlist(
    reader: Reader, shortlister: Shortlister, question: str, prefer: str = "", mentions: list[Mention] | None = None
) -> tuple[list[str], Candidates]:
    """The texts of the chosen spans, `prefer` scored highest, and their candidates."""
    batch = reader.batch([question])
    spans = batch.readings[0].spans
    scores = torch.tensor([[float(span.text == prefer) for span in spans]])
    found = shortlister.shortlist(batch, scores, None if mentions is None else [mentions])
    return [spans[s].text for s in found.span[0][found.span_mask[0]].tolist()], found


def test_spans_lie_on_their_tokens(reader: Reader, encoder: NameEncoder) -> None:
    question = "who married Leonardo DiCaprio's friend?"
    batch = reader.batch([question, "short"])
    reading = batch.readings[0]
    place = [span.text for span in reading.spans].index("Leonardo DiCaprio")
    tokens = reading.input_ids[reading.first[place] : reading.last[place] + 1]
    assert encoder.tokenizer.decode(tokens) == "leonardo dicaprio"
    assert batch.attention_mask.sum(1).tolist() == [len(r.input_ids) for r in batch.readings]
    assert batch.span_mask.sum(1).tolist() == [len(r.spans) for r in batch.readings]


def test_a_question_without_words_has_no_spans(reader: Reader, shortlister: Shortlister) -> None:
    texts, found = shortlist(reader, shortlister, "?!")
    assert texts == []
    assert not found.mask.any()


def test_exact_names_bring_only_their_entities(reader: Reader, shortlister: Shortlister, world: World) -> None:
    texts, found = shortlist(reader, shortlister, "where is San Jose")
    row = texts.index("San Jose")
    entities = found.entities[0, row]
    assert set(entities[entities >= 0].tolist()) == {world["sj1"], world["sj2"], world["sj3"]}


def test_a_misspelt_name_is_found_where_its_span_scores(reader: Reader, shortlister: Shortlister, world: World) -> None:
    texts, found = shortlist(reader, shortlister, "films of Leonrado DiCaprio please", prefer="Leonrado DiCaprio")
    assert world["leo"] in found.entities[0, texts.index("Leonrado DiCaprio")].tolist()


def test_fuzzy_spans_are_bounded(reader: Reader, shortlister: Shortlister) -> None:
    texts, _ = shortlist(reader, shortlister, "one two three four five six seven eight nine")
    assert len(texts) == 2


@pytest.mark.parametrize(("prefer", "sought"), [("San Jose", False), ("mayor of San Jose", True)])
def test_names_in_other_words_are_sought_where_no_name_stands_out(
    reader: Reader, encoded_index: EntityIndex, encoder: NameEncoder, prefer: str, sought: bool
) -> None:
    shortlister = Shortlister(encoded_index, encoder, exact_spans=4, fuzzy_spans=2, k=8)
    texts, found = shortlist(reader, shortlister, "who is the mayor of San Jose", prefer=prefer)
    others = [row for row, text in enumerate(texts) if text != "San Jose"]
    assert others
    assert bool(found.features[0, others, :, BY_ENCODER].any()) == sought


def test_gold_entities_stand_alone(reader: Reader, shortlister: Shortlister, world: World) -> None:
    mentions = [Mention(9, 17, world["sj2"])]
    texts, found = shortlist(reader, shortlister, "where is San Jose", mentions=mentions)
    assert texts == ["San Jose"]
    assert found.entities[found.mask].tolist() == [world["sj2"]]


def test_gold_spans_leave_the_entity_open(reader: Reader, shortlister: Shortlister, world: World) -> None:
    texts, found = shortlist(reader, shortlister, "where is San Jose", mentions=[Mention(9, 17)])
    assert texts == ["San Jose"]
    assert {world["sj1"], world["sj2"], world["sj3"]} == set(found.entities[found.mask].tolist())


def test_span_features() -> None:
    assert span_features(Span(0, 9, "Blade two"), exact=True) == [1.0, 0.5, 0.5, 0.0]
    assert span_features(Span(0, 4, "1984"), exact=False) == [0.0, 0.0, 0.25, 1.0]
