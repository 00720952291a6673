"""The dossier: one entry of the queue in full, and the forms that decide about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kgqa.chat import explain
from kgqa.chat.desk import Entry
from kgqa.chat.findings import sets
from kgqa.chat.frame import address, badge, form, hidden, key, moment, people
from kgqa.chat.living import PARTS, Proposal
from kgqa.chat.markup import escape, shorten
from kgqa.chat.phrases import label_of
from kgqa.chat.picture import picture
from kgqa.chat.view import View
from kgqa.types import Answer

VOICES = 5


@dataclass(frozen=True)
class Open:
    """What is open beside an entry: the answer of the model now, and a fact that waits to be added."""

    now: Answer | None = None
    proposal: Proposal | None = None
    typed: Mapping[str, str] = field(default_factory=dict)


def detail(entry: Entry, view: View, form_token: str, following: str, open_: Open, chosen: bool) -> str:
    """Everything about one entry, and the forms that decide about it."""
    decided = ""
    if entry.reviewed_at is not None:
        decided = f" by {escape(entry.reviewer)}, {moment(entry.reviewed_at)}"
    back = address("", view.query())
    return (
        f'<article class="detail{"" if chosen else " preview"}" id="entry" data-id="{entry.id}" tabindex="-1" '
        f'aria-label="Entry"><a class="back" href="{back}">‹ Queue</a>'
        f'<p class="small">{badge(entry.status)}{decided} · asked {moment(entry.asked_at)} · '
        f"model {escape(entry.model_version)}</p><h1>{escape(entry.question)}</h1>"
        f'<div class="columns">{_saw(entry)}{_should(entry)}</div>{_now(entry, view, open_.now)}'
        f"{_decide(entry, view, form_token, following)}{_edit(entry, view, form_token, following)}"
        f"{_lacks(entry, view, form_token, following, open_)}</article>"
    )


def answer_of(snapshot: dict[str, Any]) -> Answer | None:
    """The answer in a snapshot; None if it can't be read, since another version may have written it."""
    try:
        return Answer.from_dict(snapshot)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def right_words(entry: Entry) -> str:
    """What is said to be right, in a line of plain text; empty where nothing was said."""
    return "; ".join([*(answer["label"] for answer in entry.answers), *filter(None, [entry.text]), *entry.chosen])


def _saw(entry: Entry) -> str:
    answer = answer_of(entry.snapshot)
    inside = _answer(answer) if answer else "<p>This answer was kept in a form that is no longer read.</p>"
    return f'<section><h2>What the person saw</h2><div class="card">{inside}</div>{_anew(entry)}</section>'


def _anew(entry: Entry) -> str:
    """What they chose instead, and the answer that this gave."""
    answer = answer_of(entry.anew) if entry.anew else None
    if answer is None or not entry.chosen:
        return ""
    chosen = "".join(f"<li>{escape(each)}</li>" for each in entry.chosen)
    return f'<h3>After they chose</h3><ul class="chosen">{chosen}</ul><div class="card">{_answer(answer)}</div>'


def _answer(answer: Answer) -> str:
    """An answer as the chat words it, with the way it was found."""
    sentence = f'<p class="said">{explain.sentence(answer)}</p>'
    if answer.abstained:
        return f'{sentence}<p class="why">{explain.refusal(answer)}</p>{_how(answer)}'
    rows = "".join(f"<li>{escape(each.label)}</li>" for each in answer.answers) if len(answer.answers) > 3 else ""
    listed = f'<ol class="answers">{rows}</ol>' if rows else ""
    trail, basis = explain.trail(answer), explain.basis(answer)
    sure = f'<p class="meta"><span class="sure">{explain.sureness(answer.confidence)}</span></p>'
    because = f'<p class="basis">{basis}</p>' if basis else ""
    return f'{sentence}{because}{listed}<p class="trail">{trail}</p>{sure}{_how(answer)}'


def _how(answer: Answer) -> str:
    steps = "".join(f"<li>{step}</li>" for step in explain.steps(answer))
    if not steps:
        return ""
    drawn = picture(answer)
    drawing = (
        f'<div class="drawing" tabindex="0" role="group" aria-label="Picture of the facts">{drawn}</div>'
        if drawn
        else ""
    )
    inside = f'<ol class="steps">{steps}</ol>{"".join(explain.tables(answer))}{drawing}'
    return f'<details class="how"><summary>How it was found</summary>{inside}</details>'


