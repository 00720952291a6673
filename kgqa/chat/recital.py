"""A recital: an exact program said in words, as one line and step by step.

A program runs over a stack of sets, so what it found is a tree: each set with the sets that it was made of. What these
functions return is HTML whose every label has been escaped.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kgqa.chat.markup import escape
from kgqa.chat.measure import Measure, grouped
from kgqa.chat.phrases import arrow, label_of, listed, plural, related, strong
from kgqa.programs.machine import ENDS, JOINS, OPS, STARTS
from kgqa.types import Answer, Operation

EXTREMES = ("largest", "smallest")
HELD = ("over", "under", "exactly", "notable")
COMPARED = ("above", "below")
WORKED_OUT = ("sum", "mean", "difference")
MEASURING = (*EXTREMES, *HELD, *COMPARED, *WORKED_OUT)
FEW = 3


@dataclass(frozen=True)
class Found:
    """What the step at `place` left, and the sets it was made of."""

    place: int
    operation: Operation
    of: tuple["Found", ...] = ()

    @property
    def op(self) -> str:
        return self.operation.op

    @property
    def size(self) -> int:
        return max(self.operation.size, len(self.operation.entities))

    @property
    def measure(self) -> Measure:
        return Measure.by(self.operation)

    @property
    def is_joined(self) -> bool:
        """Whether two sets met in it."""
        return len(self.of) == 2

    def value(self, entity: str) -> float | None:
        """The number of one that took part; None where it has none, or was not kept."""
        return next((value for each, value in self.operation.values if each == entity), None)

    @property
    def lone(self) -> str:
        """The only entity of a set; empty where there are several or none."""
        return self.operation.entities[0] if self.size == 1 and self.operation.entities else ""


def sets(program: Sequence[Operation]) -> tuple[Found, ...]:
    """What each step found, the last one what answers; nothing where it is no program, or not one of this version."""
    stack: list[Found] = []
    found: list[Found] = []
    for place, operation in enumerate(program):
        count = _needed(operation.op)
        if count > len(stack) or operation.op not in OPS:
            return ()
        stack, taken = stack[: len(stack) - count], tuple(stack[len(stack) - count :])
        stack.append(Found(place, operation, taken))
        found.append(stack[-1])
    return tuple(found) if len(stack) == 1 and found[-1].op in ENDS else ()


def _needed(op: str) -> int:
    return 0 if op in STARTS else 2 if op in JOINS or op == "difference" else 1


def last_relation(program: Sequence[Operation]) -> str:
    """The label of the relation that led to the set that answers; empty where something else did."""
    found = sets(program)
    last = found[-1].of[0].operation if found and found[-1].op == "set" else None
    return last.label if last and last.op == "follow" and not last.inverse else ""


# The line


def trail(answer: Answer) -> str:
    """A program in one line: each set from where it starts, how the sets meet, and what is made of the last one."""
    found = sets(answer.program)
    lines = _lines(answer, found[-1]) if found else []
    return " ".join(f'<span class="path">{" ".join(line)}</span>' for line in lines)


def _lines(answer: Answer, found: Found) -> list[list[str]]:
    if not found.of:
        return [[f'<span class="stop">{_start(answer, found)}</span>']]
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


def _start(answer: Answer, found: Found) -> str:
    """Where a set starts: what was named, or a whole class."""
    if found.op == "class":
        return escape(f"all {plural(found.operation.label)}")
    return escape(named(answer, found))


def named(answer: Answer, found: Found) -> str:
    """What a mention was taken for, as text."""
    place = found.operation.link
    if 0 <= place < len(answer.links):
        return answer.links[place].label
    return listed([label_of(answer, each) for each in found.operation.entities[:FEW]], found.size)


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


def common_value(found: Found) -> float | None:
    """The number of the first that is left: of an extreme, that of all of them."""
    entities = found.operation.entities
    return found.value(entities[0]) if entities else None


def _amount(measure: Measure, value: float) -> str:
    return grouped(value) if measure.counted else measure.amount(value)


def _shown_value(found: Found) -> str:
    value = common_value(found)
    return "" if value is None else f" ({_amount(found.measure, value)})"


def _result(answer: Answer, found: Found) -> str:
    value = number_of(answer)
    return "" if value is None else f": {found.measure.result(value, found.op)}"


def number_of(answer: Answer) -> float | None:
    """The number that an answer is; None where nothing could be worked out."""
    value = answer.value
    return None if value is None or isinstance(value, bool) or math.isnan(value) else float(value)


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


# A set in a sentence


def whom(answer: Answer, found: Found, several: str = "any of them") -> str:
    """A set as whom a sentence is about: what was named, or the entity that is alone in it; else these words."""
    if found.op == "named":
        return strong(named(answer, found))
    return strong(label_of(answer, found.operation.entities[0])) if found.lone else several


def few(answer: Answer, found: Found, most: int = FEW) -> str:
    """The first entities of a set and how many more there are, which is never one."""
    shown = found.operation.entities[: most + 1 if found.size == most + 1 else most]
    return listed([escape(label_of(answer, each)) for each in shown], found.size)


def noun(answer: Answer, found: Found) -> str:
    """A set as a noun: "everything whose author is Kafka", "all rivers whose length is over 3,000 kilometres".

    A set that was made in several steps is said by the last of them, and what came before by a pronoun.
    """
    if not found.of:
        return _start(answer, found) if found.op == "class" else strong(named(answer, found))
    pronouns = _PRONOUNS.get(found.op, ("them",))
    own = [noun(answer, each) if _depth(each) < 2 else word for each, word in zip(found.of, pronouns, strict=True)]
    return _NOUNS[found.op](answer, found, *own)


def _depth(found: Found) -> int:
    """How many steps after the start it took."""
    return 1 + max(map(_depth, found.of)) if found.of else 0


_JOINED = ("the ones", "the others")
_PRONOUNS = {
    **dict.fromkeys(HELD, ("those",)),
    **dict.fromkeys(COMPARED, ("those", "the others")),
    **dict.fromkeys(("meet", "without", "either"), _JOINED),
}


def _followed_noun(answer: Answer, found: Found, own: str) -> str:
    relation = related(found.operation.label)
    if found.operation.inverse:
        return f"everything whose {relation} is {whom(answer, found.of[0], f'one of {own}')}"
    return f"what {relation} leads to from {whom(answer, found.of[0], own)}"


def _extreme_noun(_: Answer, found: Found, own: str) -> str:
    return f"{'the one' if found.size == 1 else 'those'} of {own} with {found.measure.extreme(found.operation)}"


def _held_noun(_: Answer, found: Found, own: str) -> str:
    kept = found.of[0].operation.label if found.of[0].op == "keep" else ""
    return f"{f'the {escape(plural(kept))}' if kept else own} {found.measure.held(found.operation)}"


def _compared_noun(answer: Answer, found: Found, own: str, other: str) -> str:
    return f"{own} with {found.measure.more(found.op)} than {whom(answer, found.of[1], other)}"


_NOUNS: dict[str, Callable[..., str]] = {
    "follow": _followed_noun,
    "keep": lambda _, found, own: f"the {escape(plural(found.operation.label))} among {own}",
    **dict.fromkeys(EXTREMES, _extreme_noun),
    **dict.fromkeys(HELD, _held_noun),
    **dict.fromkeys(COMPARED, _compared_noun),
    "meet": lambda *given: f"what {given[2]} and {given[3]} have in common",
    "without": lambda *given: f"{given[2]} without {given[3]}",
    "either": lambda *given: f"{given[2]} together with {given[3]}",
}
