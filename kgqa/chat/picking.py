"""Picking: a visitor chooses what a mention means or what a hop follows, and is answered anew on the spot."""

import logging
from typing import Any

import gradio as gr

from kgqa.chat.assistant import Assistant
from kgqa.chat.line import BusyError, Line
from kgqa.chat.memory import NotYoursError
from kgqa.chat.offers import Pick
from kgqa.chat.thread import GONE, Thread, notice
from kgqa.chat.visitor import Visitor
from kgqa.errors import InputError, UnknownEntityError
from kgqa.types import Answer

LOST = "That is no longer in the graph. Pick something else."
BUSY = "Many questions are being asked just now. Please pick again in a moment."
TROUBLE = "That could not be answered anew, through a fault on my side. What you had is still here."

log = logging.getLogger(__name__)


class Picking:
    """The handler of the buttons that a card offers; a turn must be the visitor's own, and offer what is picked."""

    def __init__(self, assistant: Assistant, thread: Thread, line: Line) -> None:
        self.assistant = assistant
        self.line = line
        self.thread = thread
        self.memory = thread.memory

    async def picked(self, request: object, kept: object) -> tuple[Any, str]:
        """A button of a card was pressed. Outputs: chat, notice."""
        try:
            return await self.line.run(lambda: self._picked(request, Visitor.read(kept)))
        except BusyError:
            return gr.skip(), notice(BUSY)
        except Exception:
            log.exception("a question could not be answered anew")
            return gr.skip(), notice(TROUBLE)

    def _picked(self, request: object, visitor: Visitor) -> tuple[Any, str]:
        key = self.thread.key(visitor)
        try:
            pick = Pick.read(request)
            shown = self.memory.turn(key, pick.turn).answer
            before = self._before(visitor, pick.turn)
            self.memory.answer_anew(key, pick.turn, self.assistant.ask_anew(shown, pick.choices(shown), before))
        except NotYoursError:
            return self.thread.shown(visitor), notice(GONE)
        except UnknownEntityError:
            return self.thread.shown(visitor), notice(LOST)
        except InputError as error:
            return self.thread.shown(visitor), notice(str(error))
        return self.thread.shown(visitor), ""

    def _before(self, visitor: Visitor, turn: str) -> list[Answer]:
        """The answers that came before a turn in its conversation."""
        turns = self.thread.turns(visitor)
        ids = [each.id for each in turns]
        return [each.answer for each in turns[: ids.index(turn) if turn in ids else 0]]
