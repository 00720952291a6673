"""The history: the side bar with past conversations, and with what is stored about a visitor.

The side bar shows one of three panels: the list, what can be done with one conversation, and "Your data".
"""

import secrets
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from kgqa.chat.correction import PANEL, closed
from kgqa.chat.markup import escape, shorten, visible
from kgqa.chat.memory import NotYoursError, PastConversation
from kgqa.chat.shelf import clock, shelf
from kgqa.chat.thread import Thread, notice
from kgqa.chat.tickets import Form, Ticket, Tickets
from kgqa.chat.visitor import Visitor

PAGE = 30
LONGEST_TITLE = 200
PANELS = ("past", "manage", "data")
SHARING = ("share_note", "link", "share", "revoke")
GONE = "That conversation is no longer there."
NEW_LINK = "Whoever has the link can read this conversation, also what you add to it later. Your votes stay private."
OLD_LINK = "This link works until you stop sharing. What you add to the conversation later is shown too."
ASKS = (
    "**May your votes and corrections be used to train this assistant?**\n"
    "They are kept either way. You can change this at any time under “Your data”."
)
Parts = dict[str, Any]


class History:
    """The handlers of the side bar; whose a conversation is, the memory decides at every step."""

    def __init__(self, thread: Thread, tickets: Tickets) -> None:
        self.thread = thread
        self.memory = thread.memory
        self.tickets = tickets

    # The list

    def listed(self, kept: object, search: object, zone: object, count: object) -> tuple[str, Any]:
        """The list as it is now. Outputs: shelf, more."""
        visitor = Visitor.read(kept)
        words = search if isinstance(search, str) else ""
        most = count if isinstance(count, int) and count > 0 else PAGE
        past = self.memory.conversations(self.thread.key(visitor), words, most + 1)
        rows = shelf(past[:most], visitor.conversation, clock(zone), datetime.now(UTC)) if past else _nothing(words)
        return rows, gr.update(visible=len(past) > most)

    def extended(self, kept: object, search: object, zone: object, count: object) -> tuple[str, Any, int]:
        """More of the list. Outputs: shelf, more, count."""
        most = (count if isinstance(count, int) else PAGE) + PAGE
        return (*self.listed(kept, search, zone, most), most)

    def opened(self, request: object, kept: object) -> tuple[Any, Any, Any, Any, str]:
        """A conversation of the list goes into the chat. Outputs: kept, chat, box, notice, said in the side bar."""
        visitor = Visitor.read(kept)
        try:
            found = self.memory.conversation(self.thread.key(visitor), _named(request))
        except NotYoursError:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip(), notice(GONE)
        chosen = Visitor(visitor.token, found.id)
        return chosen.to_dict(), self.thread.shown(chosen), gr.update(value="", submit_btn=True, stop_btn=False), "", ""

    # One conversation

    def managed(self, request: object, kept: object) -> tuple[Any, ...]:
        """What can be done with a conversation. Outputs: panels, which, title, saves, sharing, sure, said."""
        visitor = Visitor.read(kept)
        key = self.thread.key(visitor)
        try:
            found = self.memory.conversation(key, _named(request))
        except NotYoursError:
            return (*_panels("past"), *[gr.skip()] * 7, gr.update(visible=False), notice(GONE))
        saves = "".join(f"<li>{self._download(key, form, words, found.id)}</li>" for form, words in _FORMS)
        sharing = _sharing(visitor, found)
        return (
            *_panels("manage"), found.id, found.title, f'<ul class="saves">{saves}</ul>', *sharing, _asking(False), "",
        )  # fmt: skip

    def renamed(self, which: str, title: object, kept: object) -> tuple[Any, str]:
        """Another title was typed. Outputs: title, said."""
        key = self.thread.key(Visitor.read(kept))
        words = visible(title).strip()[:LONGEST_TITLE] if isinstance(title, str) else ""
        try:
            self.memory.rename(key, which, words)
            return self.memory.conversation(key, which).title, notice("Renamed.", "thanks")
        except NotYoursError:
            return gr.skip(), notice(GONE)

    def shared(self, which: str, kept: object) -> tuple[Any, ...]:
        """A link was asked for. Outputs: sharing, said."""
        visitor = Visitor.read(kept)
        key, salt = self.thread.key(visitor), secrets.token_urlsafe(16)
        try:
            self.memory.share(key, which, visitor.link(salt), salt)
            return (*_sharing(visitor, self.memory.conversation(key, which)), notice("Shared.", "thanks"))
        except NotYoursError:
            return (*[gr.skip()] * 4, notice(GONE))

    def revoked(self, which: str, kept: object) -> tuple[Any, ...]:
        """The link is to work no longer. Outputs: sharing, said."""
        visitor = Visitor.read(kept)
        key = self.thread.key(visitor)
        try:
            self.memory.revoke(key, which)
            past = self.memory.conversation(key, which)
            return (*_sharing(visitor, past), notice("The link no longer works.", "thanks"))
        except NotYoursError:
            return (*[gr.skip()] * 4, notice(GONE))

    def deleted(self, which: str, kept: object) -> tuple[Any, ...]:
        """A conversation is to be deleted, after the person confirmed it. Outputs: kept, chat, panels, said."""
        visitor = Visitor.read(kept)
        try:
            self.memory.delete(self.thread.key(visitor), which)
        except NotYoursError:
            return (gr.skip(), gr.skip(), *_panels("past"), notice(GONE))
        emptied = self._emptied(visitor) if which == visitor.conversation else (gr.skip(), gr.skip())
        return (*emptied, *_panels("past"), notice("Deleted.", "thanks"))

    # Your data

    def looked(self, kept: object) -> tuple[Any, ...]:
        """What is stored about the person. Outputs: panels, stored, consent, both sures, said."""
        key = self.thread.key(Visitor.read(kept))
        data = self.memory.everything(key)
        links = (self._download(key, "html", "See everything"), self._download(key, "json", "Save everything (JSON)"))
        stored = f'<p>{_summary(data)}</p><ul class="saves">{"".join(f"<li>{link}</li>" for link in links)}</ul>'
        return (*_panels("data"), stored, data["training_use"]["allowed"], _asking(False), _asking(False), "")

    def deleted_all(self, kept: object) -> tuple[Any, ...]:
        """All conversations are to be deleted, after the person confirmed it. Outputs: kept, chat, panels, said."""
        visitor = Visitor.read(kept)
        count = self.memory.delete_all(self.thread.key(visitor))
        return (*self._emptied(visitor), *_panels("past"), notice(f"{_many(count, 'conversation')} deleted.", "thanks"))

    def erased(self, kept: object) -> tuple[Any, ...]:
        """Everything is to be erased, after the person confirmed it, the browser's key too. Outputs: as above."""
        self.memory.erase(self.thread.key(Visitor.read(kept)))
        return ({}, self.thread.render([]), *_panels("past"), notice("Everything about you is erased.", "thanks"))

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

    def _emptied(self, visitor: Visitor) -> tuple[dict[str, str], Any]:
        """What the browser keeps and the chat shows when the open conversation is gone."""
        return Visitor(visitor.token).to_dict(), self.thread.render([])

    def _download(self, key: str, form: Form, words: str, conversation: str = "") -> str:
        name = self.tickets.issue(Ticket(key, form, conversation))
        return f'<a href="download/{name}" target="_blank">{words}</a>'

    # The components

    def build(self, parts: Parts) -> None:
        """The side bar and what it needs, added to `parts`."""
        with gr.Sidebar(open=False, elem_id="history", width=300, label="Past conversations"):
            parts["aside"] = gr.Markdown("", elem_id="aside")
            with gr.Column(elem_id="past") as parts["past"]:
                self._build_list(parts)
            with gr.Column(elem_id="manage", visible=False) as parts["manage"]:
                self._build_manage(parts)
            with gr.Column(elem_id="data", visible=False) as parts["data"]:
                self._build_data(parts)
            for name in ("open", "manage", "zone"):
                parts[f"{name}_request"] = gr.Textbox(
                    elem_id=f"{name}-request", elem_classes="request", label=name, visible="hidden"
                )
        parts["count"], parts["which"] = gr.State(PAGE), gr.State("")

    def _build_list(self, parts: Parts) -> None:
        parts["anew"] = gr.Button("New chat", elem_id="anew", size="md")
        parts["search"] = gr.Textbox(
            elem_id="search", label="Search your conversations", placeholder="Search", show_label=False,
            container=False, max_length=LONGEST_TITLE, max_lines=1,
        )  # fmt: skip
        parts["shelf"] = gr.Markdown("", elem_id="shelf")
        parts["more"] = gr.Button("Show more", elem_id="more", size="sm", visible=False)
        parts["look"] = gr.Button("Your data", elem_id="look", size="sm")

    def _build_manage(self, parts: Parts) -> None:
        parts["back"] = gr.Button("‹ All conversations", elem_id="back", size="sm")
        parts["title"] = gr.Textbox(label="Title", elem_id="title", max_length=LONGEST_TITLE, max_lines=1)
        parts["rename"] = gr.Button("Save title", elem_id="rename", size="sm")
        gr.Markdown("### Save as a file")
        parts["saves"] = gr.Markdown("", elem_id="saves")
        gr.Markdown("### Share to read")
        parts["share_note"] = gr.Markdown("", elem_id="share-note")
        parts["link"] = gr.Markdown("", elem_id="link", visible=False)
        parts["share"] = gr.Button("Make a link", elem_id="share", size="sm")
        parts["revoke"] = gr.Button("Stop sharing", elem_id="revoke", size="sm", visible=False)
        gr.Markdown("### Delete")
        _confirmed(parts, "delete", "Delete this conversation", "Delete for good")

    def _build_data(self, parts: Parts) -> None:
        parts["data_back"] = gr.Button("‹ All conversations", elem_id="data-back", size="sm")
        gr.Markdown("### Your data")
        parts["stored"] = gr.Markdown("", elem_id="stored")
        parts["consent"] = gr.Checkbox(
            label="My votes and corrections may be used to train this assistant", elem_id="consent",
            info="Off unless you turn it on; you can take it back at any time. Then no later training uses them.",
        )  # fmt: skip
        _confirmed(parts, "delete_all", "Delete all conversations", "Delete all for good")
        _confirmed(parts, "erase", "Erase everything about me", "Erase for good")

    def build_question(self, parts: Parts) -> None:
        """The question about training use, added to `parts`; it is shown once."""
        with gr.Row(elem_id="ask-consent", visible=False) as parts["ask_consent"]:
            gr.Markdown(ASKS)
            parts["agree"] = gr.Button("Yes, use them", elem_id="agree", size="sm", min_width=110)
            parts["decline"] = gr.Button("No", elem_id="decline", size="sm", min_width=80)

    def wire(
        self, blocks: gr.Blocks, parts: Parts, asking: list[Any], fresh: list[Any], judging: list[Any], **quiet: Any
    ) -> Any:
        """Join the components to the handlers; returns the event by which a past conversation is opened.

        The list is renewed after the events that ask and that begin a chat, the question about training
        comes after those that judge an answer, and to open a conversation cancels those that ask.
        """
        # Past the queue: its stream loses an answer that comes just as it closes after an earlier one.
        quiet = {**quiet, "queue": False}
        kept = parts["kept"]
        place = [kept, parts["search"], parts["zone_request"], parts["count"]]
        relist: dict[str, Any] = {
            "fn": self.listed,
            "inputs": place,
            "outputs": [parts["shelf"], parts["more"]],
            **quiet,
        }
        blocks.load(**relist)
        parts["zone_request"].change(**relist)
        parts["search"].change(**relist, trigger_mode="multiple")
        parts["more"].click(self.extended, place, [parts["shelf"], parts["more"], parts["count"]], **quiet)
        for event in [*asking, *fresh]:
            event.then(**relist)
        for event in judging:
            event.then(self.wondered, kept, parts["ask_consent"], **quiet)
        self._wire_manage(parts, relist, quiet)
        self._wire_data(parts, relist, quiet)
        return self._wire_open(parts, asking, relist, quiet)

    def _wire_open(self, parts: Parts, asking: list[Any], relist: dict[str, Any], quiet: dict[str, Any]) -> Any:
        shown = [parts[name] for name in ("kept", "chat", "box", "notice", "aside")]
        request = parts["open_request"]
        opening = request.change(self.opened, [request, parts["kept"]], shown, **quiet, cancels=asking)
        return opening.then(closed, None, [parts[name] for name in PANEL], **quiet).then(**relist)

    def _wire_manage(self, parts: Parts, relist: dict[str, Any], quiet: dict[str, Any]) -> None:
        kept, which, said = parts["kept"], parts["which"], parts["aside"]
        panels, sharing = ([parts[name] for name in names] for names in (PANELS, SHARING))
        request, sure = parts["manage_request"], parts["sure_delete"]
        outputs = [*panels, which, parts["title"], parts["saves"], *sharing, sure, said]
        request.change(self.managed, [request, kept], outputs, **quiet)
        naming = [which, parts["title"], kept]
        for event in (parts["rename"].click, parts["title"].submit):
            event(self.renamed, naming, [parts["title"], said], **quiet).then(**relist)
        for name, handler in (("share", self.shared), ("revoke", self.revoked)):
            parts[name].click(handler, [which, kept], [*sharing, said], **quiet).then(**relist)
        parts["yes_delete"].click(self.deleted, [which, kept], [kept, parts["chat"], *panels, said], **quiet).then(
            **relist
        )
        parts["back"].click(_returned, None, [*panels, said], **quiet)
        _wire_sure(parts, "delete", quiet)

    def _wire_data(self, parts: Parts, relist: dict[str, Any], quiet: dict[str, Any]) -> None:
        kept, said = parts["kept"], parts["aside"]
        panels = [parts[name] for name in PANELS]
        sures = [parts["sure_delete_all"], parts["sure_erase"]]
        looking = [*panels, parts["stored"], parts["consent"], *sures, said]
        parts["look"].click(self.looked, kept, looking, **quiet)
        parts["data_back"].click(_returned, None, [*panels, said], **quiet)
        parts["consent"].input(self.consented, [parts["consent"], kept], said, **quiet)
        for name, handler in (("delete_all", self.deleted_all), ("erase", self.erased)):
            parts[f"yes_{name}"].click(handler, kept, [kept, parts["chat"], *panels, said], **quiet).then(
                closed, None, [parts[each] for each in PANEL], **quiet
            ).then(**relist)
            _wire_sure(parts, name, quiet)
        for name, given in (("agree", True), ("decline", False)):
            answer = gr.State(given)
            parts[name].click(self.answered, [answer, kept], [parts["ask_consent"], parts["notice"]], **quiet)


