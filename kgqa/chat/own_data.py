"""Your data: what is stored about a visitor, seen, saved and erased, and whether training may use it."""

from typing import Any

import gradio as gr

from kgqa.chat.correction import PANEL, closed
from kgqa.chat.panels import PANELS, Parts, asking, confirmed, download, many, panels, returned, wire_sure
from kgqa.chat.thread import Thread, notice, ready
from kgqa.chat.tickets import Ticket, Tickets
from kgqa.chat.underway import Underway
from kgqa.chat.visitor import Visitor

ASKS = (
    "**May your votes and corrections be used to train this assistant?**\n"
    "They are kept either way. You can change this at any time under “Your data”."
)


class OwnData:
    """The handlers of the panel "Your data", and of the question about training use."""

    def __init__(self, thread: Thread, tickets: Tickets, underway: Underway) -> None:
        self.thread = thread
        self.underway = underway
        self.memory = thread.memory
        self.tickets = tickets

    def looked(self, kept: object) -> tuple[Any, ...]:
        """What is stored about the person. Outputs: panels, stored, consent, both sures, said."""
        key = self.thread.key(Visitor.read(kept))
        data = self.memory.everything(key)
        links = (
            download(self.tickets, Ticket(key, "html"), "See everything"),
            download(self.tickets, Ticket(key, "json"), "Save everything (JSON)"),
        )
        stored = f'<p>{_summary(data)}</p><ul class="saves">{"".join(f"<li>{link}</li>" for link in links)}</ul>'
        return (*panels("data"), stored, data["training_use"]["allowed"], asking(False), asking(False), "")

    def deleted_all(self, kept: object, underway: object) -> tuple[Any, ...]:
        """All conversations are to be deleted, after the person confirmed it, and what waits for its answer is dropped.

        Outputs: kept, chat, box, underway, panels, said.
        """
        self.underway.drop(underway)
        visitor = Visitor.read(kept)
        count = self.memory.delete_all(self.thread.key(visitor))
        return (
            *self.thread.emptied(visitor),
            ready(),
            "",
            *panels("past"),
            notice(f"{many(count, 'conversation')} deleted.", "thanks"),
        )

    def erased(self, kept: object, underway: object) -> tuple[Any, ...]:
        """Everything is to be erased, after the person confirmed it, the browser's key too. Outputs: as above."""
        self.underway.drop(underway)
        self.memory.erase(self.thread.key(Visitor.read(kept)))
        said = notice("Everything about you is erased.", "thanks")
        return ({}, self.thread.render([]), ready(), "", *panels("past"), said)

    def consented(self, given: object, kept: object) -> str:
        """The person decided about training use. Output: said."""
        self.memory.set_consent(self.thread.key(Visitor.read(kept)), given is True)
        return notice("Thank you: they may be used." if given is True else "They will not be used.", "thanks")

    def wondered(self, kept: object) -> Any:
        """After a vote or a correction: the question about training use, once. Output: the question."""
        asks = self.memory.asks_consent(self.thread.key(Visitor.read(kept)))
        return gr.update(visible=True) if asks else gr.skip()

    def answered(self, given: bool, kept: object) -> tuple[Any, str]:
        """That question was answered. Outputs: the question, notice."""
        return gr.update(visible=False), self.consented(given, kept)

    def build(self, parts: Parts) -> None:
        """The panel, added to `parts`."""
        parts["data_back"] = gr.Button("‹ All conversations", elem_id="data-back", size="sm")
        gr.Markdown("### Your data")
        parts["stored"] = gr.Markdown("", elem_id="stored")
        parts["consent"] = gr.Checkbox(
            label="My votes and corrections may be used to train this assistant", elem_id="consent",
            info="Off unless you turn it on; you can take it back at any time. Then no later training uses them.",
        )  # fmt: skip
        confirmed(parts, "delete_all", "Delete all conversations", "Delete all for good")
        confirmed(parts, "erase", "Erase everything about me", "Erase for good")

    def build_question(self, parts: Parts) -> None:
        """The question about training use, added to `parts`; it is shown once."""
        with gr.Row(elem_id="ask-consent", visible=False) as parts["ask_consent"]:
            gr.Markdown(ASKS)
            parts["agree"] = gr.Button("Yes, use them", elem_id="agree", size="sm", min_width=110)
            parts["decline"] = gr.Button("No", elem_id="decline", size="sm", min_width=80)

    def wire(self, parts: Parts, judging: list[Any], relist: dict[str, Any], quiet: dict[str, Any]) -> None:
        """Join the components to the handlers; the question about training comes after the events that judge."""
        for event in judging:
            event.then(self.wondered, parts["kept"], parts["ask_consent"], **quiet)
        kept, said = parts["kept"], parts["aside"]
        shown = [parts[name] for name in PANELS]
        sures = [parts["sure_delete_all"], parts["sure_erase"]]
        looking = [*shown, parts["stored"], parts["consent"], *sures, said]
        parts["look"].click(self.looked, kept, looking, **quiet)
        parts["data_back"].click(returned, None, [*shown, said], **quiet)
        parts["consent"].input(self.consented, [parts["consent"], kept], said, **quiet)
        for name, handler in (("delete_all", self.deleted_all), ("erase", self.erased)):
            lost = [kept, parts["chat"], parts["box"], parts["underway"], *shown, said]
            event = parts[f"yes_{name}"].click(handler, [kept, parts["underway"]], lost, **quiet)
            event.then(closed, None, [parts[each] for each in PANEL], **quiet).then(**relist)
            wire_sure(parts, name, quiet)
        for name, given in (("agree", True), ("decline", False)):
            answer = gr.State(given)
            parts[name].click(self.answered, [answer, kept], [parts["ask_consent"], parts["notice"]], **quiet)


def _summary(data: dict[str, Any]) -> str:
    """How much is stored, in one sentence."""
    turns = [turn for conversation in data["conversations"] for turn in conversation["turns"]]
    votes = sum(turn["feedback"] is not None for turn in turns)
    links = sum(conversation["shared_at"] is not None for conversation in data["conversations"])
    counts = ((len(data["conversations"]), "conversation"), (len(turns), "question"), (votes, "vote"), (links, "link"))
    told = ", ".join(many(*count) for count in counts)
    return f"Stored about you: {told}. No name and no address: you are known by a random key in this browser alone."
