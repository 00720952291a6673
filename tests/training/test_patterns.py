"""Patterns are there for what has the parts they need, and agree with one, several or "does"."""

from pathlib import Path

import pytest

from kgqa.training.patterns import BASE, ONE, SEVERAL, Pattern, Patterns, formed, plain


@pytest.mark.parametrize(
    ("line", "parts", "text"),
    [
        ("the <N> of {a}", {"N": "length"}, "the length of {a}"),
        ("the <N> of {a}", {}, None),
        ("the <N> of {a}", {"N": ""}, None),
        ("more than <n> <unit?>?", {"n": "5"}, "more than 5?"),
        ("more than <n> <unit?>?", {"n": "5", "unit": "km"}, "more than 5 km?"),
        ("!done <N>", {"N": "age"}, "age"),
        ("!done <N>", {"N": "age", "done": "born"}, None),
        ("a <N>", {"N": "area"}, "an area"),
        ("a <N>", {"N": "university"}, "a university"),
    ],
)
def test_a_pattern_has_its_parts_put_in(line: str, parts: dict[str, str], text: str | None) -> None:
    pattern = Pattern.of_line(line)
    assert pattern.fits(parts) == (text is not None)
    assert text is None or pattern.filled(parts) == text


def test_patterns_stand_under_headings(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[one]\nask = '''\nwhich <N>?\n\nwhat?\n'''\n[one.two]\nask = '''\nhow?\n'''\n")
    patterns = Patterns(tmp_path / "p.toml")
    assert patterns.filled(("one", "ask"), {"N": "city"}) == ["which city?", "what?"]
    assert patterns.filled(("one", "two", "ask"), {}) == ["how?"]
    assert patterns.filled(("three",), {}) == []


def test_texts_agree() -> None:
    text = "[flows|flow|flow] past, [is|are] wide, [it|them]"
    assert formed(text, ONE) == "flows past, is wide, it"
    assert formed(text, SEVERAL) == "flow past, are wide, them"
    assert formed(text, BASE) == "flow past, are wide, them"


def test_texts_of_a_graph_lose_the_marks_of_patterns() -> None:
    assert plain("{7} <b> [x|y]  z") == "7 b x y z"
