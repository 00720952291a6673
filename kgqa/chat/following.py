"""Following up: questions to go on with under the last answer, which come after it and never hold it up."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from kgqa.chat.thread import Thread
from kgqa.chat.visitor import Visitor
from kgqa.types import Answer

MOST = 3
Parts = dict[str, Any]
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

    # The components

    def build(self, parts: Parts) -> None:
        """The row and its buttons, added to `parts`."""
        with gr.Row(elem_id="next", visible=False) as parts["next"]:
            gr.Markdown("Ask next", elem_id="next-heading")
            parts["next_questions"] = [
                gr.Button("", elem_id=f"next-{number}", size="sm", min_width=60, visible=False)
                for number in range(MOST)
            ]

    def wire(self, blocks: gr.Blocks, parts: Parts, changing: list[Any], **quiet: Any) -> None:
        """Renew the row when the page is loaded, and after the events that change what is shown last."""
        later: dict[str, Any] = {
            **quiet, "fn": self.followed, "inputs": parts["kept"],
            "outputs": [parts["next"], *parts["next_questions"]],
        }  # fmt: skip
        blocks.load(**later)
        for event in changing:
            event.then(_cleared, None, parts["next"], **quiet).then(**later)


def _cleared() -> Any:
    """Questions about what is no longer the last answer are gone at once."""
    return gr.update(visible=False)