def _should(entry: Entry) -> str:
    """What people say is right, who they are, and what others say."""
    right = escape(right_words(entry))
    said = f'<p class="right">{right}</p>' if right else f'<p class="right none">{_only_thumb(entry)}</p>'
    edited = ""
    if entry.edited:
        words = "; ".join([*(each["label"] for each in entry.edited["answers"]), *filter(None, [entry.edited["text"]])])
        edited = f'<p class="edited">Edited in the review: <b>{escape(words)}</b></p>'
    voices = [_voice(voice.who, voice.comment, voice.at) for voice in entry.voices]
    heard = f'<ul class="voices">{"".join(voices[:VOICES])}</ul>'
    if len(voices) > VOICES:
        rest = f'<ul class="voices">{"".join(voices[VOICES:])}</ul>'
        heard += f'<details class="how"><summary>{len(voices) - VOICES} more</summary>{rest}</details>'
    others = "".join(
        f"<li>{escape(shorten(words, 120))} <span>{people(count)}</span></li>" for words, count in entry.others
    )
    also = f'<h3>Said differently</h3><ul class="others">{others}</ul>' if others else ""
    agree = f'<p class="agree">{people(entry.visitors)} {"say" if entry.visitors != 1 else "says"} so</p>'
    return f"<section><h2>What would be right</h2>{said}{edited}{agree}{heard}{also}</section>"


def _only_thumb(entry: Entry) -> str:
    return {1: "A thumb up: the answer is right.", -1: "A thumb down, and no correction."}.get(
        entry.rating, "A comment."
    )


def _voice(who: str, comment: str, at: datetime) -> str:
    quoted = f"<q>{escape(comment)}</q>" if comment else ""
    return f'<li><span class="small">Visitor {escape(who)} · {moment(at)}</span>{quoted}</li>'


def _now(entry: Entry, view: View, now: Answer | None) -> str:
    if now is not None:
        return f'<section id="now" tabindex="-1">{answered_now(entry, now)}</section>'
    link = address("", view.query(at=str(entry.id), now="1"))
    return (
        '<section id="now" tabindex="-1"><h2>What the model answers now</h2>'
        f'<a class="button quiet" id="ask-now" href="{link}">Ask it{key("Enter")}</a></section>'
    )


def answered_now(entry: Entry, now: Answer) -> str:
    """What the model answers today, and how that compares."""
    then = answer_of(entry.snapshot)
    right = {answer["id"] for answer in (entry.edited or {}).get("answers", ()) or entry.answers}
    given = set() if now.abstained else {answer.id for answer in now.answers}
    if right and given == right:
        verdict = '<p class="verdict good">That is what is said to be right.</p>'
    elif then is not None and explain.plain(then) == explain.plain(now):
        verdict = '<p class="verdict">The same as then.</p>'
    else:
        verdict = '<p class="verdict changed">Another answer than then.</p>'
    return f'<h2>What the model answers now</h2>{verdict}<div class="card">{_answer(now)}</div>'


def _decide(entry: Entry, view: View, form_token: str, following: str) -> str:
    can = bool(right_words(entry) or entry.edited or entry.rating == 1)
    hint = "" if can else '<p class="small hint">There is no correction to accept: edit says what is right.</p>'
    off = "" if can else " disabled"
    accept = f'<button name="action" value="accept" class="main" data-key="a"{off}>Accept{key("a")}</button>'
    reject = f'<button name="action" value="reject" class="quiet" data-key="r">Reject{key("r")}</button>'
    inside = f"{_about(entry, view, following)}<div class='buttons'>{accept}{reject}</div>{hint}"
    return form("/decide", form_token, inside, "decide")


def _about(entry: Entry, view: View, following: str) -> str:
    return f"{view.fields()}{hidden('id', str(entry.id))}{hidden('next', following)}"


def _edit(entry: Entry, view: View, form_token: str, following: str) -> str:
    """Keep or leave out what was said, add an entity by its name, or say it in words."""
    start = entry.edited or {"answers": list(entry.answers), "text": entry.text}
    kept = "".join(
        f'<label class="chip"><input type="checkbox" name="answer" value="{escape(each["id"])}" checked> '
        f"{escape(each['label'])}</label>"
        for each in start["answers"]
    )
    inside = (
        f"{_about(entry, view, following)}<fieldset><legend>The right answers</legend>"
        f'<div class="chips">{kept}</div></fieldset>{picker("another", "Add an entity", "/names", many=True)}'
        '<label class="field">In words, where no entity fits'
        f'<input name="text" value="{escape(start["text"])}" maxlength="500" autocomplete="off"></label>'
        '<p class="small hint">What people said stays beside it.</p>'
        '<button name="action" value="edit" class="main">Save and accept</button>'
    )
    heading = f'<summary data-key="e">Edit the correction{key("e")}</summary>'
    return f'<details class="fold" name="fold" id="edit">{heading}{form("/decide", form_token, inside)}</details>'


