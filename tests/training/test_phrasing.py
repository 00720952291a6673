"""Phrasing: what a description says that a thing is."""

import pytest

from kgqa.training.phrasing import described_as


@pytest.mark.parametrize(
    ("description", "nouns"),
    [
        ("2012 American fantasy drama film", ["film", "drama film"]),
        ("association football club in Serbia", ["club", "football club"]),
        ("American actor", ["actor"]),
        ("film by Oren Peli", ["film"]),
        ("American novelist (1920–1986)", ["novelist"]),
        ("", []),
        ("in Peru", []),
        ("1990", []),
        ("one two three four five six seven eight", []),
    ],
)
def test_a_description_names_what_a_thing_is(description: str, nouns: list[str]) -> None:
    assert described_as(description) == nouns
