"""The page: a Gradio chat over an assistant and a memory.

Whatever a browser sends is checked here: the visitor's token names them, the question is cleaned by the
assistant, and a turn is looked up by its id and must be the visitor's own. The browser's copy of the
conversation is never believed; the thread is always rendered from the memory.
"""

from typing import Any

import gradio as gr
from gradio.events import api

from kgqa.chat.asking import PLACES, Asking
from kgqa.chat.assistant import Assistant, QuestionError
from kgqa.chat.correction import PANEL, Correction, closed
from kgqa.chat.following import Following, Suggest
from kgqa.chat.history import History
from kgqa.chat.line import Line
from kgqa.chat.markup import escape
from kgqa.chat.memory import Memory
from kgqa.chat.picking import Picking
from kgqa.chat.thread import Thread
from kgqa.chat.tickets import Tickets
from kgqa.chat.visitor import Visitor
from kgqa.config import Settings

STORAGE_KEY = "kgqa-visitor"
INVITATION = "Ask a question"


class Page:
    """The handlers of the page; `build` wires them to the components."""

    def __init__(
        self,
        assistant: Assistant,
        memory: Memory,
        line: Line,
        settings: Settings,
        suggest: Suggest = lambda answer: (),
    ) -> None:
        self.assistant = assistant
        self.memory = memory
        self.settings = settings
        self.thread = Thread(memory, settings.secret)
        self.asking = Asking(assistant, self.thread, line)
        self.correction = Correction(assistant, self.thread)
        self.picking = Picking(assistant, self.thread, line)
        self.following = Following(suggest, self.thread, line)
        self.tickets = Tickets()
        self.history = History(self.thread, self.tickets, self.asking.underway)

    # What a visitor sees

    def opened(self, kept: object) -> tuple[Any, Any]:
        """The page was loaded: the conversation of this browser comes back.

        Who is new gets no token here but with the first question, which may come sooner than this returns.
        """
        inviting = gr.update(placeholder=INVITATION)
        turns = self.thread.turns(Visitor.read(kept))
        return (self.thread.render(turns) if turns else gr.skip()), inviting

    def ask(self, question: str) -> dict[str, Any]:
        """Answer one question about the graph; the object is the one that `python -m kgqa ask --json` prints.

        In Gradio's queue. Only an event that never raises may be a coroutine: Gradio forgets to end one that does, and
        then fails in all that comes over the same connection.
        """
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
            api(self.ask, api_name="ask", concurrency_limit=self.settings.workers)
        blocks.queue(max_size=self.settings.queue_size)
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
        parts["underway"] = gr.State("")
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
        kept, chat = parts["kept"], parts["chat"]
        panel = [parts[name] for name in PANEL]
        # Past the queue: its stream loses an answer that comes just as it closes after an earlier one.
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
        blocks.load(self.opened, kept, [chat, parts["box"]], **quiet)
        asking = self.asking.wire(parts, **quiet)
        begun = [parts[name] for name in PLACES]
        fresh = [
            parts[new]
            .click(self.asking.began, [kept, parts["underway"]], begun, **quiet)
            .then(closed, None, panel, **quiet)
            for new in ("new", "anew")
        ]
        picked = parts["picked"].change(self.picking.picked, [parts["picked"], kept], [chat, parts["notice"]], **quiet)
        judging = [*self.correction.wire(parts, **quiet), picked]
        opening = self.history.wire(blocks, parts, [*asking, *fresh], judging, **quiet)
        self.following.wire(blocks, parts, [*asking, *fresh], [picked, opening], **quiet)
