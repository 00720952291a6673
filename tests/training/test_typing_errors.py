"""Typing errors are seeded, small, and always errors."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.linking.vectors import normalise
from kgqa.training.typing_errors import NEIGHBOURS, long_enough, misspell

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
