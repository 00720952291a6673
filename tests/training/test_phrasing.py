"""Phrasing: what a description says that a thing is, and what a relation starts from."""

import pytest

from kgqa.training.phrasing import described_as, is_personal, subject_of


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


@pytest.mark.parametrize(
    ("description", "label", "subject"),
    [
        ("music record label artist", "artist", "record label"),
        ("people person place of birth", "place of birth", "people person"),
        ("film film genre", "genre", "film"),
        ("the studio that made a film", "made by", ""),
        ("studio: films. label", "label", ""),
        ("artist", "artist", ""),
        ("", "artist", ""),
        ("music artist", "", ""),
    ],
)
def test_a_description_that_is_a_way_says_where_it_starts(description: str, label: str, subject: str) -> None:
    assert subject_of(description, label) == subject


def test_who_is_asked_for_somebody() -> None:
    assert all(map(is_personal, ("person", "people person", "film director", "guitarist")))
    assert not any(map(is_personal, ("record label", "city", "")))
