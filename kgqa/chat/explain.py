"""An answer in words: the sentence, how sure, the trail, the steps and the facts.

What these functions return is HTML whose every label has been escaped.
"""

from dataclasses import dataclass

from kgqa.chat import recital, roster, verdict
from kgqa.chat.findings import last_relation
from kgqa.chat.markup import escape
from kgqa.chat.measure import Measure
from kgqa.chat.phrases import arrow, label_of, listed, series, strong, unmarked
from kgqa.reasoning.unfolding import unit_of
from kgqa.types import Answer, Hop, Link, Path, ScoredEntity

SHOWN = 10
FACTS_SHOWN = 40
READINGS_SHOWN = 4


def sentence(answer: Answer) -> str:
    """What a person reads first: the answer itself, or that there is none."""
    if answer.abstained:
        return "I don’t know."
    if answer.kind == "boolean":
        return "<strong>Yes</strong>" if answer.value else "<strong>No</strong>"
    if _is_number(answer):
        return strong(_quantity(answer))
    labels, tied = [strong(entity.label) for entity in answer.answers], ", tied" if verdict.tied(answer) else ""
    if len(labels) <= 3:
        return verdict.nothing(answer) or f"{series(labels)}{tied}"
    if len(labels) <= SHOWN:
        return f"<strong>{len(labels)} answers</strong>{tied}"
    return f"<strong>{len(labels):,} answers</strong>{tied}, the first {SHOWN} shown"


def _is_number(answer: Answer) -> bool:
    numbered = answer.kind in ("number", "count") and len(answer.answers) <= 1 and answer.value is not None
    return numbered and not verdict.nothing(answer)


def _quantity(answer: Answer) -> str:
    """A number as the graph writes it where it comes from the graph, else as people write it; with its unit, if any."""
    if not answer.answers:
        return verdict.quantity(answer) or number(float(answer.value or 0))
    label = _led_by(answer)
    unit = unit_of(label)
    if unit and answer.value is not None:
        return unmarked(Measure(label, unit).amount(float(answer.value)))
    return answer.answers[0].label


def _led_by(answer: Answer) -> str:
    """The label of the relation that led to the answer; empty where something else did."""
    if answer.program:
        return last_relation(answer.program)
    hop = next((path.hops[-1] for path in routes(answer) if path.hops), None)
    return "" if hop is None or hop.inverse else hop.label


def basis(answer: Answer) -> str:
    """What of an exact program makes its answer so: the number behind it, who was counted, the fact behind a yes."""
    return verdict.basis(answer)


def tally(answer: Answer) -> str:
    """How many answers there are, where the sentence names them instead of counting them."""
    if answer.abstained or not 1 <= len(answer.answers) <= 3:
        return ""
    return "1 answer" if len(answer.answers) == 1 else f"{len(answer.answers)} answers"


def sureness(confidence: float) -> str:
    """How sure the model is: a word that anyone understands and the calibrated percentage."""
    for least, words in ((0.9, "Very sure"), (0.7, "Fairly sure"), (0.5, "Not so sure")):
        if confidence >= least:
            return f"{words} · {percent(confidence)}"
    return f"Little more than a guess · {percent(confidence)}"


def percent(probability: float) -> str:
    """A probability as a whole percentage; never claims nothing or everything."""
    if probability > 0.99:
        return "over 99 %"
    if probability < 0.01:
        return "under 1 %"
    return f"{round(100 * probability)} %"


def number(value: float) -> str:
    """A number for people: no needless decimals, thousands set apart from 10,000 on."""
    whole = value == int(value) if abs(value) < 1e15 else False
    if not whole:
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.1f}"
    return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))


