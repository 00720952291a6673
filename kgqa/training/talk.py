"""Talk: conversations made from a graph alone, whose questions lean on what was said before.

A turn after the first refers to what was named or answered ("who directed it?"), leaves out what is asked ("and of
Chile?"), keeps some of the answers ("only those in Asia"), points at one of them ("the second one"), or has nothing to
do with what was before. Who "it" is, is noted nowhere: the answers are all that a model learns it from.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from kgqa.graph.sparse import inverse
from kgqa.training.english import plural
from kgqa.training.phrasing import described_as, is_personal
from kgqa.training.questions import Question
from kgqa.training.sampling import ImpossibleError
from kgqa.training.synthesis import Synthesiser

TURNS = (2, 3, 4, 5)
FEW = 30  # answers that people still speak of as "them"
PATIENCE = 8
KINDS = {"it": 0.34, "ellipsis": 0.18, "narrowing": 0.22, "place": 0.1, "new subject": 0.16}
ELLIPSES = (
    "and {a}?", "and of {a}?", "and for {a}?", "what about {a}?", "how about {a}?", "and in the case of {a}?",
    "same question for {a}", "and what of {a}", "now {a}", "and with {a}?", "{a}?", "and if I ask about {a}?",
)  # fmt: skip
KEEPING = (
    "only those that {clause}", "just the ones that {clause}", "which of them {clause}?", "which of these {clause}",
    "and which ones {clause}?", "only the ones that {clause} please", "who of them {clause}?", "those that {clause}",
    "keep those that {clause}", "which of those {clause}?", "of these, which {clause}",
)  # fmt: skip
FIRST_PLACES = ("first", "second", "third", "fourth", "fifth")
PERSON, PERSONS = ("he", "she", "him", "her", "that person", "this person"), ("they", "them", "these people", "those")
THING, THINGS = ("it", "it", "it", "this", "that", "that one", "this one"), ("they", "them", "those", "these")
POSSESSIVE = {"he": "his", "she": "her", "him": "his", "her": "her", "it": "its", "they": "their", "them": "their"}


@dataclass(frozen=True)
class Turn:
    """A turn with what those after it may lean on: the relation asked for, from where, and the answers in order."""

    row: Question
    starts: tuple[int, ...]
    relation: int | None
    answers: tuple[int, ...]


class Talker:
    """Draws conversations, the same ones for the same seed."""

    def __init__(self, maker: Synthesiser) -> None:
        self.maker, self.facts, self.phraser = maker, maker.facts, maker.phraser
        self.catalog, self.random = maker.catalog, maker.random

    def make(self, total: int) -> Iterator[Question]:
        """So many turns in conversations of two to five, which follow each other whole."""
        made, number = 0, 0
        while made < total:
            number += 1
            for place, turn in enumerate(self._conversation()):
                made += 1
                name = f"talk-{number}"
                yield replace(turn, id=f"{name}-{place + 1}", conversation=name)

    def _conversation(self) -> list[Question]:
        turns = [self._drawn(self._opening)]
        wanted = self.random.choice(TURNS)
        while len(turns) < wanted:
            turns.append(self._drawn(lambda: self._follow(turns)))
        return [turn.row for turn in turns]

    def _follow(self, turns: list[Turn]) -> Turn:
        """A turn of some kind that can follow."""
        left = dict(KINDS)
        while left:
            kind = self.random.choices(list(left), list(left.values()))[0]
            del left[kind]
            with suppress(ImpossibleError):
                return self._followed(kind, turns)
        raise ImpossibleError

    def _drawn(self, maker: Callable[[], Turn]) -> Turn:
        while True:
            try:
                return maker()
            except ImpossibleError:
                continue

    def _opening(self, kind: str = "opening") -> Turn:
        """A question that leans on nothing."""
        relation = self.facts.relation()
        start, _ = self.facts.edge(relation)
        answers = self.facts.walk({start}, relation)
        text = self.phraser.question(relation, answers)
        return self._turn(text, [start], relation, answers, kind)

    def _followed(self, kind: str, turns: list[Turn]) -> Turn:
        makers: dict[str, Callable[[list[Turn]], Turn]] = {
            "it": self._refer, "ellipsis": self._ellipsis, "narrowing": self._narrow, "place": self._place,
            "new subject": lambda _: self._opening("new subject"),
        }  # fmt: skip
        for _ in range(PATIENCE):
            try:
                return makers[kind](turns)
            except ImpossibleError:
                continue
        raise ImpossibleError

    def _refer(self, turns: list[Turn]) -> Turn:
        """A fact about what was answered or named, called "it", "she", "they" or by its kind."""
        back = -1 if self.random.random() < 0.85 else self.random.randrange(-len(turns), 0)
        turn = turns[back]
        meant = list(turn.answers if turn.answers and self.random.random() < 0.5 else turn.starts)
        if not 0 < len(meant) <= FEW or any(self.catalog.is_value[one] for one in meant):
            raise ImpossibleError
        if not self._is_clear(meant, turns[back:]):
            raise ImpossibleError
        relation = self.facts.relation_of(self.random.choice(meant))
        if relation == turn.relation and meant == list(turn.starts):
            raise ImpossibleError
        answers = self.facts.walk(set(meant), relation)
        text = spoken(self.phraser.question(relation, answers), self._called(meant))
        return self._turn(text, meant, relation, answers, "it", named=())

    def _is_clear(self, meant: list[int], turns: list[Turn]) -> bool:
        """Whether nothing else that was said since would be called the same: one or several of the same kind."""
        said = {group for turn in turns for group in (turn.starts, turn.answers) if group and group != tuple(meant)}
        same = (group for group in said if (len(group) > 1) == (len(meant) > 1))
        return not any(self._nouns(group[0])[:1] == self._nouns(meant[0])[:1] for group in same)

    def _ellipsis(self, turns: list[Turn]) -> Turn:
        """The same question about another entity, of which only that is said."""
        relation = turns[-1].relation
        if relation is None:
            raise ImpossibleError
        start, _ = self.facts.edge(relation)
        if start in turns[-1].starts:
            raise ImpossibleError
        answers = self.facts.walk({start}, relation)
        return self._turn(self.random.choice(ELLIPSES), [start], relation, answers, "ellipsis")

    def _narrow(self, turns: list[Turn]) -> Turn:
        """Some of the last answers: those with one more thing in common."""
        before = turns[-1].answers
        if len(before) < 2:
            raise ImpossibleError
        goal = self.random.choice(before)
        back = self.facts.relation_of(goal)
        entity = self.random.choice(self.facts.sparse.objects_of(goal, back).tolist())
        if entity in turns[-1].starts or not self.facts.is_named(entity):
            raise ImpossibleError
        kept = self.facts.walk({entity}, inverse(back)) & set(before)
        if not 0 < len(kept) < len(before):
            raise ImpossibleError
        clause = self.random.choice(self.phraser.wordings[inverse(back)].plural)
        text = self.random.choice(KEEPING).replace("{clause}", clause)
        return self._turn(text, [entity], None, kept, "narrowing")

    def _place(self, turns: list[Turn]) -> Turn:
        """A fact about one of several answers, by its place among them."""
        before = turns[-1].answers
        if not 1 < len(before) <= FEW:
            raise ImpossibleError
        place = self.random.randrange(min(len(before), len(FIRST_PLACES)))
        if self.catalog.is_value[before[place]]:
            raise ImpossibleError
        relation = self.facts.relation_of(before[place])
        answers = self.facts.walk({before[place]}, relation)
        noun = self.random.choice(["one", "one", *self._nouns(before[place])])
        name = f"the {FIRST_PLACES[place]} {noun}"
        text = self.phraser.question(relation, answers).replace("{a}", name)
        return self._turn(text, [before[place]], relation, answers, "place", named=())

    def _nouns(self, entity: int) -> list[str]:
        classes = self.catalog.classes(entity) or described_as(self.catalog.descriptions[entity])
        return [one.lower() for one in classes if one.replace(" ", "").isalpha()]

    def _called(self, meant: list[int]) -> str:
        """What people say for what was said before."""
        nouns = self._nouns(meant[0])
        person = any(is_personal(noun) for noun in nouns)
        if len(meant) > 1:
            words = list(PERSONS if person else THINGS)
            words += [f"{self.random.choice(['those', 'these', 'the'])} {plural(noun)}" for noun in nouns[:1]]
        else:
            words = list(PERSON if person else THING)
            words += [f"{self.random.choice(['that', 'this', 'the'])} {noun}" for noun in nouns[:1]]
        return self.random.choice(words)

    def _turn(
        self,
        text: str,
        starts: list[int],
        relation: int | None,
        answers: set[int],
        kind: str,
        named: tuple[int, ...] | None = None,
    ) -> Turn:
        """A turn whose names are put in; `named` where it names other entities than it starts from."""
        names = starts if named is None else list(named)
        row = replace(self.maker.finished(text, names, answers, kind), slice=kind)
        return Turn(row, tuple(starts), relation, tuple(sorted(answers)))


def spoken(pattern: str, called: str) -> str:
    """A question with a word like "it" where its name would be."""
    possessive = POSSESSIVE.get(called, f"{called}'s")
    return pattern.replace("{a}'s", possessive).replace("{a}", called)
