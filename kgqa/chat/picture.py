"""The little graph behind an answer, drawn as SVG: mentions on the left, answers on the right.

The picture carries no colours, only classes that the page's style gives a colour in the light and
in the dark. It has no `viewBox`, since the page's sanitiser would drop it: its size is its own.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import fmean

from kgqa.chat.explain import plain
from kgqa.chat.findings import Found, sets
from kgqa.chat.markup import escape, shorten, visible
from kgqa.types import Answer

Fact = tuple[str, str, str]
NODES = 12
NODE_HEIGHT = 34
ROW = 50
MARGIN = 10
LABEL_LENGTH = 24
RELATION_LENGTH = 28


@dataclass(frozen=True)
class Node:
    """A box: `kind` is mention, middle, answer or more; x and y are its centre."""

    label: str
    kind: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Edge:
    """An arrow between two boxes, by their ids, in the direction in which the graph states the fact."""

    source: str
    target: str
    label: str


@dataclass
class Sketch:
    """What is to be drawn, before it has a place: columns of ids, and the arrows."""

    columns: list[list[str]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    left_out: int = 0


def picture(answer: Answer) -> str:
    """The facts of an answer as an SVG element; an empty text when there are none."""
    sketch = _sketch(answer)
    if not sketch.edges:
        return ""
    nodes, width, height = _place(answer, sketch)
    arrows = "".join(_arrow(nodes[edge.source], nodes[edge.target]) for edge in sketch.edges)
    words = "".join(_relations(nodes, sketch.edges))
    boxes = "".join(map(_box, nodes.values()))
    title = f"<title>{escape(plain(answer))}</title><desc>{escape(describe(answer))}</desc>"
    return f'<svg class="graph" width="{width:.0f}" height="{height:.0f}">{title}{arrows}{words}{boxes}</svg>'


def describe(answer: Answer) -> str:
    """The picture in words, for those who don't see it."""
    facts = ([answer.labels.get(part, part) for part in fact] for fact in _facts(answer)[:NODES])
    return "; ".join(map(" ".join, facts))


def _sketch(answer: Answer) -> Sketch:
    """Choose at most `NODES` entities, whole facts at a time, those of the first answers before others."""
    facts, depth = _facts(answer), _depths(answer)
    rank = {entity.id: position for position, entity in enumerate(answer.answers)}
    shown = {answer.links[path.link].id for path in answer.paths if path.link < len(answer.links)}
    order = sorted(facts, key=lambda fact: min(rank.get(fact[0], 99), rank.get(fact[2], 99)))
    edges: list[Edge] = []
    for subject, relation, target in order:
        if len(shown | {subject, target}) <= NODES:
            shown |= {subject, target}
            edges.append(Edge(subject, target, answer.labels.get(relation, relation)))
    columns: defaultdict[int, list[str]] = defaultdict(list)
    elsewhere = 1 if all(link.id for link in answer.links) else 0  # several that were said before are started from
    for node in dict.fromkeys(end for edge in edges for end in (edge.source, edge.target)):
        columns[depth.get(node, elsewhere)].append(node)
    everything = {end for subject, _, target in facts for end in (subject, target)}
    filled = [columns[at] for at in sorted(columns)]
    return Sketch(filled, list(dict.fromkeys(edges)), max(len(everything - shown), _undrawn(answer, shown)))


def _facts(answer: Answer) -> list[Fact]:
    """The facts to draw: all of a walk; of a program those that lead to what it found."""
    if not answer.program:
        return list(answer.facts)
    found = sets(answer.program)
    kept = _leading(answer, found[-1], _goals(answer)) if found else set()
    return [fact for fact in answer.facts if fact in kept]


def _leading(answer: Answer, found: Found, goals: set[str]) -> set[Fact]:
    """The facts along which a set was followed to these of it."""
    if found.op != "follow":
        return {fact for each in _drawn(found) for fact in _leading(answer, each, goals)}
    relation = found.operation.relation
    kept = {fact for fact in answer.facts if fact[1] == relation and _ends(found, fact)[1] in goals}
    return kept | _leading(answer, found.of[0], {_ends(found, fact)[0] for fact in kept})


