"""The list of past conversations: searched, extended, and opened into the chat."""

from datetime import UTC, datetime
from typing import Any

import gradio as gr

from kgqa.chat.correction import PANEL, closed
from kgqa.chat.markup import escape, shorten
from kgqa.chat.memory import NotYoursError
from kgqa.chat.panels import GONE, Parts
from kgqa.chat.shelf import clock, shelf
from kgqa.chat.thread import Thread, notice, ready
from kgqa.chat.underway import Underway
from kgqa.chat.visitor import Visitor

PAGE = 30
LONGEST_SEARCH = 200


class Past:
    """The handlers of the list; whose a conversation is, the memory decides at every step."""

    def __init__(self, thread: Thread, underway: Underway) -> None:
        self.thread = thread
        self.underway = underway
        self.memory = thread.memory

    def listed(self, kept: object, search: object, zone: object, count: object) -> tuple[str, Any]:
        """The list as it is now. Outputs: shelf, more."""
        visitor = Visitor.read(kept)
        words = search if isinstance(search, str) else ""
        most = count if isinstance(count, int) and count > 0 else PAGE
        past = self.memory.conversations(self.thread.key(visitor), words, most + 1)
        rows = shelf(past[:most], visitor.conversation, clock(zone), datetime.now(UTC)) if past else _nothing(words)
        return rows, gr.update(visible=len(past) > most)

    def extended(self, kept: object, search: object, zone: object, count: object) -> tuple[str, Any, int]:
        """More of the list. Outputs: shelf, more, count."""
        most = (count if isinstance(count, int) else PAGE) + PAGE
        return (*self.listed(kept, search, zone, most), most)

    def opened(self, request: object, kept: object, underway: object) -> tuple[Any, ...]:
        """A conversation of the list goes into the chat, and what waits for its answer is dropped.

        Outputs: kept, chat, box, notice, underway, said in the side bar.
        """
        visitor = Visitor.read(kept)
        try:
            found = self.memory.conversation(self.thread.key(visitor), named(request))
        except NotYoursError:
            return (*[gr.skip()] * 5, notice(GONE))
        self.underway.drop(underway)
        chosen = Visitor(visitor.token, found.id)
        return chosen.to_dict(), self.thread.shown(chosen), ready(), "", "", ""

    def build(self, parts: Parts) -> None:
        """The panel, added to `parts`."""
        parts["anew"] = gr.Button("New chat", elem_id="anew", size="md")
        parts["search"] = gr.Textbox(
            elem_id="search", label="Search your conversations", placeholder="Search", show_label=False,
            container=False, max_length=LONGEST_SEARCH, max_lines=1,
        )  # fmt: skip
        parts["shelf"] = gr.Markdown("", elem_id="shelf")
        parts["more"] = gr.Button("Show more", elem_id="more", size="sm", visible=False)
        parts["look"] = gr.Button("Your data", elem_id="look", size="sm")

    def wire(self, blocks: gr.Blocks, parts: Parts, quiet: dict[str, Any]) -> dict[str, Any]:
        """Join the components to the handlers; returns what renews the list after an event."""
        place = [parts["kept"], parts["search"], parts["zone_request"], parts["count"]]
        relist: dict[str, Any] = {
            "fn": self.listed,
            "inputs": place,
            "outputs": [parts["shelf"], parts["more"]],
            **quiet,
        }
        blocks.load(**relist)
        parts["zone_request"].change(**relist)
        parts["search"].change(**relist, trigger_mode="multiple")
        parts["more"].click(self.extended, place, [parts["shelf"], parts["more"], parts["count"]], **quiet)
        return relist

    def wire_open(self, parts: Parts, relist: dict[str, Any], quiet: dict[str, Any]) -> Any:
        """Join the buttons that open a conversation; returns that event."""
        shown = [parts[name] for name in ("kept", "chat", "box", "notice", "underway", "aside")]
        request = parts["open_request"]
        opening = request.change(self.opened, [request, parts["kept"], parts["underway"]], shown, **quiet)
        return opening.then(closed, None, [parts[name] for name in PANEL], **quiet).then(**relist)


def named(request: object) -> str:
    """The id in what a button of the list sends: the id, and the time so that each click is a change."""
    return request.partition(" ")[0] if isinstance(request, str) else ""


def _nothing(words: str) -> str:
    if words.strip():
        return f'<p class="empty">Nothing found for “{escape(shorten(words.strip(), 60))}”.</p>'
    return '<p class="empty">Nothing here yet. What you ask is kept here, for this browser alone.</p>'
