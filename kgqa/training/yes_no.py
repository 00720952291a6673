"""Yes or no: questions whether a fact is stated, whether one has more than another, or more than a number."""

from dataclasses import dataclass

from kgqa.graph.sparse import inverse
from kgqa.programs.machine import Step
from kgqa.training.asking import Asker, Made, named
from kgqa.training.sampling import ImpossibleError

FACT_SHARE, THAN_SHARE, COUNTED_SHARE = 0.5, 0.25, 0.25


@dataclass(frozen=True)
class YesNo:
    """Draws such questions."""

    asker: Asker

    def yes(self) -> Made:
        """One that is answered with yes."""
        return self._drawn(True)

    def no(self) -> Made:
        """One that is answered with no, about what could as well be so."""
        return self._drawn(False)

    def _drawn(self, true: bool) -> Made:
        draw = self.asker.random.random()
        if draw < FACT_SHARE or not self.asker.surveys.measures:
            made = self._fact(true)
        else:
            made = self._than() if draw < FACT_SHARE + THAN_SHARE else self._number()
        if made.question.answers != (true,):
            raise ImpossibleError
        return made

    def _than(self) -> Made:
        """Whether one has more than another."""
        survey, large = self.asker.surveys.drawn(2), self.asker.random.random() < 0.6
        one, other = survey.pair()
        step = Step("above" if large else "below", attribute=survey.measure.attribute)
        program = (named(one), named(other), step, Step("any"))
        return self.asker.asked(("yes-no", "than"), survey.parts(large), {"a": one, "b": other}, program)

    def _number(self) -> Made:
        """Whether one has more than a number."""
        survey = self.asker.surveys.drawn(2, COUNTED_SHARE)
        one, _ = survey.pair()
        step, parts = survey.beyond(self.asker.random.random() < 0.6)
        return self.asker.asked(("yes-no", "number"), parts, {"a": one}, (named(one), step, Step("any")))

    def _fact(self, true: bool) -> Made:
        """Whether a relation leads from one entity to another."""
        facts, links = self.asker.facts, self.asker.groups.naming.links
        relation = facts.relation() & ~1
        start, end = facts.edge(relation)
        if not links[relation].asks():
            relation, start, end = inverse(relation), end, start
        ways = links[relation].asks()
        if not ways or not self.asker.is_nameable(end):
            raise ImpossibleError
        if not true:
            end = self._another(start, relation, end)
        program = (named(start), Step("follow", relation=relation), named(end), Step("meet"), Step("any"))
        return self.asker.finished(self.asker.random.choice(ways), {"a": start, "b": end}, program)

    def _another(self, start: int, relation: int, end: int) -> int:
        """What the relation leads to from elsewhere, of the kind of `end`: not from here, nor back to here."""
        sparse, kinds = self.asker.facts.sparse, self.asker.groups.numbers.in_class
        ends = self.asker.machine.edges(relation)[1]
        other = int(ends[self.asker.random.randrange(len(ends))])
        if other == start or (kinds[end].any() and not (kinds[end] & kinds[other]).any()):
            raise ImpossibleError
        if sparse.contains(other, relation, start):  # whom one is married to is married to one
            raise ImpossibleError
        if any(sparse.contains(start, relation, each) for each in self.asker.facts.namesakes(other)):
            raise ImpossibleError
        return other