def _drawn(found: Found) -> tuple[Found, ...]:
    """The sets out of which a set was made; what was only left out, or held against it, is no part of it."""
    return found.of[:1] if found.op in ("without", "above", "below") else found.of


def _goals(answer: Answer) -> set[str]:
    """What a program found: its answers, or the first of the last set where something was made of that."""
    found = sets(answer.program)
    last = set(found[-1].of[0].operation.entities) if found else set()
    return {each.id for each in answer.answers} or last


def _ends(found: Found, fact: Fact) -> tuple[str, str]:
    """From where to where a fact was followed."""
    subject, _, target = fact
    return (target, subject) if found.operation.inverse else (subject, target)


def _undrawn(answer: Answer, shown: set[str]) -> int:
    """How many of what a program found are not shown, also where no fact is kept of them."""
    found = sets(answer.program)
    return max(0, found[-1].size - len(_goals(answer) & shown)) if found and found[-1].size else 0


def _depths(answer: Answer) -> dict[str, int]:
    """The column of each entity: 0 for mentions, then one a hop; answers stand last."""
    if answer.program:
        return _program_depths(answer)
    last = max((len(path.hops) for path in answer.paths), default=1)
    depth = {entity.id: last for entity in answer.answers}
    for path in answer.paths:
        for position, hop in enumerate(path.hops, start=1):
            for entity in hop.entities:
                depth.setdefault(entity, position)
    for path in answer.paths:
        if path.link < len(answer.links):
            depth[answer.links[path.link].id] = 0
    return depth


def _program_depths(answer: Answer) -> dict[str, int]:
    """The column of each entity by how many relations lead to it from where a program starts."""
    depth: dict[str, int] = {}
    found = sets(answer.program)
    if found:
        _deepen(answer, found[-1], depth)
    return depth


def _deepen(answer: Answer, found: Found, depth: dict[str, int]) -> int:
    """Give the entities on the way to a set their columns; returns how many relations lead to it."""
    before = max((_deepen(answer, each, depth) for each in _drawn(found)), default=0)
    if found.op != "follow":
        return before
    if not found.of[0].of:
        depth |= dict.fromkeys(found.of[0].operation.entities, 0)
    for fact in answer.facts:
        start, end = _ends(found, fact)
        if fact[1] == found.operation.relation and depth.setdefault(start, before) <= before:
            depth.setdefault(end, before + 1)
    return before + 1


def _place(answer: Answer, sketch: Sketch) -> tuple[dict[str, Node], float, float]:
    """Columns from left to right, as far apart as the words between them need, each centred in height."""
    if sketch.left_out:
        sketch.columns[-1].append("")
    height = ROW * max(map(len, sketch.columns)) - (ROW - NODE_HEIGHT) + 2 * MARGIN
    nodes: dict[str, Node] = {}
    left: float = MARGIN
    for at, column in enumerate(sketch.columns):
        labels = {node: _node_label(answer, sketch, node) for node in column}
        width = max(_text_width(label, 7.6) for label in labels.values()) + 28
        top = height / 2 - ROW * (len(column) - 1) / 2
        for row, node in enumerate(column):
            kind = _kind(answer, node, at)
            nodes[node] = Node(labels[node], kind, left + width / 2, top + ROW * row, width)
        left += width + _gap(sketch, at)
    return nodes, left - _gap(sketch, len(sketch.columns) - 1) + MARGIN, height


def _gap(sketch: Sketch, at: int) -> float:
    """How far it is from this column to the next, so that the longest relation between them fits."""
    if at + 1 >= len(sketch.columns):
        return 0
    here, there = set(sketch.columns[at]), set(sketch.columns[at + 1])
    between = [
        edge.label
        for edge in sketch.edges
        if not here.isdisjoint((edge.source, edge.target)) and not there.isdisjoint((edge.source, edge.target))
    ]
    return max((_text_width(shorten(label, RELATION_LENGTH), 6.2) for label in between), default=20) + 40


