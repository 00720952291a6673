"""The history: the side bar, which shows the list of past conversations, one of them, or "Your data"."""

from typing import Any

import gradio as gr

from kgqa.chat.managing import Managing
from kgqa.chat.own_data import OwnData
from kgqa.chat.panels import Parts
from kgqa.chat.past import PAGE, Past
from kgqa.chat.thread import Thread
from kgqa.chat.tickets import Tickets
from kgqa.chat.underway import Underway


class History:
    """Joins the three panels to the page."""

    def __init__(self, thread: Thread, tickets: Tickets, underway: Underway) -> None:
        self.past = Past(thread, underway)
        self.managing = Managing(thread, tickets)
        self.own_data = OwnData(thread, tickets, underway)

    def build(self, parts: Parts) -> None:
        """The side bar and what it needs, added to `parts`."""
        with gr.Sidebar(open=False, elem_id="history", width=300, label="Past conversations"):
            parts["aside"] = gr.Markdown("", elem_id="aside")
            with gr.Column(elem_id="past") as parts["past"]:
                self.past.build(parts)
            with gr.Column(elem_id="manage", visible=False) as parts["manage"]:
                self.managing.build(parts)
            with gr.Column(elem_id="data", visible=False) as parts["data"]:
                self.own_data.build(parts)
            for name in ("open", "manage", "zone"):
                parts[f"{name}_request"] = gr.Textbox(
                    elem_id=f"{name}-request", elem_classes="request", label=name, visible="hidden"
                )
        parts["count"], parts["which"] = gr.State(PAGE), gr.State("")

    def wire(self, blocks: gr.Blocks, parts: Parts, changing: list[Any], judging: list[Any], **quiet: Any) -> Any:
        """Join the components to the handlers; returns the event by which a past conversation is opened.

        The list is renewed after the events that change it; the question about training comes after those that judge
        an answer.
        """
        relist = self.past.wire(blocks, parts, quiet)
        for event in changing:
            event.then(**relist)
        self.managing.wire(parts, relist, quiet)
        self.own_data.wire(parts, judging, relist, quiet)
        return self.past.wire_open(parts, relist, quiet)
