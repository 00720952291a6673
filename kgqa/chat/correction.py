"""The correction: votes, and what a visitor says would have been right."""

from typing import Any

import gradio as gr

from kgqa.chat.assistant import Assistant, Suggestion
from kgqa.chat.markup import escape, shorten, visible
from kgqa.chat.memory import NotYoursError, RightAnswer
from kgqa.chat.thread import GONE, Thread, notice, turn_at
from kgqa.chat.visitor import Visitor
from kgqa.errors import UnknownEntityError

MOST_CORRECTIONS = 20
LONGEST_LABEL = 200
LONGEST_COMMENT = 2_000
PANEL = ("panel", "heading", "right", "comment", "turn", "withdraw", "composer")
Parts = dict[str, Any]


class Correction:
    """The handlers of votes and of the panel under "Wrong answer?"; a turn must be the visitor's own."""

    def __init__(self, assistant: Assistant, thread: Thread) -> None:
        self.assistant = assistant
        self.thread = thread
        self.memory = thread.memory

    def voted(self, messages: object, kept: object, event: gr.LikeData) -> tuple[Any, ...]:
        """A thumb was set, changed or taken back; a thumb down asks what would have been right."""
        visitor = Visitor.read(kept)
        turn = turn_at(messages, event.index)
        liked = event.liked if isinstance(event.liked, bool) else None
        try:
            self.memory.vote(self.thread.key(visitor), turn, liked)
        except NotYoursError:
            return (self.thread.shown(visitor), notice(GONE), *closed())
        chat = self.thread.shown(visitor)
        if liked is False:
            return (chat, "", *self._panel(visitor, turn))
        return (chat, "Thank you." if liked else "", *closed())

    def flagged(self, request: str, kept: object) -> tuple[Any, ...]:
        """The button of a card that says "Wrong answer?": open the correction with what was said before."""
        turn = request.partition(" ")[0] if isinstance(request, str) else ""
        try:
            return ("", *self._panel(Visitor.read(kept), turn))
        except NotYoursError:
            return (notice(GONE), *closed())

    def _panel(self, visitor: Visitor, turn: str) -> tuple[Any, ...]:
        """Updates of: panel, heading, right answers, comment, the turn corrected, withdraw, composer."""
        shown = self.memory.turn(self.thread.key(visitor), turn)
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
            empty = notice("Say what would be right, or leave a comment. Or close this with Cancel.")
            return (gr.skip(), empty, *[gr.skip()] * 7)
        try:
            self.memory.correct(self.thread.key(visitor), turn, right, words)
        except NotYoursError:
            return (gr.skip(), notice(GONE), *closed())
        thanks = notice("Thank you. Your correction is kept; you can change it at any time.", "thanks")
        return (self.thread.shown(visitor), thanks, *closed())

    def withdrawn(self, turn: str, kept: object) -> tuple[Any, ...]:
        """Take thumb and correction back."""
        visitor = Visitor.read(kept)
        try:
            self.memory.withdraw(self.thread.key(visitor), turn)
        except NotYoursError:
            return (gr.skip(), notice(GONE), *closed())
        return (self.thread.shown(visitor), notice("Taken back.", "thanks"), *closed())

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

    # The components

    def build(self, parts: Parts) -> None:
        """The components of the panel, added to `parts`."""
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

    def wire(self, parts: Parts, **quiet: Any) -> list[Any]:
        """Join the components to the handlers; returns the events by which an answer is judged."""
        kept, chat, said = (parts[name] for name in ("kept", "chat", "notice"))
        panel = [parts[name] for name in PANEL]
        voted = chat.like(self.voted, [chat, kept], [chat, said, *panel], **quiet)
        parts["flagged"].change(self.flagged, [parts["flagged"], kept], [said, *panel], **quiet)
        # Every key: `always_last` would send an earlier key's text again instead of the last one.
        typing: dict[str, Any] = {**quiet, "trigger_mode": "multiple"}
        parts["right"].key_up(self.suggested, parts["right"], parts["right"], **typing)
        saving = [parts["turn"], parts["right"], parts["comment"], kept]
        saved = parts["save"].click(self.saved, saving, [chat, said, *panel], **quiet)
        parts["withdraw"].click(self.withdrawn, [parts["turn"], kept], [chat, said, *panel], **quiet)
        parts["cancel"].click(closed, None, panel, **quiet)
        return [voted, saved]


def closed() -> tuple[Any, ...]:
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


def _row(entity: Suggestion) -> tuple[str, str]:
    return entity.text, entity.id
