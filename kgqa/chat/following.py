"""Following up: questions to go on with under the last answer, which come after it and never hold one up."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from kgqa.chat.line import Line
from kgqa.chat.thread import Thread
from kgqa.chat.visitor import Visitor
from kgqa.types import Answer

MOST = 3
Parts = dict[str, Any]
Suggest = Callable[[Answer], Sequence[str]]

log = logging.getLogger(__name__)


class Following:
    """The row of next questions; `suggest` finds those that the graph can answer, while nobody waits for an answer."""

    def __init__(self, suggest: Suggest, thread: Thread, line: Line) -> None:
        self.suggest = suggest
        self.thread = thread
        self.line = line

    async def followed(self, kept: object) -> tuple[Any, ...]:
        """Questions after the last answer. Outputs: the row, and its buttons."""
        found = await self.line.spare(lambda: self._found(kept)) or []
        texts = found + [""] * (MOST - len(found))
        return (gr.update(visible=bool(found)), *(gr.update(value=text, visible=bool(text)) for text in texts))

    def _found(self, kept: object) -> list[str]:
        try:
            turns = self.thread.turns(Visitor.read(kept))
            return list(self.suggest(turns[-1].answer))[:MOST] if turns else []
        except Exception:
            log.exception("no next questions could be found")
            return []

    # The components

    def build(self, parts: Parts) -> None:
        """The row and its buttons, added to `parts`."""
        with gr.Row(elem_id="next", visible=False) as parts["next"]:
            gr.Markdown("Ask next", elem_id="next-heading")
            parts["next_questions"] = [
                gr.Button("", elem_id=f"next-{number}", size="sm", min_width=60, visible=False)
                for number in range(MOST)
            ]

    def wire(self, blocks: gr.Blocks, parts: Parts, asking: list[Any], changing: list[Any], **quiet: Any) -> None:
        """Renew the row when the page is loaded, after those who ask, who clear it, and after other events that change
        what is shown last."""
        later: dict[str, Any] = {
            **quiet, "fn": self.followed, "inputs": parts["kept"],
            "outputs": [parts["next"], *parts["next_questions"]],
        }  # fmt: skip
        blocks.load(**later)
        for event in asking:
            event.then(**later)
        for event in changing:
            event.then(_cleared, None, parts["next"], **quiet).then(**later)


def _cleared() -> Any:
    """Questions about what is no longer the last answer are gone at once."""
    return gr.update(visible=False)
