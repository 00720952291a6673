"""A turn as the chat shows it: the person's question, and a card with the answer."""

from html import unescape
from typing import Any

from kgqa.chat import explain, offers
from kgqa.chat.markup import escape, escape_html
from kgqa.chat.memory import Opinion, ShownTurn
from kgqa.chat.phrases import series
from kgqa.chat.picture import picture
from kgqa.types import Answer, ScoredEntity

Message = dict[str, Any]
LISTED = 1000  # of many thousands nobody reads more, and every card is sent again with each turn
THUMBS = {True: "Like", False: "Dislike", None: None}


def thread(turns: list[ShownTurn]) -> list[Message]:
    """A conversation as messages, the question and the card of each turn in order."""
    return [message for turn in turns for message in (question(turn.answer.question, turn.id), card(turn))]


def thumbs(turns: list[ShownTurn]) -> list[str | None]:
    """The stored thumb of each card, as the chat component names them."""
    return [THUMBS[turn.opinion.liked] for turn in turns]


def question(text: str, turn: str = "") -> Message:
    """A question as the person typed it, shown as text."""
    return {"role": "user", "content": escape_html(text), "metadata": {"id": turn}}


def typed(content: str) -> str:
    """The text a person meant when they edited a shown question: the inverse of `question`."""
    return unescape(content)


def card(turn: ShownTurn) -> Message:
    """The answer with everything that a person can open, and the button to say that it is wrong."""
    parts = f"{_own_face(turn)}{_opinion(turn.opinion)}{_wrong(turn)}"
    return {"role": "assistant", "content": f'<div class="card">{parts}</div>', "metadata": {"id": turn.id}}


def face(answer: Answer) -> str:
    """The inside of a card as anyone may see it: the answer and how it was found."""
    return f"{_body(answer)}{_how(answer, explain.steps(answer))}"


def _own_face(turn: ShownTurn) -> str:
    """The inside of a card as it is shown to whoever asked: with what they can pick instead, and what they picked."""
    answer, told = turn.answer, explain.told(turn.answer)
    steps = [step.text + offers.of_step(answer, step, turn.id) for step in told]
    picked = f"{offers.undoing(answer, turn.id)}{offers.meant(answer, turn.id)}"
    return f"{_body(answer)}{picked}{_how(answer, steps, turn.id)}"


def _body(answer: Answer) -> str:
    return _unknown(answer) if answer.abstained else _known(answer)


def _known(answer: Answer) -> str:
    about = answer.answers[0].description if len(answer.answers) == 1 else ""
    described = f'<p class="described">{escape(about)}</p>' if about else ""
    said = f'<p class="said">{explain.sentence(answer)}</p>{described}{_basis(answer)}'
    return f"{said}{_trail(answer)}{_meta(answer)}{_list(answer)}"


def _unknown(answer: Answer) -> str:
    return f'<p class="said unknown">{explain.sentence(answer)}</p><p class="why">{explain.refusal(answer)}</p>'


def _basis(answer: Answer) -> str:
    basis = explain.basis(answer)
    return f'<p class="basis">{basis}</p>' if basis else ""


def _trail(answer: Answer) -> str:
    trail = explain.trail(answer)
    return f'<p class="trail">{trail}</p>' if trail else ""


def _meta(answer: Answer) -> str:
    level = "high" if answer.confidence >= 0.7 else "middle" if answer.confidence >= 0.5 else "low"
    sure = f'<span class="sure {level}">{explain.sureness(answer.confidence)}</span>'
    tally = explain.tally(answer)
    return f'<p class="meta">{sure}{f"<span>{tally}</span>" if tally else ""}</p>'


def _list(answer: Answer) -> str:
    """The answers where the sentence doesn't name them: the first ten, the others one click away."""
    if len(answer.answers) <= 3:
        return ""
    first, others = answer.answers[: explain.SHOWN], answer.answers[explain.SHOWN : LISTED]
    if not others:
        return _items(first)
    more = _items(others, start=explain.SHOWN + 1)
    count = len(answer.answers)
    words = f"Show all {count}" if count <= LISTED else f"Show the first {LISTED:,} of {count:,}"
    return f'{_items(first)}<details class="all"><summary>{words}</summary>{more}</details>'


def _items(entities: tuple[ScoredEntity, ...], start: int = 1) -> str:
    rows = "".join(f"<li>{_item(entity)}</li>" for entity in entities)
    return f'<ol class="answers" start="{start}">{rows}</ol>'


def _item(entity: ScoredEntity) -> str:
    about = f' <span class="about">{escape(entity.description)}</span>' if entity.description else ""
    return f"{escape(entity.label)}{about}"


def _how(answer: Answer, steps: list[str], turn: str = "") -> str:
    """The folding part: steps, numbers, picture and facts."""
    if not steps:
        return ""
    drawn = picture(answer)
    drawing = f'<div class="drawing">{drawn}</div>' if drawn else ""
    facts = "".join(f"<li>{fact}</li>" for fact in explain.facts(answer))
    listed = f'<p class="heading">Facts used</p><ul class="facts">{facts}</ul>' if facts else ""
    numbers = "".join(explain.tables(answer))
    inside = f'<ol class="steps">{"".join(f"<li>{step}</li>" for step in steps)}</ol>{numbers}{drawing}{listed}'
    named = f' id="how_{escape(turn)}"' if turn else ""
    return f'<details class="how"{named}><summary>How I got this</summary>{inside}</details>'


def _opinion(opinion: Opinion) -> str:
    """The visitor's own correction, so that they see it is kept."""
    if not opinion.corrects:
        return ""
    named = series([f"<strong>{escape(right.label)}</strong>" for right in opinion.right])
    right = f" You say the right answer is {named}." if opinion.right else ""
    comment = f' <span class="comment">“{escape(opinion.comment)}”</span>' if opinion.comment else ""
    return f'<p class="opinion">Thank you, noted.{right}{comment}</p>'


def _wrong(turn: ShownTurn) -> str:
    words = "Change your correction" if turn.opinion.corrects else "Wrong answer?"
    return f'<button type="button" class="wrong" id="wrong-{escape(turn.id)}">{words}</button>'
