"""Unfolding: runs a program once more, step by step, and keeps of each step what a person needs to check it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kgqa.graph.catalog import Catalog
from kgqa.graph.numbers import Attribute, Entities, Floats
from kgqa.programs.machine import ENDS, Machine, Program, Stack, Step, needed, restarted
from kgqa.programs.space import PLAIN
from kgqa.reasoning.beam import Written
from kgqa.reasoning.context import Sketch
from kgqa.reasoning.offers import Offers
from kgqa.types import ENTITIES_KEPT, VALUES_KEPT, Operation

UNIT = re.compile(r"\bin (?!year\b)([^()]+?)(?: \(.*\))?$")  # "elevation in metres", "area in square kilometres"
FACTS = 40

Fact = tuple[int, int, int]


def of_one_meaning(machine: Machine, found: Written, offers: Offers) -> Program:
    """The program of a lone question with the likeliest meaning of a name in the place of all that are called so, where
    that comes to the same alone."""
    program = found.program
    weighed = sorted(zip(offers.prior[0].tolist(), offers.named[0], strict=False), key=lambda each: -each[0])
    for step in program:
        if step.op == "named" and step.start >= 0 and len(step.entities) > 1:
            place, meanings = (step.start, step.end), [(entity,) for entity in step.entities]
            for one in (each for _, each in weighed if (each.start, each.end) == place and each.entities in meanings):
                if machine.run(other := restarted(program, {place: one})) == found.denotation:
                    program = other
                    break
    return program


def unfolded(machine: Machine, program: Program, links: Sequence[Step]) -> tuple[tuple[Operation, ...], list[Fact]]:
    """Each step of a program as it ran, and the first facts that its relations went along.

    Args:
        links: the steps that name something, in the order of the answer's links.
    """
    stack: Stack = ()
    operations, facts = [], dict[Fact, None]()
    for step in program:
        after = stack if step.op in ENDS else machine.step(stack, step)
        operations.append(_operation(machine, step, stack, after, links))
        if step.op == "follow":
            facts.update(dict.fromkeys(_walked(machine, stack[-1], step.relation)))
        stack = after
    return tuple(operations), list(facts)[:FACTS]


def sketch_of(operations: Iterable[Operation]) -> Sketch:
    """What a program did, whatever it named (a sketch, as Dong and Lapata 2018 call it)."""
    return tuple((each.op, "" if each.op in PLAIN else each.relation or each.label, each.rank) for each in operations)


def sketch(machine: Machine, program: Program) -> Sketch:
    """What a program does, whatever it names."""
    return tuple((step.op, _said_of(machine, step), step.rank) for step in program)


def _said_of(machine: Machine, step: Step) -> str:
    """The relation or class of a step."""
    if step.class_ >= 0:
        return machine.numbers.classes[step.class_]
    relation = step.attribute.relation if step.attribute is not None else step.relation
    return machine.numbers.catalog.relation_ids[relation // 2] if relation >= 0 else ""


def measured(machine: Machine, program: Program, place: int) -> Operation | None:
    """A step as it ran, with the numbers of all that took part; None where it holds no numbers against each other."""
    if not 0 <= place < len(program) or program[place].attribute is None:
        return None
    stack: Stack = ()
    for step in program[:place]:
        stack = machine.step(stack, step)
    step = program[place]
    after = stack if step.op in ENDS else machine.step(stack, step)
    return _operation(machine, step, stack, after, (), most=len(machine.numbers.catalog))


def _operation(
    machine: Machine, step: Step, before: Stack, after: Stack, links: Sequence[Step], most: int = VALUES_KEPT
) -> Operation:
    catalog, last = machine.numbers.catalog, after[-1]
    first = tuple(catalog.entity_ids[entity] for entity in last[:ENTITIES_KEPT].tolist())
    base = Operation(step.op, rank=step.rank, size=len(last), entities=first)
    if step.op == "named":
        return replace(base, link=links.index(step))
    if step.op in ("class", "keep"):
        return replace(base, label=machine.numbers.classes[step.class_])
    if step.op == "follow":
        return _called(base, catalog, step.relation)
    if step.attribute is None:
        return base
    told = _measured(machine, _called(base, catalog, step.attribute.relation), step.attribute)
    if step.op in ("over", "under", "exactly", "notable"):
        told = replace(told, number=step.number)
    return _weighed(machine, told, step, before, most)


def _called(operation: Operation, catalog: Catalog, relation: int) -> Operation:
    base = relation // 2
    label, inverse = catalog.relation_labels[base], bool(relation % 2)
    return replace(operation, label=label, relation=catalog.relation_ids[base], inverse=inverse)


def _measured(machine: Machine, operation: Operation, attribute: Attribute) -> Operation:
    if not attribute.counted:
        return replace(operation, unit=unit_of(operation.label))
    of = machine.numbers.classes[attribute.class_] if attribute.class_ >= 0 else ""
    return replace(operation, counted=True, of=of)


def _weighed(machine: Machine, operation: Operation, step: Step, before: Stack, most: int) -> Operation:
    """With the numbers of those that took part, so many at most, the most extreme first."""
    assert step.attribute is not None
    took_part = before[-1] if needed(step) == 1 else np.union1d(before[-2], before[-1])
    values = machine.numbers.of(took_part, step.attribute)
    there = ~np.isnan(values)
    falling = step.op not in ("smallest", "under", "below")
    own, values = took_part[there], values[there]
    order = _first(-values if falling else values, own, most)
    ids = machine.numbers.catalog.entity_ids
    pairs = tuple(
        (ids[entity], value) for entity, value in zip(own[order].tolist(), values[order].tolist(), strict=True)
    )
    return replace(operation, values=pairs, took_part=int(there.sum()), missing=int((~there).sum()))


def _first(values: Floats, entities: Entities, most: int) -> NDArray[np.int64]:
    """Where the smallest of some numbers are, so many at most; equal ones by entity."""
    kept = np.arange(len(values))
    if len(values) > most:
        kept = np.argpartition(values, most - 1)[:most]
    order: NDArray[np.int64] = kept[np.lexsort((entities[kept], values[kept]))]
    return order


def unit_of(label: str) -> str:
    """The unit that a label ends with: "metres" of "elevation in metres"; empty where it names none."""
    found = UNIT.search(label)
    return found[1] if found else ""


def _walked(machine: Machine, entities: Entities, relation: int) -> Iterator[Fact]:
    """The first facts that a relation leads along from these entities, as the graph states them."""
    count = 0
    for entity in entities.tolist():
        for object_ in machine.numbers.sparse.objects_of(entity, relation).tolist():
            yield (object_, relation // 2, entity) if relation % 2 else (entity, relation // 2, object_)
            count += 1
            if count == FACTS:
                return