def _lacks(entry: Entry, view: View, form_token: str, following: str, open_: Open) -> str:
    """Say that the graph lacks the fact; and, in two steps, add it."""
    about = _about(entry, view, following)
    only = form(
        "/decide", form_token,
        f'{about}<button name="action" value="lacks_fact" class="quiet">Only note that it is missing</button>',
    )  # fmt: skip
    if open_.proposal is not None:
        inside = _proposal(open_.proposal, about, form_token)
    else:
        inside = form(
            "/fact", form_token, f"{about}{_fact_fields(entry, open_.typed)}<button class='main'>Show the fact</button>"
        )
    opened = " open" if open_.proposal or open_.typed else ""
    heading = f'<summary data-key="f">The graph lacks this fact{key("f")}</summary>'
    return f'<details class="fold" name="fold" id="fact"{opened}>{heading}{inside}{only}</details>'


def _fact_fields(entry: Entry, typed: Mapping[str, str]) -> str:
    given = dict(typed) if typed else _likely_fact(entry)
    fields = {"subject": ("Subject", "/names"), "relation": ("Relation", "/relations"), "object": ("Object", "/names")}
    return "".join(
        picker(name, label, source, given.get(name, ""), given.get(f"{name}_label", ""))
        for name, (label, source) in fields.items()
    )


def _likely_fact(entry: Entry) -> dict[str, str]:
    """What the fact likely is: the last step of the way that was taken, leading to the correction instead."""
    answer = answer_of(entry.snapshot)
    right = (entry.edited or {}).get("answers") or entry.answers
    said = (right[0]["id"], right[0]["label"]) if right else ("", entry.text)
    path = (
        next((path for path in answer.paths if path.hops and path.link < len(answer.links)), None) if answer else None
    )
    if answer is not None and answer.program:
        return _likely_of_program(answer, said)
    if answer is None or path is None:
        known = answer.links[0] if answer and answer.links else None
        return _named("subject", known.id, known.label) | _named("object", *said) if known else _named("object", *said)
    last, start = path.hops[-1], answer.links[path.link]
    before = (start.id, start.label)
    if len(path.hops) > 1:
        reached = path.hops[-2].entities[:1]
        before = (reached[0], answer.labels.get(reached[0], reached[0])) if reached else ("", "")
    subject, object_ = (said, before) if last.inverse else (before, said)
    return _named("subject", *subject) | _named("relation", last.relation, last.label) | _named("object", *object_)


def _likely_of_program(answer: Answer, said: tuple[str, str]) -> dict[str, str]:
    """The relation that was followed last, from where if that is one entity, leading to the correction instead."""
    found = next((each for each in reversed(sets(answer.program)) if each.op == "follow"), None)
    if found is None:
        known = next(((link.id, link.label) for link in answer.links if link.id), ("", ""))
        return _named("subject", *known) | _named("object", *said)
    origin, last = found.of[0].lone, found.operation
    before = (origin, label_of(answer, origin)) if origin else ("", "")
    subject, object_ = (said, before) if last.inverse else (before, said)
    return _named("subject", *subject) | _named("relation", last.relation, last.label) | _named("object", *object_)


def _named(part: str, identifier: str, label: str) -> dict[str, str]:
    return {part: identifier, f"{part}_label": label}


def _proposal(proposal: Proposal, about: str, form_token: str) -> str:
    parts = "".join(
        f'<span class="part{" new" if part.new else ""}"><b>{escape(part.label)}</b>'
        f"<small>{escape(shorten(part.about, 90))}</small></span>"
        for part in (proposal.subject, proposal.relation, proposal.object)
    )
    kept = proposal.to_dict()
    fields = "".join(hidden(name, kept[name]) + hidden(f"{name}_label", kept[f"{name}_label"]) for name in PARTS)
    known = '<p class="verdict changed">The graph states this already.</p>' if proposal.stated else ""
    yes = '<button name="confirmed" value="yes" class="main" autofocus>Add it to the graph</button>'
    back = '<button class="quiet" name="again" value="yes">Change it</button>'
    inside = f'{about}{fields}<div class="buttons">{"" if proposal.stated else yes}{back}</div>'
    return (
        '<p class="small">This fact will be added, and answers can come from it a moment later:</p>'
        f'<p class="proposed">{parts}</p>{known}{form("/fact", form_token, inside)}'
    )


def picker(name: str, label: str, source: str, value: str = "", shown: str = "", many: bool = False) -> str:
    """A field that completes names as they are typed; without scripts it takes an id or an exact name."""
    more = ' data-many="answer"' if many else ""
    role = f'role="combobox" aria-expanded="false" aria-autocomplete="list" aria-controls="{name}-options"'
    field_ = f'<input name="{name}_label" value="{escape(shown or value)}" maxlength="300" autocomplete="off" {role}>'
    return (
        f'<div class="picker" data-source="{address(source, {})}"{more}>'
        f'<label class="field">{label}{field_}</label>{hidden(name, value)}'
        f'<ul class="options" id="{name}-options" role="listbox" aria-label="{label}" hidden></ul></div>'
    )
