"""The side bar's handlers with a trained model and a real store: only what is the visitor's own is seen and changed."""

import re
from typing import Any

import pytest

import db
from kgqa.chat.page import Page
from kgqa.chat.past import PAGE
from kgqa.chat.visitor import Visitor
from tests.chat.answers import HOSTILE
from tests.chat.conftest import apart
from tests.chat.test_page import QUESTION, asked, turns

OTHER_QUESTION = "films starring Emil Gray"


def listed(desk: Page, kept: object, search: str = "", count: int = PAGE) -> list[str]:
    """The ids in the list, in order."""
    return re.findall(r'id="open-([0-9a-f-]{36})"', desk.history.past.listed(kept, search, "0", count)[0])


def fresh(kept: dict[str, str]) -> dict[str, str]:
    """The same browser with a new chat."""
    return {"token": kept["token"], "conversation": ""}


def two(desk: Page) -> tuple[dict[str, str], dict[str, str]]:
    """What the browser keeps with the first and with the second of its conversations open."""
    first = asked(desk)
    return first, asked(desk, OTHER_QUESTION, fresh(first))


def stranger(kept: dict[str, str]) -> dict[str, str]:
    return {"token": Visitor.read(None).token, "conversation": kept["conversation"]}


def link(desk: Page, kept: dict[str, str]) -> str:
    """The token of the link that the side bar shows for the open conversation."""
    return token_in(desk.history.managing.managed(f"{kept['conversation']} 1", kept)[7])


def token_in(update: dict[str, Any]) -> str:
    (token,) = re.findall(r'href="shared/([\w-]{43})"', update["value"])
    return str(token)


def test_conversations_are_listed_and_found(desk: Page) -> None:
    first, second = two(desk)
    assert listed(desk, second) == [second["conversation"], first["conversation"]]
    assert listed(desk, second, "JAWS") == [first["conversation"]]
    assert listed(desk, second, count=1) == [second["conversation"]]
    assert desk.history.past.listed(second, "", "0", 1)[1]["visible"] is True
    rows, more, count = desk.history.past.extended(second, "", "0", 1)
    assert (rows.count("<li>"), more["visible"], count) == (2, False, 1 + PAGE)
    assert "Nothing found for “&#60;b&#62;”" in desk.history.past.listed(second, "<b>", "0", PAGE)[0]


@pytest.mark.parametrize("bad", [None, 7, -1, "x", [], {}])
def test_whatever_a_browser_sends_is_no_error(desk: Page, bad: Any) -> None:
    assert listed(desk, bad, bad, bad) == []
    assert "no longer there" in desk.history.past.opened(bad, bad, "")[5]
    assert "no longer there" in desk.history.managing.managed(bad, bad)[-1]


def test_a_conversation_is_opened(desk: Page) -> None:
    first, second = two(desk)
    kept, chat, _, _, _, said = desk.history.past.opened(f"{first['conversation']} 1", second, "")
    assert (kept, said) == (first, "")
    assert chat["value"][0]["content"] == QUESTION


def test_a_conversation_is_renamed_as_text(desk: Page) -> None:
    kept = asked(desk)
    title, said = desk.history.managing.renamed(kept["conversation"], f" {HOSTILE}\u202e ", kept)
    assert title == HOSTILE
    assert "Renamed" in said
    assert "<img" not in desk.history.past.listed(kept, "", "0", PAGE)[0]
    assert desk.history.managing.renamed(kept["conversation"], "  ", kept)[0] == QUESTION


def test_a_link_is_made_shown_again_and_revoked(desk: Page) -> None:
    kept = asked(desk)
    shared = desk.history.managing.shared(kept["conversation"], kept)
    token = link(desk, kept)
    assert (token_in(shared[1]), shared[1]["visible"]) == (token, True)
    title, (answer,) = desk.memory.shared(token)
    assert (title, answer.question) == (QUESTION, QUESTION)
    revoked = desk.history.managing.revoked(kept["conversation"], kept)
    assert revoked[1]["visible"] is False
    with pytest.raises(LookupError):
        desk.memory.shared(token)
    desk.history.managing.shared(kept["conversation"], kept)
    assert link(desk, kept) != token