_FORMS: tuple[tuple[Form, str], ...] = (("md", "Markdown"), ("json", "JSON"))


def _confirmed(parts: Parts, name: str, words: str, sure: str) -> None:
    """A button, and the two that ask again before anything is lost."""
    slug = name.replace("_", "-")
    parts[name] = gr.Button(words, elem_id=slug, elem_classes="danger", size="sm")
    with gr.Row(elem_id=f"sure-{slug}", elem_classes="sure-row", visible=False) as parts[f"sure_{name}"]:
        parts[f"yes_{name}"] = gr.Button(sure, elem_id=f"yes-{slug}", variant="stop", size="sm", min_width=80)
        parts[f"no_{name}"] = gr.Button("Keep", elem_id=f"no-{slug}", size="sm", min_width=80)


def _wire_sure(parts: Parts, name: str, quiet: dict[str, Any]) -> None:
    sure = parts[f"sure_{name}"]
    parts[name].click(_ask, None, sure, **quiet)
    parts[f"no_{name}"].click(_unask, None, sure, **quiet)


def _ask() -> Any:
    return _asking(True)


def _unask() -> Any:
    return _asking(False)


def _asking(sure: bool) -> Any:
    return gr.update(visible=sure)


def _returned() -> tuple[Any, ...]:
    """Back to the list."""
    return (*_panels("past"), "")


