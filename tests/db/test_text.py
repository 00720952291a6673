import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import StoreInputError
from db.text import clean_json, clean_text

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(alphabet=st.characters()))
def test_clean_text_can_be_encoded_and_is_clean_already(text: str) -> None:
    cleaned = clean_text(text)
    assert "\x00" not in cleaned.encode().decode()
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("text", ["", "Padmé\tAmidala\n", "𝔘𝔫𝔦 🧭", "a\u200db", "nan"])
def test_ordinary_text_stays(text: str) -> None:
    assert clean_text(text) == text


@given(PLAIN)
def test_clean_json_can_be_dumped_and_is_clean_already(value: object) -> None:
    cleaned = clean_json(value)
    assert clean_json(json.loads(json.dumps(cleaned, allow_nan=False))) == cleaned


def test_tuples_become_lists() -> None:
    assert clean_json({"facts": (("s", "r", "o"),)}) == {"facts": [["s", "r", "o"]]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [0.5, float("inf")]}, r"\$\.a\[1\]: inf is not a JSON number"),
        ({"a": {"b": object()}}, r"\$\.a\.b: object is not a JSON type"),
        (b"bytes", r"\$: bytes is not a JSON type"),
    ],
)
def test_what_json_does_not_have_is_refused(value: object, message: str) -> None:
    with pytest.raises(StoreInputError, match=message):
        clean_json(value)
