"""Offers: what a person can pick instead of what a mention or a hop was taken for, as buttons of a card.

The id of a button says all that the page has to know: what to do, the places of mention or hop and of what is offered
in the answer that is shown, and the turn. Every label has been escaped.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kgqa.chat.explain import Step, percent, readings
from kgqa.chat.markup import escape
from kgqa.chat.phrases import arrow
from kgqa.errors import InputError
from kgqa.types import Answer, Choices, EntityChoice, Link, RelationChoice, ScoredEntity, WeighedRelation

CLOSE = 0.25  # of the score of what was taken: of two readings at four to one, the other is right once in five times
LEAST_TOLD = 0.01  # of the attention: most relations that lead on have none of it, and to say so of each is noise
STALE = "That can no longer be picked: the answer has changed since. Reload the page to see what can."
_REQUEST = re.compile(r"(pick|mean|undo)_([er])((?:_\d{1,4}){1,3})_([A-Za-z0-9-]{1,64})(?: \d*)?")


@dataclass(frozen=True)
class Pick:
    """What a button of a card asks for: to pick or to undo, of which turn, about entity or relation, and the places."""

    undo: bool
    turn: str
    about: str
    places: tuple[int, ...]

    @classmethod
    def read(cls, text: object) -> "Pick":
        """From what a button sends: its id, and the time so that each click is a change.

        Raises:
            InputError: if no button sends that.
        """
        found = _REQUEST.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise InputError(STALE)
        return cls(found[1] == "undo", found[4], found[2], tuple(int(place) for place in found[3].split("_")[1:]))

    def choices(self, answer: Answer) -> Choices:
        """What is chosen of an answer after this.

        Raises:
            InputError: if the answer does not offer it.
        """
        chosen = answer.chosen
        try:
            match (self.undo, self.about, self.places):
                case (True, "e", (number,)):
                    return chosen.without(chosen.entities[number])
                case (True, "r", (number,)):
                    return chosen.without(chosen.relations[number])
                case (False, "e", (place, number)):
                    link = answer.links[place]
                    return chosen.adding(EntityChoice(link.start, link.end, link.candidates[number].id))
                case (False, "r", (place, hop, number)):
                    return chosen.adding(_relation(answer, place, hop, number))
        except IndexError as error:
            raise InputError(STALE) from error
        raise InputError(STALE)


def _relation(answer: Answer, place: int, hop: int, number: int) -> RelationChoice:
    path = answer.paths[place]
    link, picked = answer.links[path.link], path.hops[hop].candidates[number]
    return RelationChoice(link.start, link.end, hop, picked.relation, picked.inverse)


def of_step(answer: Answer, step: Step, turn: str) -> str:
    """The buttons of a step: the other readings of its mention, or the other relations of its hop."""
    if step.link is not None:
        place, link = answer.links.index(step.link), step.link
        buttons = (
            _button(f"pick_e_{place}_{link.candidates.index(other)}_{turn}", _entity(other))
            for other in readings(step.link)
        )
        return _row("Or is it", buttons)
    if step.path is None:
        return ""
    hop = answer.paths[step.path].hops[step.hop]
    own = (hop.relation, hop.inverse)
    others = [other for other in enumerate(hop.candidates) if (other[1].relation, other[1].inverse) != own]
    return _row(
        "Or follow",
        (_button(f"pick_r_{step.path}_{step.hop}_{number}_{turn}", _followed(other)) for number, other in others),
    )


def meant(answer: Answer, turn: str) -> str:
    """Where another reading of a mention is nearly as likely as the one taken: these readings, to say which it is.

    The one taken is among them, since where they are close the answer may come of all of them.
    """
    buttons = (
        _button(f"mean_e_{place}_{number}_{turn}", _entity(other))
        for place, link in enumerate(answer.links)
        if not answer.chosen.entity(link.start, link.end)
        for number, other in close(link)
    )
    return _row("Did you mean …?", buttons, "mean")


def close(link: Link) -> list[tuple[int, ScoredEntity]]:
    """The readings of a mention with a score close to that of the one taken, and their places; none if it is alone."""
    found = [(number, each) for number, each in enumerate(link.candidates) if each.score >= CLOSE * link.score]
    return found if any(each.id != link.id for _, each in found) else []


def undoing(answer: Answer, turn: str) -> str:
    """What was chosen, each with the button that takes it back."""
    lines = []
    for number, entity in enumerate(answer.chosen.entities):
        mention = _quoted(answer, entity.start, entity.end)
        said = (
            f"You chose <strong>{escape(answer.labels[entity.entity])}</strong>{_about(answer, entity)} for {mention}."
        )
        lines.append(_line(said, f"undo_e_{number}_{turn}"))
    for number, hop in enumerate(answer.chosen.relations):
        followed = f'<em class="relation">{arrow(hop.inverse)} {escape(answer.labels[hop.relation])}</em>'
        said = f"You chose {followed} for step {hop.hop + 1} from {_quoted(answer, hop.start, hop.end)}."
        lines.append(_line(said, f"undo_r_{number}_{turn}"))
    return "".join(lines)


def _about(answer: Answer, choice: EntityChoice) -> str:
    for link in answer.links:
        for other in link.candidates:
            if other.id == choice.entity and other.description:
                return f' <span class="about">({escape(other.description)})</span>'
    return ""


def _quoted(answer: Answer, start: int, end: int) -> str:
    return f"<q>{escape(answer.question[start:end])}</q>"


def _line(said: str, identity: str) -> str:
    button = _button(identity, "Back to what I took it for")
    return f'<p class="chosen"><span>{said}</span> {button}</p>'


def _row(heading: str, buttons: Iterable[str], kind: str = "others") -> str:
    made = "".join(buttons)
    return f'<span class="offers {kind}"><span class="heading">{heading}</span>{made}</span>' if made else ""


def _button(identity: str, inside: str) -> str:
    return f'<button type="button" class="pick" id="{escape(identity)}">{inside}</button>'


def _entity(other: ScoredEntity) -> str:
    about = f' <span class="about">{escape(other.description)}</span>' if other.description else ""
    return f'{escape(other.label)}{about} <span class="share">{percent(other.score)}</span>'


def _followed(other: WeighedRelation) -> str:
    way = f'<span class="arrow">{arrow(other.inverse)}</span> {escape(other.label)}'
    return f'{way} <span class="share">{percent(other.weight)}</span>' if other.weight >= LEAST_TOLD else way
