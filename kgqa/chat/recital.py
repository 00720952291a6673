"""A recital: an exact program said in words, as one line and step by step.

What these functions return is HTML whose every label has been escaped.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kgqa.chat.findings import COMPARED, EXTREMES, HELD, WORKED_OUT, Found, common_value, number_of, sets
from kgqa.chat.markup import escape
from kgqa.chat.measure import Measure, grouped
from kgqa.chat.nouns import few, named, start, whom
from kgqa.chat.phrases import arrow, plural, related, strong
from kgqa.types import Answer

# The line


def trail(answer: Answer) -> str:
    """A program in one line: each set from where it starts, how the sets meet, and what is made of the last one."""
    found = sets(answer.program)
    lines = _lines(answer, found[-1]) if found else []
    return " ".join(f'<span class="path">{" ".join(line)}</span>' for line in lines)


def _lines(answer: Answer, found: Found) -> list[list[str]]:
    if not found.of:
        return [[f'<span class="stop">{start(answer, found)}</span>']]
    chip = _chip(answer, found)
    if not found.is_joined:
        lines = _lines(answer, found.of[0])
        if found.of[0].is_joined and chip:
            return [*lines, [_word(_OF.get(found.of[0].op, "of those")), chip]]
        return [*lines[:-1], [*lines[-1], chip]] if chip else lines
    left, right = (_lines(answer, each) for each in found.of)
    if len(right) > 1:
        right = [[_word("("), *right[0]], *right[1:-1], [*right[-1], _word(")")]]
    lines = [*left, [_word(_met(found)), *right[0]], *right[1:]]
    return [*lines, [chip]] if chip else lines


_OF = {"meet": "of what both have", "without": "of what is left", "either": "of these"}


def _word(text: str) -> str:
    return f'<span class="and">{text}</span>'


def _met(found: Found) -> str:
    """How two sets meet, between them."""
    if found.op in COMPARED:
        return f"with {found.measure.more(found.op)} than"
    if found.op == "meet" and "named" in (found.of[0].op, found.of[1].op):
        return "among them" if found.of[1].op == "named" else "among"
    return {"meet": "and also", "without": "without", "either": "together with"}.get(found.op, "and")


def _chip(answer: Answer, found: Found) -> str:
    """A step in the line; empty where the line says it otherwise."""
    if found.op == "follow":
        way = f'<span class="arrow">{arrow(found.operation.inverse)}</span> {escape(found.operation.label)}'
        return f'<span class="hop">{way}{_many(found)}</span>'
    words = _CHIPS[found.op](answer, found) if found.op in _CHIPS else ""
    return f'<span class="operation"><span class="arrow">›</span> {words}</span>' if words else ""


def _many(found: Found) -> str:
    return f" ({found.size:,})" if found.size > 1 else ""


def _keeps(_: Answer, found: Found) -> str:
    return f"only {escape(plural(found.operation.label))}{_many(found)}"


def _is_extreme(_: Answer, found: Found) -> str:
    return f"{found.measure.extreme(found.operation)}{_shown_value(found)}"


def _is_held(_: Answer, found: Found) -> str:
    operation, measure = found.operation, found.measure
    if measure.counted:
        return f"{measure.held(operation)}{_many(found)}"
    return f"{measure.name} {measure.beyond(found.op)} {measure.amount(operation.number or 0.0)}{_many(found)}"


def _is_counted(_: Answer, found: Found) -> str:
    return f"counted: {found.size:,}"


def _is_worked_out(answer: Answer, found: Found) -> str:
    words = {"sum": "sum of", "mean": "mean of", "difference": "difference in"}[found.op]
    return f"{words} {found.measure.name}{_result(answer, found)}"


_CHIPS: dict[str, Callable[[Answer, Found], str]] = {
    "keep": _keeps,
    **dict.fromkeys(EXTREMES, _is_extreme),
    **dict.fromkeys(HELD, _is_held),
    "count": _is_counted,
    **dict.fromkeys(WORKED_OUT, _is_worked_out),
}


def _amount(measure: Measure, value: float) -> str:
    return grouped(value) if measure.counted else measure.amount(value)


def _shown_value(found: Found) -> str:
    value = common_value(found)
    return "" if value is None else f" ({_amount(found.measure, value)})"


def _result(answer: Answer, found: Found) -> str:
    value = number_of(answer)
    return "" if value is None else f": {found.measure.result(value, found.op)}"


# Step by step


def steps(answer: Answer, first: int = 1) -> list[str]:
    """A program step by step, as sentences; what was named and the plain end are no steps of their own.

    Args:
        first: the number of the first of them, since later ones refer to earlier ones by number.
    """
    told = told_steps(answer)
    numbers = {found.place: number for number, found in enumerate(told, start=first)}
    return [f"{_TOLD[found.op](Telling(answer, found, numbers))}." for found in told]


def told_steps(answer: Answer) -> list[Found]:
    """What is told as a step: that anything is left only where the step before does not say so."""
    return [
        each for each in sets(answer.program) if each.op in _TOLD and not (each.op == "any" and _is_asked(each.of[0]))
    ]


def _is_asked(found: Found) -> bool:
    """Whether a step is a question that is answered with yes or no: of a single entity, or whether one is in a set."""
    if found.op in (*HELD, *COMPARED):
        return found.of[0].size == 1
    return found.op == "meet" and "named" in (found.of[0].op, found.of[1].op)


@dataclass(frozen=True)
class Telling:
    """A step that is told, with the numbers of the steps by their places in the program."""

    answer: Answer
    found: Found
    numbers: dict[int, int]

    @property
    def label(self) -> str:
        return self.found.operation.label

    def operand(self, place: int) -> str:
        """A set by what it was named, or by the number of its step."""
        found = self.found.of[place]
        return strong(named(self.answer, found)) if found.op == "named" else f"step {self.numbers[found.place]}"

    def leading(self, text: str) -> str:
        """A text with what the step led to."""
        return f"{text} → {few(self.answer, self.found)}"

    def asked(self, question: str) -> str:
        """A question with its answer."""
        return f"{question} {'Yes' if self.found.size else 'No'}"


def _take_class(told: Telling) -> str:
    return f"Take all {strong(plural(told.label))}: {told.found.size:,}"


def _keep(told: Telling) -> str:
    return told.leading(f"Keep the {strong(plural(told.label))}")


def _follow(told: Telling) -> str:
    origin, relation = told.found.of[0], related(told.label)
    if told.found.operation.inverse:
        return told.leading(f"Find everything whose {relation} is {whom(told.answer, origin, 'one of these')}")
    return told.leading(f"From {whom(told.answer, origin, 'there')} follow {relation}")


def _take_extreme(told: Telling) -> str:
    found = told.found
    kept = "those" if found.size > 1 else "the one"
    tied = f": {found.size:,} share this value" if found.size > 1 else ""
    return told.leading(
        f"Of these take {kept} with {found.measure.extreme(found.operation)}{_shown_value(found)}{tied}"
    )


def _hold(told: Telling) -> str:
    if _is_asked(told.found):
        return told.asked(told.found.measure.asked(whom(told.answer, told.found.of[0]), told.found.operation))
    return told.leading(f"Keep those {told.found.measure.held(told.found.operation)}")


def _compare(told: Telling) -> str:
    own, other = told.found.of
    more = f"{told.found.measure.more(told.found.op)} than {whom(told.answer, other, told.operand(1))}"
    if _is_asked(told.found):
        return told.asked(f"Does {whom(told.answer, own)} have {more}?")
    return told.leading(f"Keep those of {told.operand(0)} with {more}")


def _meet(told: Telling) -> str:
    if _is_asked(told.found):
        one, other = (0, 1) if told.found.of[0].op == "named" else (1, 0)
        return told.asked(f"Is {told.operand(one)} in {told.operand(other)}?")
    return told.leading(f"Keep what {told.operand(0)} and {told.operand(1)} have in common")


def _leave_out(told: Telling) -> str:
    other = told.operand(1)
    out = other if told.found.of[1].op == "named" else f"what is also in {other}"
    return told.leading(f"From {told.operand(0)} leave out {out}")


def _put_together(told: Telling) -> str:
    return told.leading(f"Put {told.operand(0)} and {told.operand(1)} together")


def _count(told: Telling) -> str:
    return f"Count them: {told.found.size:,}"


def _ask_for_any(told: Telling) -> str:
    return "Something is left, so the answer is yes" if told.found.size else "Nothing is left, so the answer is no"


def _work_out(told: Telling) -> str:
    name = told.found.measure.name
    if told.found.op == "difference":
        one, other = (whom(told.answer, each, told.operand(place)) for place, each in enumerate(told.found.of))
        words = f"Take the difference in {name} between {one} and {other}"
    else:
        words = f"{'Add up their' if told.found.op == 'sum' else 'Take the mean of their'} {name}"
    return f"{words}{_result(told.answer, told.found)}"


_TOLD: dict[str, Callable[[Telling], str]] = {
    "class": _take_class,
    "follow": _follow,
    "keep": _keep,
    **dict.fromkeys(EXTREMES, _take_extreme),
    **dict.fromkeys(HELD, _hold),
    **dict.fromkeys(COMPARED, _compare),
    "meet": _meet,
    "without": _leave_out,
    "either": _put_together,
    "count": _count,
    "any": _ask_for_any,
    **dict.fromkeys(WORKED_OUT, _work_out),
}
