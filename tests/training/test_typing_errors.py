"""Typing errors are seeded, small, and always errors."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.linking.vectors import normalise
from kgqa.training.typing_errors import NEIGHBOURS, long_enough, misspell, slip_in_a_word

NAMES = st.text("abcdefgh 123é", min_size=4, max_size=20).filter(lambda name: long_enough(name, 2))


def test_neighbours_touch() -> None:
    assert set(NEIGHBOURS["g"]) == set("ftyhbv")
    assert all(key in NEIGHBOURS[near] for key, keys in NEIGHBOURS.items() for near in keys)


@given(NAMES, st.integers(1, 2), st.integers(0, 99))
def test_a_misspelt_name_is_another_text_of_nearly_the_same_length(name: str, errors: int, seed: int) -> None:
    typed = misspell(name, errors, random.Random(seed))
    assert normalise(typed) != normalise(name)
    assert abs(len(typed) - len(name)) <= errors
    assert typed == misspell(name, errors, random.Random(seed))


def test_short_names_are_spared() -> None:
    assert long_enough("Elf", 1)
    assert not long_enough("Elf", 2)
    with pytest.raises(ValueError, match="too short"):
        misspell("Elf", 2, random.Random(0))


def test_one_long_word_of_a_text_is_misspelt() -> None:
    generator, text = random.Random(0), "who is in the Matrix with Keanu?"
    for _ in range(50):
        typed = slip_in_a_word(text, generator)
        changed = [old for old, new in zip(text.split(), typed.split(), strict=True) if old != new]
        assert changed in (["Matrix"], ["Keanu?"])
    assert slip_in_a_word("who is it?", generator) == "who is it?"
