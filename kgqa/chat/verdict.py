"""The verdict: what of a program's run makes its answer so, in a sentence or two beside it.

The fact behind a yes, the number behind a superlative, who was counted, and where there is nothing, why. What these
functions return is HTML whose every label has been escaped.
"""

from collections.abc import Callable

from kgqa.chat.findings import COMPARED, EXTREMES, HELD, WORKED_OUT, Found, common_value, number_of, sets
from kgqa.chat.markup import escape
from kgqa.chat.measure import grouped
from kgqa.chat.nouns import few, noun, whom
from kgqa.chat.phrases import label_of, ordinal, plural, related, strong, unmarked
from kgqa.types import ENTITIES_KEPT, Answer

NO_FACT = "The graph has no such fact"


def nothing(answer: Answer) -> str:
    """That a program came to nothing, and why; empty where it came to something, or there is none."""
    found = sets(answer.program)
    if not found or answer.abstained or answer.kind in ("boolean", "count") or answer.answers:
        return ""
    return f"None: {_lack(answer, found[-1])}." if number_of(answer) is None else ""


def tied(answer: Answer) -> bool:
    """Whether several share the extreme that was asked for."""
    found = sets(answer.program)
    return bool(found) and found[-1].op == "set" and found[-1].of[0].op in EXTREMES and found[-1].size > 1


def quantity(answer: Answer) -> str:
    """The number that a program was to work out or to count, with its unit, as text; empty if it found others."""
    found, value = sets(answer.program), number_of(answer)
    if not found or value is None:
        return ""
    end = found[-1]
    if end.op in WORKED_OUT:
        return unmarked(end.measure.result(value, end.op))
    return grouped(value) if end.op == "count" else ""


def basis(answer: Answer) -> str:
    """What makes the answer so; empty where nothing is to be added."""
    found = sets(answer.program)
    if not found or answer.abstained or nothing(answer):
        return ""
    return _BASES[found[-1].op](answer, found[-1])


def left_out(found: Found) -> str:
    """How many had no number, as a sentence; empty if all had one."""
    count = found.operation.missing
    verbs = "has no such value in this graph and was" if count == 1 else "have no such value in this graph and were"
    return f"{count:,} {verbs} left out." if count else ""


def _of_set(answer: Answer, end: Found) -> str:
    found = end.of[0]
    if found.op in EXTREMES:
        return _sentences(_of_extreme(found), left_out(found))
    if found.op in COMPARED:
        held_against = _sentence(_number_in(answer, found, found.of[1])) if found.of[1].size == 1 else ""
        return _sentences(held_against, left_out(found))
    if found.op in HELD:
        count = found.operation.took_part
        return _sentences(f"{count:,} {'value was' if count == 1 else 'values were'} compared.", left_out(found))
    return ""


def _of_extreme(found: Found) -> str:
    measure, value = found.measure, common_value(found)
    if value is None:
        return ""
    which = measure.extreme(found.operation).removesuffix(f" {measure.name}")
    shared = f" {found.size:,} share this value." if found.size > 1 else ""
    return f"{_sentence(f'{_stated(found, value)}, {which} of {found.operation.took_part:,}')}{shared}"


def _stated(found: Found, value: float) -> str:
    """A number with what it is of: "the population is 83,149,300", "9 countries under borders"."""
    measure = found.measure
    if measure.counted:
        return f"{grouped(value)} {measure.things(value)}"
    return f"the {measure.name} is {measure.amount(value)}"


def _of_count(answer: Answer, end: Found) -> str:
    if not end.size:
        return _sentence(_lack(answer, end))
    counted, named = end.of[0], end if end.operation.entities else end.of[0]
    these = f"{'These are' if end.size > 1 else 'It is'} {few(answer, named, ENTITIES_KEPT)}."
    left = left_out(counted) if counted.op in (*HELD, *COMPARED) else ""
    return _sentences(f"Counted: {noun(answer, counted)}.", these, left)


def _of_numbers(_: Answer, end: Found) -> str:
    count = end.operation.took_part
    return _sentences(f"From {count:,} {'value' if count == 1 else 'values'}.", left_out(end))


def _of_any(answer: Answer, end: Found) -> str:
    found = end.of[0]
    if found.op == "meet":
        return _of_meeting(answer, found)
    if found.op in COMPARED and found.of[0].size == 1 == found.of[1].size:
        return _both(answer, found)
    if found.op in HELD and found.value(found.of[0].lone) is not None:
        return _of_lone(answer, found)
    if not found.size:
        return _sentences(_sentence(_lack(answer, found)), left_out(found))
    if found.op == "follow":
        return _sentence(_fact(answer, found, few(answer, found)))
    return _sentences(f"Found {few(answer, found)}.", left_out(found))


def _both(answer: Answer, found: Found) -> str:
    """The numbers of the two that were held against each other, or that one has none."""
    return " ".join(_sentence(_number_in(answer, found, own)) for own in found.of)


def _number_in(answer: Answer, found: Found, own: Found) -> str:
    """The number of the first of a set that has one."""
    for entity in own.operation.entities:
        value = found.value(entity)
        if value is not None:
            return found.measure.has(strong(label_of(answer, entity)), value)
    return _without_number(found, whom(answer, own))


def _of_lone(answer: Answer, found: Found) -> str:
    """The number of the only one that was held against a number."""
    measure, own, value = found.measure, found.of[0], found.value(found.of[0].lone)
    assert value is not None
    limit = found.operation.number or 0.0
    written = grouped(limit) if measure.counted else measure.amount(limit)
    relation = f"{'' if found.size else 'not '}{measure.beyond(found.op)} {written}"
    return _sentence(f"{measure.has(whom(answer, own), value)}, which is {relation}")