def test_deleting_the_open_conversation_empties_the_chat_and_another_does_not(desk: Page) -> None:
    first, second = two(desk)
    kept, chat, *_ = desk.history.managing.deleted(first["conversation"], second)
    assert "value" not in chat
    assert listed(desk, second) == [second["conversation"]]
    kept, chat, *_ = desk.history.managing.deleted(second["conversation"], second)
    assert (kept, chat["value"]) == (fresh(second), [])
    assert listed(desk, kept) == []


def test_all_are_deleted_and_the_visitor_stays(desk: Page) -> None:
    _, second = two(desk)
    desk.history.own_data.consented(True, second)
    kept, chat, *_, said = desk.history.own_data.deleted_all(second, "")
    assert (kept, chat["value"], "2 conversations deleted" in said) == (fresh(second), [], True)
    assert desk.memory.consents(Visitor.read(second).key("s"))


def test_erasure_leaves_nothing_of_the_visitor(desk: Page) -> None:
    kept = asked(desk)
    desk.memory.vote(Visitor.read(kept).key("s"), turns(desk, kept)[0].id, True)
    desk.history.own_data.consented(True, kept)
    desk.history.managing.shared(kept["conversation"], kept)
    erased, chat, *_ = desk.history.own_data.erased(kept, "")
    assert (erased, chat["value"]) == ({}, [])
    with desk.memory.database.reader() as session:  # type: ignore[attr-defined]
        for table in (db.Conversation, db.Turn, db.Feedback, db.Visitor):
            assert session.query(table).count() == 0, table


@pytest.mark.parametrize("lost", ["deleted_all", "erased"])
def test_what_waits_for_its_answer_is_not_stored_after_all_is_gone(desk: Page, lost: str) -> None:
    kept = asked(desk)
    shown = desk.asking.asked(QUESTION, kept, "")
    gone, *_ = getattr(desk.history.own_data, lost)(kept, shown[4])
    apart(desk.asking.answered(shown[4]))
    assert listed(desk, kept) == listed(desk, gone) == []


def test_consent_is_off_asked_once_and_taken_back(desk: Page) -> None:
    kept = asked(desk)
    key = Visitor.read(kept).key("s")
    assert "visible" not in desk.history.own_data.wondered(kept)
    desk.memory.vote(key, turns(desk, kept)[0].id, True)
    assert desk.history.own_data.wondered(kept)["visible"] is True
    assert "visible" not in desk.history.own_data.wondered(kept)
    assert desk.history.own_data.looked(kept)[4] is False
    for given in (True, False):
        hidden, said = desk.history.own_data.answered(given, kept)
        assert (hidden["visible"], "they" in said.lower()) == (False, True)
        assert (desk.memory.consents(key), desk.history.own_data.looked(kept)[4]) == (given, given)


def test_what_is_stored_is_counted(desk: Page) -> None:
    _, second = two(desk)
    stored = desk.history.own_data.looked(second)[3]
    assert "2 conversations, 2 questions, 0 votes, 0 links" in stored
    assert len(re.findall(r'href="download/[\w-]{43}"', stored)) == 2


def test_another_visitor_sees_and_changes_nothing(desk: Page) -> None:
    kept = asked(desk)
    desk.history.managing.shared(kept["conversation"], kept)
    token = link(desk, kept)
    other = asked(desk, OTHER_QUESTION, fresh(stranger(kept)))
    theirs = {"token": other["token"], "conversation": kept["conversation"]}
    mine = kept["conversation"]
    assert listed(desk, theirs) == [other["conversation"]]
    assert listed(desk, theirs, "jaws") == []
    assert "no longer there" in desk.history.past.opened(f"{mine} 1", theirs, "")[5]
    assert "no longer there" in desk.history.managing.managed(f"{mine} 1", theirs)[-1]
    assert "no longer there" in desk.history.managing.renamed(mine, "stolen", theirs)[1]
    assert "no longer there" in desk.history.managing.shared(mine, theirs)[-1]
    assert "no longer there" in desk.history.managing.revoked(mine, theirs)[-1]
    assert "no longer there" in desk.history.managing.deleted(mine, theirs)[-1]
    assert "1 conversation, 1 question," in desk.history.own_data.looked(theirs)[3]
    desk.history.own_data.deleted_all(theirs, "")
    desk.history.own_data.erased(theirs, "")
    assert listed(desk, kept) == [mine]
    assert desk.memory.shared(token)[0] == QUESTION
