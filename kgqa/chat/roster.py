"""The roster: the numbers of those that took part in a step of a program, as a table and as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from kgqa.chat.findings import COMPARED, EXTREMES, HELD, MEASURING, Found, common_value, sets
from kgqa.chat.markup import escape
from kgqa.chat.measure import Measure
from kgqa.chat.phrases import label_of, unmarked
from kgqa.chat.recital import steps, told_steps
from kgqa.chat.verdict import left_out
from kgqa.types import Answer, Operation

TOP = 10
NUMBERS = "api/numbers"  # from the page's address
Row = tuple[str, float]


def tables(answer: Answer, first: int = 1) -> list[str]:
    """A table for each step that holds numbers against each other, as HTML.

    Args:
        first: the number of the first step, as for `recital.steps`.
    """
    numbers = {found.place: number for number, found in enumerate(told_steps(answer), start=first)}
    return [_table(answer, found, numbers[found.place]) for found in _measured(answer)]


def lines(answer: Answer) -> list[str]:
    """The top of the same tables, as lines of text."""
    return [line for found in _measured(answer) for line in _lines(answer, found)]


def told(answer: Answer) -> list[str]:
    """The steps of a program, numbered, as lines of text."""
    return [f"{number}. {unmarked(step)}" for number, step in enumerate(steps(answer), start=1)]


def _measured(answer: Answer) -> list[Found]:
    return [found for found in sets(answer.program) if found.op in MEASURING and found.operation.values]


def _lines(answer: Answer, found: Found) -> Iterator[str]:
    rows = found.operation.values
    marked, measure = _marked(found), found.measure
    yield f"{unmarked(measure.heading)}:"
    for entity, value in rows[:TOP]:
        mark = f" ({_mark(answer, entity)})" if entity in marked else ""
        yield f"{label_of(answer, entity)}: {measure.written(value)}{mark}"
    if len(rows) > TOP:
        yield f"and {max(found.operation.took_part, len(rows)) - TOP:,} more"
    yield from filter(None, [_tie(found), left_out(found)])


def _table(answer: Answer, found: Found, step: int) -> str:
    rows = found.operation.values
    caption = f"<caption>The numbers of step {step}</caption>"
    notes = " ".join(filter(None, [_tie(found), left_out(found)]))
    noted = f'<p class="note">{notes}</p>' if notes else ""
    return f'<div class="numbers">{_part(answer, found, rows[:TOP], caption)}{_rest(answer, found)}{noted}</div>'


def _rest(answer: Answer, found: Found) -> str:
    """What is not among the top, on request."""
    kept, all_ = found.operation.values, max(found.operation.took_part, len(found.operation.values))
    if len(kept) <= TOP:
        return ""
    words, more = f"Show all {all_:,}", ""
    if len(kept) < all_:
        words = f"Show the first {len(kept):,} of {all_:,}"
        more = "" if answer.after or answer.chosen else _link(answer.question, found.place, all_)
    caption = f'<caption class="rest">From the {TOP + 1}th on</caption>'
    return f'<details class="all"><summary>{words}</summary>{_part(answer, found, kept[TOP:], caption)}{more}</details>'


def _link(question: str, place: int, count: int) -> str:
    """A link to the page of all these numbers of a step, for a question that stands alone."""
    query = escape(urlencode({"question": question, "step": place + 1}))
    return f'<p class="note"><a href="{NUMBERS}?{query}" target="_blank">See all {count:,} on a page</a></p>'


def whole(operation: Operation, labels: Mapping[str, str]) -> str:
    """All numbers of a step as one table, as HTML."""
    measure = Measure.by(operation)
    rows = "".join(
        f'<tr><th scope="row">{escape(labels[entity])}</th><td>{escape(measure.written(value))}</td></tr>'
        for entity, value in operation.values
    )
    head = f'<tr><th scope="col">Name</th><th scope="col">{measure.heading}</th></tr>'
    return f'<table class="values"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _part(answer: Answer, found: Found, rows: Sequence[Row], caption: str) -> str:
    head = f'<thead><tr><th scope="col">Name</th><th scope="col">{found.measure.heading}</th></tr></thead>'
    marked = _marked(found)
    body = "".join(_row(answer, found, row, row[0] in marked) for row in rows)
    return f'<table class="values">{caption}{head}<tbody>{body}</tbody></table>'


def _row(answer: Answer, found: Found, row: Row, marked: bool) -> str:
    entity, value = row
    mark = f' <span class="mark">{_mark(answer, entity)}</span>' if marked else ""
    name = f'<th scope="row">{escape(label_of(answer, entity))}{mark}</th>'
    number = f"<td>{escape(found.measure.written(value))}</td>"
    opening = '<tr class="taken">' if marked else "<tr>"
    return f"{opening}{name}{number}</tr>"


def _mark(answer: Answer, entity: str) -> str:
    return "answer" if any(each.id == entity for each in answer.answers) else "kept"


def _marked(found: Found) -> frozenset[str]:
    """Those that the step kept, as its numbers tell: it names only the first of them."""
    return frozenset(entity for entity, value in found.operation.values if _is_kept(found, value, _limit(found)))


def _limit(found: Found) -> float | None:
    """What the numbers were held against."""
    if found.op in HELD:
        return found.operation.number
    if found.op in EXTREMES:
        return common_value(found)
    if found.op not in COMPARED or found.of[1].size > len(found.of[1].operation.entities):
        return None
    own = [value for value in map(found.value, found.of[1].operation.entities) if value is not None]
    return (max(own) if found.op == "above" else min(own)) if own else None


def _is_kept(found: Found, value: float, limit: float | None) -> bool:
    if limit is None:
        return False
    if found.op in ("over", "above", "notable"):
        return value > limit
    return value < limit if found.op in ("under", "below") else value == limit


def _tie(found: Found) -> str:
    return f"{found.size:,} share this value." if found.op in EXTREMES and found.size > 1 else ""
