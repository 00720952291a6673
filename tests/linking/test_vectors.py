"""Normal forms settle at once, and n-gram vectors equal a plain count of n-grams."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.linking.vectors import NgramVectorizer, normalise

NAMES = ["leonardo dicaprio", "leonardo favio", "san jose", "tom hanks", "muse", "kismet", "a", "東京"]
VECTORIZER = NgramVectorizer.fit(NAMES)
NORMALISED = st.text(min_size=1, max_size=20).map(normalise)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Matrix", "matrix"),
        ("The The", "the"),
        ("Padmé Amidala", "padme amidala"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Tom Hanks's", "tom hanks"),
        ("Schindler’s List", "schindlers list"),
        ("O'Brien", "obrien"),
        ("J. R. R. Tolkien", "jrr tolkien"),
        ("J.R.R. Tolkien", "jrr tolkien"),
        ("U.S.", "us"),
        ("Simon & Garfunkel", "simon and garfunkel"),
        ("X-Men", "x men"),
        ("snake_case", "snake case"),
        ("  two   blanks ", "two blanks"),
        ("!!!", "!!!"),
        ("🎬", "🎬"),
        (" ", " "),
        ("'s", "'s"),
        ("", " "),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text(min_size=1))
def test_normalise_settles_and_leaves_something(text: str) -> None:
    once = normalise(text)
    assert once
    assert normalise(once) == once
    assert "\n" not in once


def plain_ngrams(name: str) -> set[str]:
    """What the hashes stand for: neighbours, triples, and unordered pairs one and two places apart."""
    padded = f" {name} "
    ordered = {padded[i : i + n] for n in (2, 3) for i in range(len(padded) - n + 1)}
    unordered = {"~" + "".join(sorted(padded[i] + padded[i + gap])) for gap in (1, 2) for i in range(len(padded) - gap)}
    return ordered | unordered


def plain_cosine(one: str, other: str) -> float:
    """By sets of strings: the weight of an n-gram is the square root of its idf."""
    documents = [plain_ngrams(name) for name in NAMES]

    def square(ngram: str) -> float:
        df = sum(ngram in document for document in documents)
        return round(32 * math.sqrt(1 + math.log((1 + len(NAMES)) / (1 + df)))) ** 2

    def norm(name: str) -> float:
        return sum(map(square, plain_ngrams(name)))

    return sum(map(square, plain_ngrams(one) & plain_ngrams(other))) / math.sqrt(norm(one) * norm(other))


@given(NORMALISED, st.lists(NORMALISED, min_size=1, max_size=4))
def test_cosines_equal_a_plain_count(name: str, others: list[str]) -> None:
    found = VECTORIZER.cosines(name, others)
    np.testing.assert_allclose(found, [plain_cosine(name, other) for other in others], atol=1e-5)


def test_projection_keeps_cosines_roughly() -> None:
    vectors = VECTORIZER.encode(NAMES)
    assert vectors.shape == (len(NAMES), NgramVectorizer.DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    exact = np.stack([VECTORIZER.cosines(name, NAMES) for name in NAMES])
    np.testing.assert_allclose(vectors @ vectors.T, exact, atol=0.25)


def test_signatures_are_the_signs_of_the_vectors() -> None:
    signs = np.packbits(VECTORIZER.encode(NAMES) > 0, axis=1)
    np.testing.assert_array_equal(VECTORIZER.signatures(NAMES), signs)


def test_a_name_is_projected_alike_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    together = VECTORIZER.encode(NAMES)
    monkeypatch.setattr(NgramVectorizer, "CHUNK", 3)
    vectorizer = NgramVectorizer.fit(NAMES)
    np.testing.assert_array_equal(vectorizer.encode(NAMES), together)
    np.testing.assert_array_equal(vectorizer.encode(NAMES[3:4]), together[3:4])


def test_letters_that_changed_places_stay_near() -> None:
    near, far = VECTORIZER.cosines("msue", ["muse", "kismet"])
    assert near > 0.3 > far


def test_no_names() -> None:
    vectorizer = NgramVectorizer.fit([])
    assert vectorizer.encode([]).shape == (0, NgramVectorizer.DIMENSIONS)
    assert vectorizer.signatures([]).shape == (0, NgramVectorizer.DIMENSIONS // 8)