def refusal(answer: Answer) -> str:
    """Why there is no answer, about this very question, and what to try next."""
    if answer.chosen:
        return "With what was chosen I find no answer. Choose something else, or go back."
    known = series(dict.fromkeys(strong(link.label) for link in answer.links)) if answer.links else "what you named"
    return {
        "no_question": "I didn’t find a question in that. Ask me about a person, a place, a work or a thing, "
        "for example where it is or who made it.",
        "no_entity": "I recognised no one and nothing in your question. "
        "Try the full name of a person, a place, a film or a work of art.",
        "no_relation": f"I know {known}, but not which fact about it you are asking for, or I don’t have that fact. "
        "Try other words for it.",
        "nothing_in_common": f"I followed {known}, and they lead to nothing in common.",
        "low_confidence": f"I have an idea, but at {percent(answer.confidence)} I’m not sure enough to claim it.",
        "": "I found nothing that I’m sure enough of.",
    }[answer.why]


def trail(answer: Answer) -> str:
    """The way in one line for each path: where it starts and the relations it takes; or the steps of a program."""
    if answer.program:
        return recital.trail(answer)
    first, *others = [_trail_line(answer, path) for path in routes(answer)] or [""]
    joined = [f'<span class="and">and</span>{line}' for line in others]
    return "".join(f'<span class="path">{line}</span>' for line in [first, *joined] if line)


def routes(answer: Answer) -> list[Path]:
    """The paths that say something: those with hops, those that stay with what was said before; no walk twice."""
    told: dict[tuple[str, ...], Path] = {}
    for path in answer.paths:
        if 0 <= path.link < len(answer.links) and (path.hops or answer.links[path.link].earlier):
            hops = (f"{hop.relation} {hop.inverse}" for hop in path.hops)
            told.setdefault((answer.links[path.link].id, *hops), path)
    paths = list(told.values())
    return paths if answer.combine == "intersect" else paths[:1]


def _trail_line(answer: Answer, path: Path) -> str:
    start = f'<span class="stop">{escape(answer.links[path.link].label)}</span>'
    return f"{start}{''.join(map(_trail_hop, path.hops))}"


def _trail_hop(hop: Hop) -> str:
    return f'<span class="hop"><span class="arrow">{arrow(hop.inverse)}</span> {escape(hop.label)}</span>'


@dataclass(frozen=True)
class Step:
    """A step of the way in a sentence, and what it is about: a mention, or a hop of the path with this number."""

    text: str
    link: Link | None = None
    path: int | None = None
    hop: int = 0


def told(answer: Answer) -> list[Step]:
    """How the answer came about, step by step; what reads the same is told once."""
    all_ = [Step(_reading(answer, link), link) for link in answer.links]
    if answer.program:
        all_ = _once(all_)
        return all_ + [Step(text) for text in recital.steps(answer, len(all_) + 1)]
    paths = routes(answer)
    for path in paths:
        number = answer.paths.index(path)
        all_ += [Step(_hop(answer, path, hop), None, number, hop) for hop in range(len(path.hops))]
    all_ += [Step(_meeting(answer))] if len(paths) > 1 else []
    return _once(all_)


def _once(steps: list[Step]) -> list[Step]:
    first: dict[str, Step] = {}
    for step in steps:
        first.setdefault(step.text, step)
    return list(first.values())


def steps(answer: Answer) -> list[str]:
    """How the answer came about, one sentence a step, with what else was considered."""
    return [step.text + (_considered(step.link) if step.link else "") for step in told(answer)]


def tables(answer: Answer) -> list[str]:
    """The numbers that a program held against each other, a table for each step that did."""
    read = len(_once([Step(_reading(answer, link), link) for link in answer.links]))
    return roster.tables(answer, read + 1) if answer.program else []


def readings(link: Link) -> list[ScoredEntity]:
    """What else a mention could mean, likeliest first."""
    return [other for other in link.candidates if other.id != link.id][:READINGS_SHOWN]


def _reading(answer: Answer, link: Link) -> str:
    mention, meant = f"<q>{escape(link.mention)}</q>", f"{strong(link.label)}{_described(link.description)}"
    if answer.chosen.entity(link.start, link.end):
        return f"{mention} means {meant}, as chosen."
    said = ", said before" if link.earlier else ""
    return f"{mention} is taken for {meant}{said}, {percent(link.score)}."


