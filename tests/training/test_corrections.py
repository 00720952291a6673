"""Corrections: what is read, what is left out and why, and what one person can contribute."""

import json
from pathlib import Path
from typing import Any

import pytest

from kgqa.errors import InputError, QuestionFormatError
from kgqa.training.corrections import (
    LACKING,
    NOT_ALLOWED,
    NOT_REVIEWED,
    REJECTED,
    SILENT,
    TOO_MANY,
    Chosen,
    Hint,
    check_not_empty,
    choose,
)

ROW = {"question": "who directed Big?", "answers": ["urn:a"], "status": "accepted", "consent": True, "contributor": "p"}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({**ROW, **row}) + "\n" for row in rows), encoding="utf-8")
    return path


def chosen(tmp_path: Path, *rows: dict[str, Any], unreviewed: bool = False, most: int = 10) -> Chosen:
    return choose(write(tmp_path / "feedback.jsonl", *rows), unreviewed, most)


def test_only_what_is_accepted_and_allowed_is_taken(tmp_path: Path) -> None:
    rows = [
        {},
        {"status": "pending"},
        {"status": "rejected"},
        {"status": "lacks_fact"},
        {"consent": False},
        {"answers": []},
        {"answers": [True]},
    ]
    found = chosen(tmp_path, *rows)
    assert [each.question for each in found.corrections] == ["who directed Big?"]
    assert found.left_out == {NOT_REVIEWED: 1, REJECTED: 1, LACKING: 1, NOT_ALLOWED: 1, SILENT: 2}
    taken = chosen(tmp_path, *rows, unreviewed=True)
    assert NOT_REVIEWED not in taken.left_out
    assert taken.rows == 2


def test_without_a_word_on_consent_nothing_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    path.write_text(json.dumps({key: value for key, value in ROW.items() if key != "consent"}) + "\n")
    assert choose(path, True, 10).left_out == {NOT_ALLOWED: 1}


def test_what_was_before_is_read_and_tells_apart_what_leans_on_it(tmp_path: Path) -> None:
    before = [{"question": "who directed Jaws?", "answers": ["urn:b"]}, {"question": "films of 1975", "answers": []}]
    found = chosen(
        tmp_path,
        {"question": "and Big?", "context": before, "leans": True, "contributor": "p"},
        {"question": "And Big", "context": before, "leans": True, "contributor": "q"},
        {"question": "and Big?", "context": before[1:], "leans": True, "contributor": "r"},
    )
    one, other = found.corrections
    assert one.contributors == {"p", "q"}
    assert one.key != other.key
    assert [each.question for each in one.as_question.context] == ["who directed Jaws?", "films of 1975"]
    assert one.as_question.context[0].context == one.as_question.context[1:]
    with pytest.raises(QuestionFormatError, match=r'feedback\.jsonl:1: "context" must be a list'):
        chosen(tmp_path, {"context": "before"})


def test_what_people_say_alike_is_one_correction(tmp_path: Path) -> None:
    rows = [
        {"answers": ["urn:b", "urn:a"]},
        {"answers": ["urn:a", "urn:b"], "question": "Who directed BIG", "contributor": "q"},
    ]
    found = chosen(tmp_path, *rows, {"contributor": "r"})
    assert [each.contributors for each in found.corrections] == [{"p", "q"}, {"r"}]
    assert (found.rows, found.people) == (3, 3)


def test_one_person_contributes_so_much_and_no_more(tmp_path: Path) -> None:
    rows = [{"question": f"{number}?", "status": "accepted" if number == 0 else "pending"} for number in range(5)]
    found = chosen(tmp_path, *rows, {"question": "q's?", "contributor": "q"}, unreviewed=True, most=3)
    assert {each.question for each in found.corrections} == {"0?", "4?", "3?", "q's?"}  # reviewed, then the latest
    assert found.left_out == {TOO_MANY: 2}


def test_who_gives_no_name_counts_as_one_person(tmp_path: Path) -> None:
    rows = [
        {key: value for key, value in ROW.items() if key != "contributor"} | {"question": f"{n}?"} for n in range(4)
    ]
    path = tmp_path / "feedback.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert choose(path, False, 2).left_out == {TOO_MANY: 2}


def test_a_linking_choice_is_enough(tmp_path: Path) -> None:
    (one,) = chosen(tmp_path, {"answers": [], "corrected_entity": {"mention": " Big", "id": "urn:big"}}).corrections
    assert one.hint == Hint("Big", "urn:big")


def test_the_digest_is_that_of_what_is_learned(tmp_path: Path) -> None:
    known = chosen(tmp_path, {}, {"question": "2?"}).digest
    assert chosen(tmp_path, {"question": "2?"}, {}).digest == known
    assert chosen(tmp_path, {}, {"question": "2?"}, {"status": "rejected", "question": "3?"}).digest == known
    assert chosen(tmp_path, {}, {"question": "2?"}, {"question": "3?"}).digest != known


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"question": " "}, '"question" must be a text'),
        ({"answers": "urn:a"}, '"answers" must be a list'),
        ({"status": "fine"}, '"status" must be one of pending, accepted'),
        ({"consent": "yes"}, '"consent" must be true or false'),
        ({"contributor": 7}, '"contributor" must be a text'),
        ({"agreeing": 0}, '"agreeing" must be a whole number of at least 1'),
        ({"dissenting": True}, '"dissenting" must be a whole number'),
        ({"corrected_entity": ["Big"]}, '"corrected_entity" must have a mention and an id'),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(row: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(QuestionFormatError, match=r"feedback\.jsonl:2: ") as raised:
        chosen(tmp_path, {}, row)
    assert said in str(raised.value)


def test_nothing_to_learn_from_is_refused_with_what_would_help(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    for rows, said in (
        ((), "nobody has corrected an answer yet"),
        (({"status": "rejected"},), r"1 rejected\); accept some on the review page"),
        (({"status": "pending"},), "or give --unreviewed"),
    ):
        with pytest.raises(InputError, match=said):
            check_not_empty(chosen(tmp_path, *rows), path)
