"""The page: a Gradio chat over an assistant and a memory.

Whatever a browser sends is checked here: the visitor's token names them, the question is cleaned by the
assistant, and a turn is looked up by its id and must be the visitor's own. The browser's copy of the
conversation is never believed; the thread is always rendered from the memory.
"""

import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.events import api

from kgqa.chat import card
from kgqa.chat.assistant import Assistant, QuestionError, clean_question
from kgqa.chat.correction import PANEL, Correction, closed
from kgqa.chat.following import Following, Suggest
from kgqa.chat.history import History
from kgqa.chat.markup import escape
from kgqa.chat.memory import Memory, NotYoursError, ShownTurn
from kgqa.chat.picking import Picking
from kgqa.chat.thread import Thread, notice, ready, turn_at
from kgqa.chat.tickets import Tickets
from kgqa.chat.visitor import Visitor
from kgqa.config import Settings

STORAGE_KEY = "kgqa-visitor"
INVITATION = "Ask a question"
TROUBLE = "Something went wrong on my side. Nothing is lost: please try again in a moment."

log = logging.getLogger(__name__)


class Page:
    """The handlers of the page; `build` wires them to the components."""

    def __init__(
        self, assistant: Assistant, memory: Memory, settings: Settings, suggest: Suggest = lambda answer: ()
    ) -> None:
        self.assistant = assistant
        self.memory = memory
        self.settings = settings
        self.thread = Thread(memory, settings.secret)
        self.correction = Correction(assistant, self.thread)
        self.picking = Picking(assistant, self.thread)
        self.following = Following(suggest, self.thread)
        self.tickets = Tickets()
        self.history = History(self.thread, self.tickets)

    # What a visitor sees

    def opened(self, kept: object) -> tuple[Any, Any]:
        """The page was loaded: the conversation of this browser comes back.

        Who is new gets no token here but with the first question, which may come sooner than this returns.
        """
        inviting = gr.update(placeholder=INVITATION)
        turns = self.thread.turns(Visitor.read(kept))
        return (self.thread.render(turns) if turns else gr.skip()), inviting

    def began(self, kept: object) -> tuple[dict[str, str], Any, Any, str]:
        """A new chat: the old one stays in the store, and what was typed and not sent stays in the box."""
        return (*self.thread.emptied(Visitor.read(kept)), ready(), "")

    def stopped(self, kept: object, question: str) -> tuple[Any, Any, str]:
        """The person stopped the answer: their question goes back into the box."""
        turns = self.thread.turns(Visitor.read(kept))
        return self.thread.render(turns), gr.update(value=question, submit_btn=True, stop_btn=False), ""

    # Asking

    def asked(self, text: object, kept: object) -> Iterator[tuple[Any, ...]]:
        """A question: shown at once, then with its answer. Outputs: kept, chat, box, notice, pending."""
        yield from self._ask(text, Visitor.read(kept))

    def picked(self, kept: object, event: gr.SelectData) -> Iterator[tuple[Any, ...]]:
        """An example was clicked."""
        value = event.value
        yield from self._ask(value.get("text") if isinstance(value, dict) else value, Visitor.read(kept))

    def retried(self, kept: object) -> Iterator[tuple[Any, ...]]:
        """Ask the last question again; its new answer takes the place of the old one."""
        visitor = Visitor.read(kept)
        turns = self.thread.turns(visitor)
        if turns:
            yield from self._ask(turns[-1].answer.question, visitor, instead_of=turns[-1].id)

    def edited(self, messages: object, kept: object, event: gr.EditData) -> Iterator[tuple[Any, ...]]:
        """A question was changed: it and what followed give way to the new one."""
        visitor = Visitor.read(kept)
        turn = turn_at(messages, event.index)
        text = event.value if isinstance(event.value, str) else ""
        yield from self._ask(card.typed(text), visitor, instead_of=turn)

    def _ask(self, text: object, visitor: Visitor, instead_of: str = "") -> Iterator[tuple[Any, ...]]:
        chat = gr.skip()
        try:
            turns = self.thread.turns(visitor)
            chat = self.thread.render(turns)
            question = clean_question(text)
            yield visitor.to_dict(), self.thread.render(_until(turns, instead_of), question), _busy(), "", question
            visitor = self._answer(question, visitor, instead_of)
            yield visitor.to_dict(), self.thread.shown(visitor), ready(), "", ""
        except QuestionError as error:
            yield gr.skip(), chat, _idle(text), notice(str(error)), ""
        except Exception:
            log.exception("a question could not be answered")
            yield gr.skip(), chat, _idle(text), notice(TROUBLE), ""

    def _answer(self, question: str, visitor: Visitor, instead_of: str) -> Visitor:
        """Answer and keep the turn; returns the visitor with the conversation it is in."""
        key = self.thread.key(visitor)
        answer = self.assistant.ask(question)
        try:
            self.memory.keep(key, visitor.conversation, answer, instead_of)
        except NotYoursError:
            visitor = Visitor(visitor.token, self.memory.start(key))
            self.memory.keep(key, visitor.conversation, answer)
        return visitor

    def ask(self, question: str) -> dict[str, Any]:
        """Answer one question about the graph; the object is the one that `python -m kgqa ask --json` prints."""
        try:
            return self.assistant.ask(question).to_dict()
        except QuestionError as error:
            raise gr.Error(str(error), print_exception=False) from error

    # The components

    def build(self) -> gr.Blocks:
        """The page as Gradio blocks, with the one public endpoint `ask`."""
        blocks: gr.Blocks = gr.Blocks(title=self.settings.title, analytics_enabled=False, fill_height=True)
        with blocks:
            parts = self._components()
            self._wire(blocks, parts)
            api(self.ask, api_name="ask", concurrency_id="model")
        blocks.queue(max_size=self.settings.queue_size, default_concurrency_limit=16)
        return blocks

    def _components(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"kept": gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY)}
        self.history.build(parts)
        with gr.Row(elem_id="header"):
            gr.Markdown(f"# {escape(self.settings.title)}\n{escape(self.settings.promise)}", elem_id="promise")
            parts["new"] = gr.Button("New chat", elem_id="new", size="sm", min_width=96, scale=0)
        parts["chat"] = self._chatbot()
        parts["notice"] = gr.Markdown("", elem_id="notice")
        self.history.own_data.build_question(parts)
        self.following.build(parts)
        with gr.Column(elem_id="composer") as parts["composer"]:
            parts["box"] = gr.Textbox(
                elem_id="question", label="Your question", show_label=False, container=False, autofocus=True,
                placeholder="One moment …", submit_btn=True, lines=1, max_lines=5,
            )  # fmt: skip
        with gr.Column(elem_id="correction", visible=False) as parts["panel"]:
            self.correction.build(parts)
        parts["pending"] = gr.State("")
        for name, label in (("flagged", "Flagged answer"), ("picked", "Picked instead")):
            parts[name] = gr.Textbox(elem_id=name, elem_classes="request", label=label, visible="hidden")
        places = " Places: GeoNames, CC BY 4.0." if self.settings.answers_for_the_world else ""
        gr.Markdown(f"Answers can be wrong.{places}", elem_id="footnote")
        return parts

    def _chatbot(self) -> gr.Chatbot:
        return gr.Chatbot(
            elem_id="chat", label="Conversation", show_label=False, container=False, scale=1, height="100%",
            render_markdown=False, latex_delimiters=[], allow_tags=False, buttons=["copy"], editable="user",
            feedback_options=("Like", "Dislike"), allow_file_downloads=False, layout="bubble", autoscroll=False,
            placeholder='<div class="welcome"><p class="greeting">What would you like to know?</p>'
            "<p>Ask in your own words, or begin with one of these.</p></div>",
            examples=[{"text": example} for example in self.assistant.examples[:6]],
        )  # fmt: skip

    def _wire(self, blocks: gr.Blocks, parts: dict[str, Any]) -> None:
        kept, chat, box, said = (parts[name] for name in ("kept", "chat", "box", "notice"))
        panel = [parts[name] for name in PANEL]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        asking: dict[str, Any] = {
            **quiet, "outputs": [kept, chat, box, said, parts["pending"]],
            "concurrency_id": "model", "concurrency_limit": self.settings.workers,
        }  # fmt: skip
        blocks.load(self.opened, kept, [chat, box], **quiet)
        events = [
            box.submit(self.asked, [box, kept], **asking),
            chat.example_select(self.picked, kept, **asking),
            chat.retry(self.retried, kept, **asking),
            chat.edit(self.edited, [chat, kept], **asking),
            *(button.click(self.asked, [button, kept], **asking) for button in parts["next_questions"]),
        ]
        stopping = {**quiet, "cancels": events, "queue": False}
        box.stop(self.stopped, [kept, parts["pending"]], [chat, box, said], **stopping)
        fresh = [
            parts[new].click(self.began, kept, [kept, chat, box, said], **stopping).then(closed, None, panel, **quiet)
            for new in ("new", "anew")
        ]
        picking: dict[str, Any] = {**quiet, "concurrency_id": "model", "concurrency_limit": self.settings.workers}
        picked = parts["picked"].change(self.picking.picked, [parts["picked"], kept], [chat, said], **picking)
        judging = [*self.correction.wire(parts, **quiet), picked]
        opening = self.history.wire(blocks, parts, events, fresh, judging, **quiet)
        self.following.wire(blocks, parts, [*events, *fresh, picked, opening], **quiet)


def _idle(text: object) -> Any:
    """The question box with a question that was not answered."""
    return gr.update(value=text if isinstance(text, str) else "", submit_btn=True, stop_btn=False)


def _busy() -> Any:
    """The question box while an answer is on its way."""
    return gr.update(value="", submit_btn=False, stop_btn=True)


def _until(turns: list[ShownTurn], turn: str) -> list[ShownTurn]:
    """The turns before this one; all of them if it is none of them."""
    ids = [shown.id for shown in turns]
    return turns[: ids.index(turn)] if turn in ids else turns
