"""Small pieces of English that fit any label."""

import pytest

from kgqa.chat.phrases import listed, ordinal, plural, related, series, strong, unmarked
from tests.chat.answers import HOSTILE


@pytest.mark.parametrize(
    ("noun", "several"),
    [
        ("city", "cities"),
        ("Country", "Countries"),
        ("person", "people"),
        ("Person", "People"),
        ("field of work", "fields of work"),
        ("state or province", "states or provinces"),
        ("film series", "film series"),
        ("category of elements", "categories of elements"),
        ("church", "churches"),
        ("class", "classes"),
        ("day", "days"),
        ("top-level domain", "top-level domains"),
        ("", ""),
        ("Q5", "Q5"),
    ],
)
def test_several_of_a_class(noun: str, several: str) -> None:
    assert plural(noun) == several


@pytest.mark.parametrize(
    ("rank", "said"), [(1, "first"), (3, "third"), (10, "tenth"), (11, "11th"), (22, "22nd"), (103, "103rd")]
)
def test_ranks_in_words(rank: int, said: str) -> None:
    assert ordinal(rank) == said


def test_the_first_of_many_and_how_many_more() -> None:
    assert listed([], 0) == "nothing"
    assert listed(["a", "b"], 2) == series(["a", "b"]) == "a and b"
    assert listed(["a", "b"], 1_002) == "a, b and 1,000 more"
    assert listed([], 7) == "7"


def test_what_is_marked_reads_back_as_the_label() -> None:
    assert unmarked(f"{strong(HOSTILE)} {related(HOSTILE)}") == f"{HOSTILE} {HOSTILE}"
