"""Following up: questions to go on with under the last answer, which come after it and never hold it up."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from kgqa.chat.thread import Thread
from kgqa.chat.visitor import Visitor
from kgqa.types import Answer

MOST = 3
Suggest = Callable[[Answer], Sequence[str]]

log = logging.getLogger(__name__)


class Following:
    """The row of next questions; `suggest` finds those that the graph can answer."""

    def __init__(self, suggest: Suggest, thread: Thread) -> None:
        self.suggest = suggest
        self.thread = thread

    def followed(self, kept: object) -> tuple[Any, ...]:
        """Questions after the last answer. Outputs: the row, and its buttons."""
        turns = self.thread.turns(Visitor.read(kept))
        try:
            found = list(self.suggest(turns[-1].answer))[:MOST] if turns else []
        except Exception:
            log.exception("no next questions could be found")
            found = []
        texts = found + [""] * (MOST - len(found))
        return (gr.update(visible=bool(found)), *(gr.update(value=text, visible=bool(text)) for text in texts))

    def build(self, parts: dict[str, Any]) -> list[gr.Button]:
        """The row, added to `parts`; returns its buttons."""
        with gr.Row(elem_id="next", visible=False) as parts["next"]:
            gr.Markdown("Ask next", elem_id="next-heading")
            return [
                gr.Button("", elem_id=f"next-{number}", elem_classes="next", size="sm", visible=False)
                for number in range(MOST)
            ]
