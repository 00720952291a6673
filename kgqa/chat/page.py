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
from kgqa.chat.assistant import Assistant, QuestionError, Suggestion, clean_question
from kgqa.chat.markup import escape, shorten, visible
from kgqa.chat.memory import Memory, NotYoursError, RightAnswer, ShownTurn
from kgqa.chat.visitor import Visitor
from kgqa.config import Settings
from kgqa.errors import UnknownEntityError

STORAGE_KEY = "kgqa-visitor"
MOST_CORRECTIONS = 20
LONGEST_LABEL = 200
LONGEST_COMMENT = 2_000
GONE = "That answer is no longer part of this conversation. Reload the page to see what is."
INVITATION = "Ask a question"
TROUBLE = "Something went wrong on my side. Nothing is lost: please try again in a moment."

log = logging.getLogger(__name__)
Update = dict[str, Any]


class Page:
    """The handlers of the page; `build` wires them to the components."""

    def __init__(self, assistant: Assistant, memory: Memory, settings: Settings) -> None:
        self.assistant = assistant
        self.memory = memory
        self.settings = settings

    # What a visitor sees

    def opened(self, kept: object) -> tuple[Any, Any]:
        """The page was loaded: the conversation of this browser comes back.

        Who is new gets no token here but with the first question, which may come sooner than this returns.
        """
        ready = gr.update(placeholder=INVITATION)
        turns = self._turns(Visitor.read(kept))
        return (self._chat(turns) if turns else gr.skip()), ready

    def began(self, kept: object) -> tuple[dict[str, str], Any, Any, str]:
        """A new chat: the old one stays in the store."""
        visitor = Visitor(Visitor.read(kept).token)
        return visitor.to_dict(), self._chat([]), gr.update(value="", submit_btn=True, stop_btn=False), ""

    def stopped(self, kept: object, question: str) -> tuple[Any, Any, str]:
        """The person stopped the answer: their question goes back into the box."""
        turns = self._turns(Visitor.read(kept))
        return self._chat(turns), gr.update(value=question, submit_btn=True, stop_btn=False), ""

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
        turns = self._turns(visitor)
        if turns:
            yield from self._ask(turns[-1].answer.question, visitor, instead_of=turns[-1].id)

    def edited(self, messages: object, kept: object, event: gr.EditData) -> Iterator[tuple[Any, ...]]:
        """A question was changed: it and what followed give way to the new one."""
        visitor = Visitor.read(kept)
        turn = _turn_at(messages, event.index)
        text = event.value if isinstance(event.value, str) else ""
        yield from self._ask(card.typed(text), visitor, instead_of=turn)

    def _ask(self, text: object, visitor: Visitor, instead_of: str = "") -> Iterator[tuple[Any, ...]]:
        chat = gr.skip()
        try:
            turns = self._turns(visitor)
            chat = self._chat(turns)
            question = clean_question(text)
            yield visitor.to_dict(), self._chat(_until(turns, instead_of), question), _busy(), "", question
            visitor = self._answer(question, visitor, instead_of)
            yield visitor.to_dict(), self._chat(self._turns(visitor)), _idle(""), "", ""
        except QuestionError as error:
            yield gr.skip(), chat, _idle(text), _notice(str(error)), ""
        except Exception:
            log.exception("a question could not be answered")
            yield gr.skip(), chat, _idle(text), _notice(TROUBLE), ""

    def _answer(self, question: str, visitor: Visitor, instead_of: str) -> Visitor:
        """Answer and keep the turn; returns the visitor with the conversation it is in."""
        key = visitor.key(self.settings.secret)
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

    # Feedback

    def voted(self, messages: object, kept: object, event: gr.LikeData) -> tuple[Any, ...]:
        """A thumb was set, changed or taken back; a thumb down asks what would have been right."""
        visitor = Visitor.read(kept)
        turn = _turn_at(messages, event.index)
        liked = event.liked if isinstance(event.liked, bool) else None
        try:
            self.memory.vote(visitor.key(self.settings.secret), turn, liked)
        except NotYoursError:
            return (self._chat(self._turns(visitor)), _notice(GONE), *_closed())
        chat = self._chat(self._turns(visitor))
        if liked is False:
            return (chat, "", *self._panel(visitor, turn))
        return (chat, "Thank you." if liked else "", *_closed())

    def flagged(self, request: str, kept: object) -> tuple[Any, ...]:
        """The button of a card that says "Wrong answer?": open the correction with what was said before."""
        turn = request.partition(" ")[0] if isinstance(request, str) else ""
        try:
            return ("", *self._panel(Visitor.read(kept), turn))
        except NotYoursError:
            return (_notice(GONE), *_closed())

    def _panel(self, visitor: Visitor, turn: str) -> tuple[Any, ...]:
        """Updates of: panel, heading, right answers, comment, the turn corrected, withdraw, composer."""
        shown = self.memory.turn(visitor.key(self.settings.secret), turn)
        right = shown.opinion.right
        choices = [(self._choice(answer), answer.id or answer.label) for answer in right]
        heading = f"### What would be right?\n{escape(shorten(shown.answer.question, 120))}"
        said = shown.opinion.corrects or shown.opinion.liked is not None
        return (
            gr.update(visible=True),
            heading,
            gr.update(choices=choices, value=[value for _, value in choices]),
            shown.opinion.comment,
            shown.id,
            gr.update(visible=said),
            gr.update(visible=False),
        )

    def _choice(self, answer: RightAnswer) -> str:
        try:
            return self.assistant.entity(answer.id).text if answer.id else answer.label
        except UnknownEntityError:
            return answer.label

    def suggested(self, chosen: object, event: gr.KeyUpData) -> Any:
        """Entities that go on like what is being typed; those already chosen stay in the list."""
        if event.key in ("ArrowDown", "ArrowUp", "Enter", "Escape", "Tab"):
            return gr.skip()
        found = self.assistant.suggest(event.input_value if isinstance(event.input_value, str) else "")
        kept = [(self._choice(answer), answer.id or answer.label) for answer in self._right(chosen)]
        return gr.update(choices=kept + [_row(entity) for entity in found if entity.id not in dict(kept).values()])

    def saved(self, turn: str, chosen: object, comment: object, kept: object) -> tuple[Any, ...]:
        """Keep the correction. Outputs: chat, notice, and the panel's."""
        visitor = Visitor.read(kept)
        right = self._right(chosen)
        words = visible(comment).strip()[:LONGEST_COMMENT] if isinstance(comment, str) else ""
        if not right and not words:
            empty = _notice("Say what would be right, or leave a comment. Or close this with Cancel.")
            return (gr.skip(), empty, *[gr.skip()] * 7)
        try:
            self.memory.correct(visitor.key(self.settings.secret), turn, right, words)
        except NotYoursError:
            return (gr.skip(), _notice(GONE), *_closed())
        thanks = _notice("Thank you. Your correction is kept; you can change it at any time.", "thanks")
        return (self._chat(self._turns(visitor)), thanks, *_closed())

    def withdrawn(self, turn: str, kept: object) -> tuple[Any, ...]:
        """Take thumb and correction back."""
        visitor = Visitor.read(kept)
        try:
            self.memory.withdraw(visitor.key(self.settings.secret), turn)
        except NotYoursError:
            return (gr.skip(), _notice(GONE), *_closed())
        return (self._chat(self._turns(visitor)), _notice("Taken back.", "thanks"), *_closed())

    def _right(self, chosen: object) -> tuple[RightAnswer, ...]:
        """What was picked or typed, as far as it can be used: entities of the graph, or short free text."""
        values = chosen if isinstance(chosen, list) else []
        texts = [
            visible(value).strip()[:LONGEST_LABEL] for value in values[:MOST_CORRECTIONS] if isinstance(value, str)
        ]
        return tuple(self._right_answer(text) for text in dict.fromkeys(texts) if text)

    def _right_answer(self, text: str) -> RightAnswer:
        try:
            entity = self.assistant.entity(text)
        except UnknownEntityError:
            return RightAnswer("", text)
        return RightAnswer(entity.id, entity.label)

    # The thread

    def _turns(self, visitor: Visitor) -> list[ShownTurn]:
        if not visitor.conversation:
            return []
        try:
            return self.memory.turns(visitor.key(self.settings.secret), visitor.conversation)
        except NotYoursError:
            return []

    def _chat(self, turns: list[ShownTurn], pending: str = "") -> Any:
        messages = card.thread(turns) + ([card.question(pending)] if pending else [])
        return gr.update(value=messages, feedback_value=card.thumbs(turns))

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
        with gr.Row(elem_id="header"):
            gr.Markdown(f"# {escape(self.settings.title)}\n{escape(self.settings.promise)}", elem_id="promise")
            parts["new"] = gr.Button("New chat", elem_id="new", size="sm", min_width=96, scale=0)
        parts["chat"] = self._chatbot()
        parts["notice"] = gr.Markdown("", elem_id="notice")
        with gr.Column(elem_id="composer") as parts["composer"]:
            parts["box"] = gr.Textbox(
                elem_id="question", label="Your question", show_label=False, container=False, autofocus=True,
                placeholder="One moment …", submit_btn=True, lines=1, max_lines=5,
            )  # fmt: skip
        with gr.Column(elem_id="correction", visible=False) as parts["panel"]:
            self._correction(parts)
        parts["pending"] = gr.State("")
        parts["flagged"] = gr.Textbox(elem_id="flagged", label="Flagged answer", visible="hidden")
        gr.Markdown("Answers can be wrong. Places: GeoNames, CC BY 4.0.", elem_id="footnote")
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

    def _correction(self, parts: dict[str, Any]) -> None:
        parts["heading"] = gr.Markdown("", elem_id="correction-heading")
        parts["right"] = gr.Dropdown(
            [], value=[], label="The right answer", multiselect=True, allow_custom_value=True, filterable=True,
            info="Type to find it; Enter takes your own words.", elem_id="right",
        )  # fmt: skip
        parts["comment"] = gr.Textbox(label="Comment (optional)", lines=2, max_lines=4, elem_id="comment")
        parts["turn"] = gr.State("")
        with gr.Row(elem_id="correction-buttons"):
            parts["save"] = gr.Button("Save correction", variant="primary", elem_id="save", size="md")
            parts["cancel"] = gr.Button("Cancel", elem_id="cancel", size="md")
            parts["withdraw"] = gr.Button("Take back", elem_id="withdraw", size="md", visible=False)

    def _wire(self, blocks: gr.Blocks, parts: dict[str, Any]) -> None:
        kept, chat, box, notice = (parts[name] for name in ("kept", "chat", "box", "notice"))
        panel = [parts[name] for name in ("panel", "heading", "right", "comment", "turn", "withdraw", "composer")]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        asking: dict[str, Any] = {
            **quiet, "outputs": [kept, chat, box, notice, parts["pending"]],
            "concurrency_id": "model", "concurrency_limit": self.settings.workers,
        }  # fmt: skip
        blocks.load(self.opened, kept, [chat, box], **quiet)
        events = [
            box.submit(self.asked, [box, kept], **asking),
            chat.example_select(self.picked, kept, **asking),
            chat.retry(self.retried, kept, **asking),
            chat.edit(self.edited, [chat, kept], **asking),
        ]
        stopping = {**quiet, "cancels": events, "queue": False}
        box.stop(self.stopped, [kept, parts["pending"]], [chat, box, notice], **stopping)
        parts["new"].click(self.began, kept, [kept, chat, box, notice], **stopping).then(_closed, None, panel, **quiet)
        chat.like(self.voted, [chat, kept], [chat, notice, *panel], **quiet)
        parts["flagged"].change(self.flagged, [parts["flagged"], kept], [notice, *panel], **quiet)
        # Every key and one at a time: `always_last` would send an earlier key's text again instead of the last one.
        typing: dict[str, Any] = {**quiet, "trigger_mode": "multiple", "concurrency_limit": 1}
        parts["right"].key_up(self.suggested, parts["right"], parts["right"], **typing)
        saving = [parts["turn"], parts["right"], parts["comment"], kept]
        parts["save"].click(self.saved, saving, [chat, notice, *panel], **quiet)
        parts["withdraw"].click(self.withdrawn, [parts["turn"], kept], [chat, notice, *panel], **quiet)
        parts["cancel"].click(_closed, None, panel, **quiet)