def _considered(link: Link) -> str:
    others = readings(link)
    named = (f"{escape(other.label)}{_described(other.description)}, {percent(other.score)}" for other in others)
    return f' <span class="others">Also considered: {"; ".join(named)}.</span>' if others else ""


def _hop(answer: Answer, path: Path, position: int) -> str:
    hop, link = path.hops[position], answer.links[path.link]
    origin = strong(answer.links[path.link].label) if position == 0 else "there"
    relation = f'<em class="relation">{escape(hop.label)}</em>'
    if hop.inverse:
        target = origin if position == 0 else "one of these"
        text = f"Find everything whose {relation} is {target}"
    else:
        text = f"From {origin} follow {relation}"
    chosen = ", as chosen" if answer.chosen.relation(link.start, link.end, position) else ""
    return f"{text}{chosen}{_led_to(answer, hop)}."


def _led_to(answer: Answer, hop: Hop) -> str:
    if not hop.entities:
        return ""
    labels = [escape(label_of(answer, entity)) for entity in hop.entities[:3]]
    return f" → {', '.join(labels)} and others" if len(hop.entities) > 3 else f" → {series(labels)}"


def _meeting(answer: Answer) -> str:
    labels = [escape(entity.label) for entity in answer.answers[:3]]
    if not labels:
        return "Keep what they have in common: nothing."
    return f"Keep what they have in common: {series(labels)}{' and others' if len(answer.answers) > 3 else ''}."


def facts(answer: Answer) -> list[str]:
    """The facts used, as the graph states them."""
    told = [_fact(answer, *fact) for fact in answer.facts[:FACTS_SHOWN]]
    left = len(answer.facts) - len(told)
    return [*told, f"and {left:,} more"] if left > 0 else told


def _fact(answer: Answer, subject: str, relation: str, target: str) -> str:
    words = (escape(label_of(answer, part)) for part in (subject, relation, target))
    return '{} <span class="relation">{}</span> {}'.format(*words)


def plain(answer: Answer) -> str:
    """The answer as one line of unmarked text, for titles and alternative texts."""
    if answer.abstained:
        return "I don’t know."
    if answer.kind == "boolean":
        return "Yes" if answer.value else "No"
    if _is_number(answer):
        return _quantity(answer)
    tied = ", tied" if verdict.tied(answer) else ""
    labels = listed([entity.label for entity in answer.answers[:SHOWN]], len(answer.answers)) if answer.answers else ""
    return unmarked(verdict.nothing(answer)) or f"{labels}{tied}"


def account(answer: Answer) -> str:
    """The answer as unmarked text, and under that of a program what makes it so: its steps and its numbers."""
    if not answer.program or answer.abstained:
        return plain(answer)
    parts = [plain(answer), unmarked(basis(answer)), "\n".join(roster.told(answer)), "\n".join(numbers(answer))]
    return "\n\n".join(filter(None, parts))


def numbers(answer: Answer) -> list[str]:
    """The first numbers that a program held against each other, as lines of unmarked text."""
    return roster.lines(answer)


def ways(answer: Answer) -> list[str]:
    """Each path as one line of unmarked text: where it starts and the relations it takes; or the line of a program."""
    if answer.program:
        return list(filter(None, [unmarked(recital.trail(answer))]))
    return [
        " ".join([answer.links[path.link].label, *(f"{arrow(hop.inverse)} {hop.label}" for hop in path.hops)])
        for path in routes(answer)
    ]


def plain_facts(answer: Answer) -> list[str]:
    """The facts used, as lines of unmarked text."""
    return [" ".join(label_of(answer, part) for part in fact) for fact in answer.facts[:FACTS_SHOWN]]


def _described(description: str) -> str:
    return f' <span class="about">({escape(description)})</span>' if description else ""
