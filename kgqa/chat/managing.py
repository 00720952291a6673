"""What can be done with one past conversation: rename, save, share, delete."""

import secrets
from typing import Any

import gradio as gr

from kgqa.chat.markup import visible
from kgqa.chat.memory import NotYoursError, PastConversation
from kgqa.chat.panels import GONE, PANELS, Parts, asking, confirmed, download, panels, returned, wire_sure
from kgqa.chat.past import named
from kgqa.chat.thread import Thread, notice
from kgqa.chat.tickets import Form, Ticket, Tickets
from kgqa.chat.visitor import Visitor

LONGEST_TITLE = 200
SHARING = ("share_note", "link", "share", "revoke")
NEW_LINK = "Whoever has the link can read this conversation, also what you add to it later. Your votes stay private."
OLD_LINK = "This link works until you stop sharing. What you add to the conversation later is shown too."
FORMS: tuple[tuple[Form, str], ...] = (("md", "Markdown"), ("json", "JSON"))


class Managing:
    """The handlers of the panel about one conversation, which must be the visitor's own."""

    def __init__(self, thread: Thread, tickets: Tickets) -> None:
        self.thread = thread
        self.memory = thread.memory
        self.tickets = tickets

    def managed(self, request: object, kept: object) -> tuple[Any, ...]:
        """What can be done with a conversation. Outputs: panels, which, title, saves, sharing, sure, said."""
        visitor = Visitor.read(kept)
        key = self.thread.key(visitor)
        try:
            found = self.memory.conversation(key, named(request))
        except NotYoursError:
            return (*panels("past"), *[gr.skip()] * 7, gr.update(visible=False), notice(GONE))
        saves = "".join(
            f"<li>{download(self.tickets, Ticket(key, form, found.id), words)}</li>" for form, words in FORMS
        )
        sharing = _sharing(visitor, found)
        return (
            *panels("manage"), found.id, found.title, f'<ul class="saves">{saves}</ul>', *sharing, asking(False), "",
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
            return (gr.skip(), gr.skip(), *panels("past"), notice(GONE))
        emptied = self.thread.emptied(visitor) if which == visitor.conversation else (gr.skip(), gr.skip())
        return (*emptied, *panels("past"), notice("Deleted.", "thanks"))

    def build(self, parts: Parts) -> None:
        """The panel, added to `parts`."""
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
        confirmed(parts, "delete", "Delete this conversation", "Delete for good")

    def wire(self, parts: Parts, relist: dict[str, Any], quiet: dict[str, Any]) -> None:
        """Join the components to the handlers; the list is renewed after what changes it."""
        kept, which, said = parts["kept"], parts["which"], parts["aside"]
        shown, sharing = ([parts[name] for name in names] for names in (PANELS, SHARING))
        request, sure = parts["manage_request"], parts["sure_delete"]
        outputs = [*shown, which, parts["title"], parts["saves"], *sharing, sure, said]
        request.change(self.managed, [request, kept], outputs, **quiet)
        naming = [which, parts["title"], kept]
        for event in (parts["rename"].click, parts["title"].submit):
            event(self.renamed, naming, [parts["title"], said], **quiet).then(**relist)
        for name, handler in (("share", self.shared), ("revoke", self.revoked)):
            parts[name].click(handler, [which, kept], [*sharing, said], **quiet).then(**relist)
        parts["yes_delete"].click(self.deleted, [which, kept], [kept, parts["chat"], *shown, said], **quiet).then(
            **relist
        )
        parts["back"].click(returned, None, [*shown, said], **quiet)
        wire_sure(parts, "delete", quiet)


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