def _text_width(text: str, letter: float) -> float:
    """About as wide as the text will be; wide scripts count double."""
    return letter * sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _node_label(answer: Answer, sketch: Sketch, node: str) -> str:
    if node == "":
        return f"+{sketch.left_out:,} more"
    return shorten(visible(answer.labels.get(node) or node.rsplit("/", 1)[-1]), LABEL_LENGTH)


def _kind(answer: Answer, node: str, column: int) -> str:
    if node == "":
        return "more"
    if any(entity.id == node for entity in answer.answers):
        return "answer"
    return "mention" if _is_named(answer, node, column) else "middle"


def _is_named(answer: Answer, node: str, column: int) -> bool:
    """Whether the question names it; a program may also start from a whole class."""
    if not answer.program:
        return column == 0
    return any(each.op == "named" and node in each.entities for each in answer.program)


def _box(node: Node) -> str:
    left, top = node.x - node.width / 2, node.y - NODE_HEIGHT / 2
    return (
        f'<g class="node {node.kind}"><rect x="{left:.0f}" y="{top:.0f}" width="{node.width:.0f}" '
        f'height="{NODE_HEIGHT}" rx="17"></rect><text x="{node.x:.0f}" y="{node.y + 5:.0f}" '
        f'text-anchor="middle">{escape(node.label)}</text></g>'
    )


def _arrow(source: Node, target: Node) -> str:
    """A curve from border to border with its head; nodes of one column are joined around their right side."""
    if source.x == target.x:
        return _loop(source, target)
    side = 1 if target.x > source.x else -1
    x1, x2 = source.x + side * source.width / 2, target.x - side * (target.width / 2 + 8)
    bend = (x1 + x2) / 2
    y1, y2 = source.y, target.y
    curve = f"M {x1:.0f} {y1:.0f} C {bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return f'<path class="edge" fill="none" d="{curve}"></path>{_head(x2, y2, side)}'


def _loop(source: Node, target: Node) -> str:
    x1, x2 = source.x + source.width / 2, target.x + target.width / 2 + 8
    out = max(x1, x2) + 26
    curve = f"M {x1:.0f} {source.y:.0f} C {out:.0f} {source.y:.0f} {out:.0f} {target.y:.0f} {x2:.0f} {target.y:.0f}"
    return f'<path class="edge" fill="none" d="{curve}"></path>{_head(x2, target.y, -1)}'


def _head(x: float, y: float, side: int) -> str:
    tip = x + 8 * side
    return f'<polygon class="head" points="{x:.0f},{y - 4:.0f} {tip:.0f},{y:.0f} {x:.0f},{y + 4:.0f}"></polygon>'


def _relations(nodes: dict[str, Node], edges: list[Edge]) -> list[str]:
    """Each relation once for a bundle of arrows between the same two columns, in the middle of the bundle."""
    bundles: defaultdict[tuple[str, float, float], list[Edge]] = defaultdict(list)
    for edge in edges:
        ends = sorted((nodes[edge.source].x, nodes[edge.target].x))
        bundles[edge.label, ends[0], ends[1]].append(edge)
    taken: defaultdict[float, list[float]] = defaultdict(list)
    drawn = []
    for label, bundle in ((label, bundle) for (label, _, _), bundle in bundles.items()):
        x = _middle(nodes[bundle[0].source], nodes[bundle[0].target])
        y = fmean((nodes[edge.source].y + nodes[edge.target].y) / 2 for edge in bundle)
        while any(abs(y - other) < 18 for other in taken[x]):
            y += 18
        taken[x].append(y)
        text = escape(shorten(visible(label), RELATION_LENGTH))
        drawn.append(f'<text class="relation" x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{text}</text>')
    return drawn


def _middle(source: Node, target: Node) -> float:
    """The middle of the space between two boxes, whichever stands on the left."""
    if source.x == target.x:
        return source.x + source.width / 2 + 26
    left, right = sorted((source, target), key=lambda node: node.x)
    return (left.x + left.width / 2 + right.x - right.width / 2) / 2
