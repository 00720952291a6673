"""Who is asking."""

import pytest

from kgqa.chat.visitor import Visitor


def test_a_browser_keeps_what_it_was_given() -> None:
    visitor = Visitor(Visitor.read(None).token, "some-conversation")
    assert Visitor.read(visitor.to_dict()) == visitor


@pytest.mark.parametrize("value", [None, {}, [], "x", {"token": 7}, {"token": "short"}, {"token": "a" * 44}])
def test_anything_else_is_a_new_visitor(value: object) -> None:
    first, second = Visitor.read(value), Visitor.read(value)
    assert first.token != second.token
    assert first.conversation == ""


def test_a_conversation_that_is_no_text_is_none() -> None:
    token = Visitor.read(None).token
    assert Visitor.read({"token": token, "conversation": ["x"]}) == Visitor(token, "")


def test_the_store_sees_a_key_that_hangs_on_token_and_secret() -> None:
    visitor = Visitor.read(None)
    assert visitor.key("a") == visitor.key("a")
    assert len({visitor.key("a"), visitor.key("b"), Visitor.read(None).key("a")}) == 3
    assert visitor.token not in visitor.key("a")


def test_only_the_browser_can_make_its_link_again() -> None:
    visitor = Visitor.read(None)
    assert visitor.link("a") == Visitor(visitor.token, "c").link("a")
    assert len({visitor.link("a"), visitor.link("b"), Visitor.read(None).link("a")}) == 3
    assert len(visitor.link("a")) == 43