def _closed() -> tuple[Any, ...]:
    """The correction put away, the composer back."""
    return (
        gr.update(visible=False),
        "",
        gr.update(choices=[], value=[]),
        "",
        "",
        gr.update(visible=False),
        gr.update(visible=True),
    )


def _idle(text: object) -> Any:
    """The question box, ready for another."""
    return gr.update(value=text if isinstance(text, str) else "", submit_btn=True, stop_btn=False)


def _busy() -> Any:
    """The question box while an answer is on its way."""
    return gr.update(value="", submit_btn=False, stop_btn=True)


def _notice(text: str, kind: str = "trouble") -> str:
    return f'<div class="{kind}" role="status">{escape(text)}</div>'


def _row(entity: Suggestion) -> tuple[str, str]:
    return entity.text, entity.id


def _turn_at(messages: object, index: object) -> str:
    """The turn that a message says it belongs to; whose it is, the memory decides."""
    place = index[0] if isinstance(index, list | tuple) and index else index
    if not isinstance(messages, list) or not isinstance(place, int) or not 0 <= place < len(messages):
        return ""
    metadata = messages[place].get("metadata") or {}
    return str(metadata.get("id", ""))


def _until(turns: list[ShownTurn], turn: str) -> list[ShownTurn]:
    """The turns before this one; all of them if it is none of them."""
    ids = [shown.id for shown in turns]
    return turns[: ids.index(turn)] if turn in ids else turns
