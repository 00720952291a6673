"""Names compare without accents, case and punctuation; aliases that would be noise are dropped."""

import pytest

from assets.world.names import common_aliases, distinct, label_of, normalise, slug


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("The Hague", "hague"),
        ("Kraków", "krakow"),
        ("Ålesund–Øst", "alesund ost"),
        ("Xi’an", "xian"),
        ("Washington, D.C.", "washington d c"),
        ("The", "the"),
    ],
)
def test_normalise(name: str, form: str) -> None:
    assert normalise(name) == form


def test_a_key_loses_only_its_last_parenthesis() -> None:
    assert label_of("Mercury (planet)") == "Mercury"
    assert label_of("Psycho (1960) (film)") == "Psycho (1960)"
    assert label_of("Paris") == "Paris"


def test_a_slug_is_readable_and_encoded() -> None:
    assert slug("Paris, FR") == "Paris_FR"
    assert slug("Padmé Amidala") == "Padm%C3%A9_Amidala"
    assert "<" not in slug("<b>")
    assert " " not in slug("a b")


def test_distinct_drops_spellings_numbers_letters_and_common_words() -> None:
    assert distinct("Kraków", ["Krakow", "KRAKÓW", "Cracow", "cracow", "7", "K", "The"]) == ["Cracow"]


def test_common_aliases_prefers_what_many_languages_share_and_drops_codes() -> None:
    candidates = ["PAR", "Parigi", "Parizh", "Parížh", "ba li", "Париж", "Paris1", "Pariis"]
    found = common_aliases("Paris", candidates, 2)
    assert found[0] in ("Parizh", "Parížh")
    assert len(found) == 2
    assert not {"PAR", "ba li", "Париж", "Paris1"} & set(found)
