"""Asking: a question is shown at once, then answered, in two requests; until the second is done it can be dropped.

Neither goes through Gradio's queue, which answers over a stream and loses what is asked just as that stream closes
after the answer before. The line that programs stand in is the one for people too.
"""

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.concurrency import run_in_threadpool

from kgqa.chat import card
from kgqa.chat.assistant import LOOKED_BACK, Assistant, QuestionError, clean_question
from kgqa.chat.line import BusyError, Line
from kgqa.chat.memory import NotYoursError, ShownTurn
from kgqa.chat.thread import Thread, notice, ready, turn_at
from kgqa.chat.underway import Asked, Underway
from kgqa.chat.visitor import Visitor

TROUBLE = "Something went wrong on my side. Nothing is lost: please try again in a moment."
BUSY = "Many questions are being asked just now. Yours is still here: please try again in a moment."
PLACES = ("kept", "chat", "box", "notice", "underway", "next")
Parts = dict[str, Any]

log = logging.getLogger(__name__)


class Asking:
    """The handlers of all that asks. Those that begin and `answered` put out PLACES."""

    def __init__(self, assistant: Assistant, thread: Thread, line: Line) -> None:
        self.assistant = assistant
        self.thread = thread
        self.memory = thread.memory
        self.line = line
        self.underway = Underway()

    # A question is shown

    def asked(self, text: object, kept: object, underway: object) -> tuple[Any, ...]:
        """A question was typed."""
        return self._begin(text, Visitor.read(kept), underway, box=gr.update(value="", **_WAITING))

    def offered(self, text: object, kept: object, underway: object) -> tuple[Any, ...]:
        """A question that was suggested was taken."""
        return self._begin(text, Visitor.read(kept), underway)

    def picked(self, kept: object, underway: object, event: gr.SelectData) -> tuple[Any, ...]:
        """An example was clicked."""
        value = event.value
        return self._begin(value.get("text") if isinstance(value, dict) else value, Visitor.read(kept), underway)

    def retried(self, kept: object, underway: object) -> tuple[Any, ...]:
        """Ask the last question again; its new answer takes the place of the old one."""
        visitor = Visitor.read(kept)
        turns = self.thread.turns(visitor)
        if not turns:
            return _unchanged()
        return self._begin(turns[-1].answer.question, visitor, underway, instead_of=turns[-1].id)

    def edited(self, messages: object, kept: object, underway: object, event: gr.EditData) -> tuple[Any, ...]:
        """A question was changed: it and what followed give way to the new one."""
        turn = turn_at(messages, event.index)
        text = event.value if isinstance(event.value, str) else ""
        return self._begin(card.typed(text), Visitor.read(kept), underway, instead_of=turn)

    def _begin(
        self, text: object, visitor: Visitor, underway: object, instead_of: str = "", box: Any = None
    ) -> tuple[Any, ...]:
        """Show a question, unless another one still waits: then the text stays where it is."""
        if self.underway.waits(underway):
            return _unchanged()
        chat = gr.skip()
        try:
            turns = self.thread.turns(visitor)
            chat = self.thread.render(turns)
            question = clean_question(text)
            before = _until(turns, instead_of)
            name = self.underway.add(question, visitor, instead_of, [turn.answer for turn in before[-LOOKED_BACK:]])
            shown = self.thread.render(before, question)
            return visitor.to_dict(), shown, box or gr.update(**_WAITING), "", name, gr.update(visible=False)
        except QuestionError as error:
            return gr.skip(), chat, _given_back(text), notice(str(error)), "", gr.skip()
        except Exception:
            log.exception("a question could not be taken")
            return gr.skip(), chat, _given_back(text), notice(TROUBLE), "", gr.skip()

    # Then it is answered

    async def answered(self, underway: object) -> tuple[Any, ...]:
        """What is underway is answered, once its turn in the line has come; if it was dropped, nothing is shown."""
        asked = self.underway.take(underway)
        if asked is None:
            return _unchanged()
        try:
            return await self.line.run(lambda: self._answered(asked))
        except BusyError:
            return await run_in_threadpool(self._not_answered, asked, BUSY)
        finally:
            self.underway.end(str(underway))

    def _answered(self, asked: Asked) -> tuple[Any, ...]:
        try:
            visitor = self._kept(asked)
            if asked.dropped:
                return _unchanged()
            return visitor.to_dict(), self.thread.shown(visitor), ready(), "", "", gr.skip()
        except Exception:
            log.exception("a question could not be answered")
            return self._not_answered(asked, TROUBLE)

    def _not_answered(self, asked: Asked, why: str) -> tuple[Any, ...]:
        """The conversation as it was, with the question back in the box."""
        try:
            chat = self.thread.shown(asked.visitor)
        except Exception:
            log.exception("a conversation could not be shown")
            chat = gr.skip()
        return gr.skip(), chat, _given_back(asked.question), notice(why), "", gr.skip()

    def _kept(self, asked: Asked) -> Visitor:
        """Answer and keep the turn; returns the visitor with the conversation it is in."""
        visitor, key = asked.visitor, self.thread.key(asked.visitor)
        if asked.dropped:
            return visitor
        answer = self.assistant.ask(asked.question, asked.before)
        if asked.dropped:
            return visitor
        try:
            self.memory.keep(key, visitor.conversation, answer, asked.instead_of)
        except NotYoursError:
            visitor = Visitor(visitor.token, self.memory.start(key))
            self.memory.keep(key, visitor.conversation, answer)
        return visitor

    # Or dropped

    def stopped(self, kept: object, underway: object) -> tuple[Any, ...]:
        """The person stopped the answer: their question is in the box again. Outputs: chat, box, notice, underway."""
        question = self.underway.drop(underway)
        box = _given_back(question) if question else ready()
        return self.thread.shown(Visitor.read(kept)), box, "", ""

    def began(self, kept: object, underway: object) -> tuple[Any, ...]:
        """A new chat: the old one stays in the store, and what was typed and not sent stays in the box."""
        self.underway.drop(underway)
        return (*self.thread.emptied(Visitor.read(kept)), ready(), "", "", gr.update(visible=False))

    # The components

    def wire(self, parts: Parts, **quiet: Any) -> list[Any]:
        """Join the components to the handlers; returns the events after which there is an answer."""
        kept, underway, chat = (parts[name] for name in ("kept", "underway", "chat"))
        outputs = [parts[name] for name in PLACES]

        def answered(event: Callable[..., Any], handler: Callable[..., Any], *inputs: Any) -> Any:
            """A question is begun by this event, and answered after it, however many answers are on their way."""
            begun = event(handler, [*inputs, kept, underway], outputs, **quiet)
            done = begun.success(self.answered, underway, outputs, trigger_mode="multiple", **quiet)
            done.failure(self.stopped, [kept, underway], outputs[1:5], **quiet)  # as when too many are sent
            return done

        parts["box"].stop(self.stopped, [kept, underway], outputs[1:5], **quiet)
        return [
            answered(parts["box"].submit, self.asked, parts["box"]),
            answered(chat.example_select, self.picked),
            answered(chat.retry, self.retried),
            answered(chat.edit, self.edited, chat),
            *(answered(button.click, self.offered, button) for button in parts["next_questions"]),
        ]


_WAITING: dict[str, Any] = {"submit_btn": False, "stop_btn": True}


def _unchanged() -> tuple[Any, ...]:
    """Updates of PLACES that leave them as they are."""
    return tuple(gr.skip() for _ in PLACES)


def _given_back(text: object) -> Any:
    """An update of the question box: it holds a question that was not answered."""
    return gr.update(value=text if isinstance(text, str) else "", submit_btn=True, stop_btn=False)


def _until(turns: list[ShownTurn], turn: str) -> list[ShownTurn]:
    """The turns before this one; all of them if it is none of them."""
    ids = [shown.id for shown in turns]
    return turns[: ids.index(turn)] if turn in ids else turns