def _panels(shown: str) -> tuple[Any, Any, Any]:
    past, manage, data = (gr.update(visible=name == shown) for name in PANELS)
    return past, manage, data


def _named(request: object) -> str:
    """The id in what a button of the list sends: the id, and the time so that each click is a change."""
    return request.partition(" ")[0] if isinstance(request, str) else ""


def _sharing(visitor: Visitor, past: PastConversation) -> tuple[Any, ...]:
    """Updates of: the note, the link, and the buttons that make and revoke it."""
    shared = bool(past.share_salt)
    token = visitor.link(past.share_salt)
    link = (
        '<ul class="saves"><li><button type="button" class="copy">Copy link</button></li>'
        f'<li><a class="link" href="shared/{token}" target="_blank">Open it</a></li></ul>'
    )
    return (
        OLD_LINK if shared else NEW_LINK,
        gr.update(value=link if shared else "", visible=shared),
        gr.update(visible=not shared),
        gr.update(visible=shared),
    )


def _nothing(words: str) -> str:
    if words.strip():
        return f'<p class="empty">Nothing found for “{escape(shorten(words.strip(), 60))}”.</p>'
    return '<p class="empty">Nothing here yet. What you ask is kept here, for this browser alone.</p>'


def _summary(data: dict[str, Any]) -> str:
    """How much is stored, in one sentence."""
    turns = [turn for conversation in data["conversations"] for turn in conversation["turns"]]
    votes = sum(turn["feedback"] is not None for turn in turns)
    links = sum(conversation["shared_at"] is not None for conversation in data["conversations"])
    counts = ((len(data["conversations"]), "conversation"), (len(turns), "question"), (votes, "vote"), (links, "link"))
    told = ", ".join(_many(*count) for count in counts)
    return f"Stored about you: {told}. No name and no address: you are known by a random key in this browser alone."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
