"""The base encoder: the same vectors either way, and a clear word where it is missing."""

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from kgqa.errors import ModelFormatError
from kgqa.linking.encoder import FEW, NameEncoder

TEXTS = ["Tom Hanks", "", "a name that is rather longer than the others are", "日本", "x" * 3000]


def test_a_few_texts_get_the_vectors_of_sentence_transformers(encoder: NameEncoder) -> None:
    reference = SentenceTransformer(encoder._location, device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert np.abs(encoder.encode(TEXTS) - reference).max() < 1e-5


def test_many_texts_get_the_same_vectors_as_few(encoder: NameEncoder) -> None:
    many = encoder.encode([f"name {number}" for number in range(FEW + 1)])
    assert np.abs(many[:3] - encoder.encode(["name 0", "name 1", "name 2"])).max() < 1e-5
    assert np.linalg.norm(many, axis=1) == pytest.approx(np.ones(FEW + 1), abs=1e-5)


def test_no_texts_no_vectors(encoder: NameEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_an_encoder_of_another_kind_is_left_to_sentence_transformers(encoder: NameEncoder, tmp_path: Path) -> None:
    copy = tmp_path / "encoder"
    SentenceTransformer(encoder._location, device="cpu").save(str(copy))
    pooling = copy / "1_Pooling" / "config.json"
    text = pooling.read_text()
    pooling.write_text(
        text.replace('"mean"', '"cls"').replace('"pooling_mode_mean_tokens": true', '"pooling_mode_cls_token": true')
    )
    other = NameEncoder.from_pretrained(str(copy))
    reference = SentenceTransformer(str(copy), device="cpu").encode(TEXTS[:1], normalize_embeddings=True)
    assert np.abs(other.encode(TEXTS[:1]) - reference).max() < 1e-5
    assert np.abs(other.encode(TEXTS[:1]) - encoder.encode(TEXTS[:1])).max() > 1e-2


def test_an_encoder_that_is_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="absent"):
        NameEncoder.from_pretrained(str(tmp_path / "absent"))


def test_the_digest_names_the_weights(encoder: NameEncoder) -> None:
    assert encoder.digest() == NameEncoder.from_pretrained().digest()
    assert len(encoder.digest()) == 64