def _of_meeting(answer: Answer, found: Found) -> str:
    """The fact that makes two sets meet, or the one that is missing."""
    parts = [each for each in found.of if each.op != "named"]
    if len(parts) != 1:
        common = few(answer, found)
        return f"Both lead to {common}." if found.size else f"{NO_FACT}: {_lack(answer, found)}."
    way, goal = parts[0], next(each for each in found.of if each.op == "named")
    if found.size:
        reached = found.operation.entities[0] if found.operation.entities else ""
        return _sentence(
            _fact(answer, way, strong(label_of(answer, reached)) if reached else whom(answer, goal), reached)
        )
    there = f" Found there instead: {few(answer, way)}." if way.size else ""
    return f"{NO_FACT}: {_fact(answer, way, whom(answer, goal))}.{there}"


def _fact(answer: Answer, way: Found, goal: str, reached: str = "") -> str:
    """That a way leads to something: the fact of its last step, if that is a relation."""
    if way.op != "follow":
        return f"{goal} is among {noun(answer, way)}"
    origin = way.of[0]
    start = whom(answer, origin, _origin(answer, way, reached) or noun(answer, origin))
    ends = (goal, start) if way.operation.inverse else (start, goal)
    return f"{ends[0]} {related(way.operation.label)} {ends[1]}"


def _origin(answer: Answer, way: Found, reached: str) -> str:
    """From which of several it was reached, as the facts tell."""
    for subject, relation, target in answer.facts:
        start, end = (target, subject) if way.operation.inverse else (subject, target)
        if reached and relation == way.operation.relation and end == reached:
            return strong(label_of(answer, start))
    return ""


_BASES: dict[str, Callable[[Answer, Found], str]] = {
    "set": _of_set,
    "count": _of_count,
    "any": _of_any,
    "sum": _of_numbers,
    "mean": _of_numbers,
    "difference": _both,
}


# Why there is nothing


def _lack(answer: Answer, found: Found) -> str:
    """Why a step came to nothing: at the first set that is empty, if that is not its own doing."""
    blamed = found.of[:1] if found.op in ("without", "either") else found.of
    empty = next((each for each in blamed if not each.size), None)
    if empty is not None:
        return _lack(answer, empty)
    if found.op in _LACKS:
        return _LACKS[found.op](answer, found)
    return "the graph has nothing there"


def _leads_nowhere(answer: Answer, found: Found) -> str:
    relation, origin = related(found.operation.label), found.of[0]
    if found.operation.inverse:
        return f"the graph has nothing whose {relation} is {whom(answer, origin, 'one of them')}"
    return f"the graph has nothing under {relation} for {whom(answer, origin)}"


def _none_of_class(_: Answer, found: Found) -> str:
    return f"the graph has no {escape(plural(found.operation.label))} there"


def _no_extreme(answer: Answer, found: Found) -> str:
    operation = found.operation
    if not operation.took_part:
        return _without_number(found, whom(answer, found.of[0]))
    there = "is only 1" if operation.took_part == 1 else f"are {operation.took_part:,}, and fewer that differ"
    if operation.took_part < operation.rank:
        there = there.removesuffix(", and fewer that differ")
    return f"there is no {ordinal(operation.rank)} value of {found.measure.name}: there {there}"


def _none_held(answer: Answer, found: Found) -> str:
    if not found.operation.took_part:
        return _without_number(found, whom(answer, found.of[0]))
    count = found.operation.took_part
    return f"there are none {found.measure.held(found.operation)} among the {count:,} that have a value"


def _none_beyond(answer: Answer, found: Found) -> str:
    other = found.of[1]
    if other.lone and found.value(other.lone) is None and found.operation.took_part <= len(found.operation.values):
        return _without_number(found, whom(answer, other))
    return f"there are none with {found.measure.more(found.op)} than {whom(answer, other, noun(answer, other))}"


def _without_number(found: Found, who: str) -> str:
    return f"the graph gives no {found.measure.name} for {who}"


def _nothing_shared(answer: Answer, found: Found) -> str:
    one, other = (noun(answer, each) for each in found.of)
    return f"{one} and {other} have nothing in common"


def _nothing_left(answer: Answer, found: Found) -> str:
    one, other = (noun(answer, each) for each in found.of)
    return f"nothing is left of {one} without {other}"


def _nothing_to_work_out(answer: Answer, found: Found) -> str:
    for own in found.of:
        if found.op == "difference" and own.size > 1:
            return f"a difference is between two, and {noun(answer, own)} are {own.size:,}"
        if found.op != "difference" or found.value(own.lone) is None:
            return _without_number(found, whom(answer, own))
    return "the graph has nothing there"


_LACKS: dict[str, Callable[[Answer, Found], str]] = {
    "follow": _leads_nowhere,
    "keep": _none_of_class,
    **dict.fromkeys(EXTREMES, _no_extreme),
    **dict.fromkeys(HELD, _none_held),
    **dict.fromkeys(COMPARED, _none_beyond),
    "meet": _nothing_shared,
    "without": _nothing_left,
    **dict.fromkeys(("sum", "mean", "difference"), _nothing_to_work_out),
}


def _sentence(text: str) -> str:
    """A clause as a sentence: with a capital, unless it begins with a name, and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def _sentences(*texts: str) -> str:
    return " ".join(filter(None, texts))
