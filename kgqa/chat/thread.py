"""The thread: a visitor's conversation as the page shows it, always rendered from the memory."""

from typing import Any

import gradio as gr

from kgqa.chat import card
from kgqa.chat.markup import escape
from kgqa.chat.memory import Memory, NotYoursError, ShownTurn
from kgqa.chat.visitor import Visitor

GONE = "That answer is no longer part of this conversation. Reload the page to see what is."


class Thread:
    """Reads conversations of visitors, and renders them for the chat."""

    def __init__(self, memory: Memory, secret: str) -> None:
        self.memory = memory
        self.secret = secret

    def key(self, visitor: Visitor) -> str:
        """What the memory knows the visitor by."""
        return visitor.key(self.secret)

    def turns(self, visitor: Visitor) -> list[ShownTurn]:
        """The turns of the visitor's conversation; none if it is not theirs."""
        if not visitor.conversation:
            return []
        try:
            return self.memory.turns(self.key(visitor), visitor.conversation)
        except NotYoursError:
            return []

    def render(self, turns: list[ShownTurn], pending: str = "") -> Any:
        """An update of the chat: the turns, and a question that waits for its answer."""
        messages = card.thread(turns) + ([card.question(pending)] if pending else [])
        return gr.update(value=messages, feedback_value=card.thumbs(turns))

    def emptied(self, visitor: Visitor) -> tuple[dict[str, str], Any]:
        """What the browser keeps and the chat shows when no conversation is open."""
        return Visitor(visitor.token).to_dict(), self.render([])

    def shown(self, visitor: Visitor) -> Any:
        """An update of the chat to what the memory holds now."""
        return self.render(self.turns(visitor))


def ready() -> Any:
    """An update of the question box, for another question: whatever was typed into it meanwhile stays."""
    return gr.update(submit_btn=True, stop_btn=False)


def notice(text: str, kind: str = "trouble") -> str:
    """A line above the question box that says how something went."""
    return f'<div class="{kind}" role="status">{escape(text)}</div>'


def turn_at(messages: object, index: object) -> str:
    """The turn that a message says it belongs to; whose it is, the memory decides."""
    place = index[0] if isinstance(index, list | tuple) and index else index
    if not isinstance(messages, list) or not isinstance(place, int) or not 0 <= place < len(messages):
        return ""
    metadata = messages[place].get("metadata") or {}
    return str(metadata.get("id", ""))
