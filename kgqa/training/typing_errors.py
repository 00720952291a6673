"""Typing errors as fingers make them, from a seeded generator, so that every run misspells the same names the same way.

An error is one of four, equally likely, at any letter or digit, the first included: a character typed twice or a
neighbouring key hit along with it, a character left out, a neighbouring key hit instead, two neighbouring characters
in the wrong order. Blanks and punctuation are not touched, but a transposition may move a blank. The result is never
the name itself, never the name in its normal form, and never empty. Names of fewer than four letters and digits get
one error at most: two would leave nothing of "Elf" or "1.5" to recognise.
"""

import random
import re

from kgqa.linking.vectors import normalise

ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
SHORTEST = {1: 2, 2: 4}  # letters and digits that a name needs to be given so many errors
LONG = 5
TRIES = 100


def _neighbours() -> dict[str, str]:
    """Keys that touch each key of a QWERTY keyboard whose rows are set off by half a key."""
    keys = {(row, place): key for row, line in enumerate(ROWS) for place, key in enumerate(line)}
    steps = ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, -1), (1, 0))
    return {key: "".join(keys.get((r + dr, p + dp), "") for dr, dp in steps) for (r, p), key in keys.items()}


NEIGHBOURS = _neighbours()


def long_enough(name: str, errors: int) -> bool:
    """Whether a name has the letters and digits to be recognised after so many errors."""
    return sum(map(str.isalnum, name)) >= SHORTEST[errors]


def misspell(name: str, errors: int, generator: random.Random) -> str:
    """The name in lower case with so many typing errors in it.

    Raises:
        ValueError: if the name is too short for so many.
    """
    if not long_enough(name, errors):
        raise ValueError(f"{name!r} is too short for {errors} typing errors")
    for _ in range(TRIES):
        typed = name.lower()
        for _ in range(errors):
            typed = _slip(typed, generator)
        if typed.strip() and normalise(typed) != normalise(name):
            return typed
    raise ValueError(f"no typing errors changed {name!r}")


def slip_in_a_word(text: str, generator: random.Random) -> str:
    """One error in one of the words of at least LONG letters and digits, which names are mostly made of."""
    words = [match for match in re.finditer(r"\S+", text) if sum(map(str.isalnum, match[0])) >= LONG]
    if not words:
        return text
    word = generator.choice(words)
    return text[: word.start()] + _slip(word[0], generator) + text[word.end() :]


def _slip(text: str, generator: random.Random) -> str:
    """One error anywhere; drawn anew as long as it changes nothing, as two equal neighbours that change places do."""
    places = [place for place, character in enumerate(text) if character.isalnum()]
    for _ in range(TRIES if places else 0):
        typed = _typed(text, generator.choice(places), generator)
        if typed != text:
            return typed
    return text


def _typed(text: str, place: int, generator: random.Random) -> str:
    before, character, after = text[:place], text[place], text[place + 1 :]
    near = NEIGHBOURS.get(character, character)
    kind = generator.choice(("insert", "omit", "substitute", "transpose"))
    if kind == "insert":
        return before + character + generator.choice(near + character) + after
    if kind == "omit":
        return before + after
    if kind == "substitute":
        return before + generator.choice(near) + after
    return before + after[:1] + character + after[1:]
