"""Follow-ups: next questions about an answer or what it was asked of, worded as synthesis words them, and checked.

A question is only suggested if the model answers it with exactly what the graph says, and is sure enough to say so.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

import torch

from kgqa.graph.sparse import inverse
from kgqa.reasoning.answerer import Answerer
from kgqa.training.english import Words, plural
from kgqa.training.phrasing import is_personal
from kgqa.training.wording import Wording, word
from kgqa.types import Answer, Link

WANTED = 3
MOST_CHECKED = 8  # questions that the model is asked to find so many
MOST_ANSWERS = 12
MOST_KEPT = 500
LONGEST_NAME = 60
APART = re.compile(r"\s*\([^()]*\)$")  # what tells a relation from others of its name is not said in a question
# Of the ways to ask for a relation those that people would use, best first; the others are for training.
SPOKEN = tuple(
    map(
        re.compile,
        (
            r"who [a-z]+(?: in)? \{a\}\?",
            r"when was \{a\} \w+\?",
            r"where (?:is|was) \{a\} \w+",
            r"which [\w ]+ does \{a\} (?!have)[\w ]+\?",
            r"\{which\} (?:does|did) \{a\} [\w ]+\?",
            r"(?:who|what) is the [\w -]+ of \{a\}\?",
            r"which [\w ]+ is \{a\} [\w ]+\?",
        ),
    )
)
# Of a life nobody asks in the words of the label, and nearly every graph of people has these.
LIFE = {
    "place of birth": "where was {a} born?",
    "date of birth": "when was {a} born?",
    "year of birth": "in which year was {a} born?",
    "place of death": "where did {a} die?",
    "date of death": "when did {a} die?",
    "year of death": "in which year did {a} die?",
}


@dataclass(frozen=True)
class Draft:
    """A question that has not been asked yet, and the entities that the graph has for an answer."""

    text: str
    answers: frozenset[int]


class Followups:
    """Suggests next questions; `current` gives the model that answers now, which may be replaced."""

    def __init__(self, current: Callable[[], Answerer]) -> None:
        self._current = current
        self._drafter: Drafter | None = None
        self._kept: OrderedDict[tuple[str, ...], tuple[str, ...]] = OrderedDict()
        self._alone = threading.Lock()

    def __call__(self, answer: Answer) -> tuple[str, ...]:
        """Up to WANTED questions, none where nothing was understood; the same ones for the same answer."""
        with self._alone:
            drafter = self._renewed()
            key = (answer.question, *(each.id for each in answer.answers), *(link.id for link in answer.links))
            if key not in self._kept:
                self._kept[key] = tuple(self._checked(answer, drafter))
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]

    def _renewed(self) -> "Drafter":
        """The drafter for the model that answers now."""
        answerer = self._current()
        if self._drafter is None or self._drafter.answerer is not answerer:
            self._drafter = Drafter(answerer)
            self._kept.clear()
        return self._drafter

    def _checked(self, answer: Answer, drafter: "Drafter") -> list[str]:
        """The first drafts that the model answers right; as many are asked at once as are still wanted."""
        drafts, checked = islice(drafter.drafts(answer), MOST_CHECKED), list[str]()
        while asked := list(islice(drafts, WANTED - len(checked))):
            found = drafter.answerer.found([draft.text for draft in asked])
            checked += [draft.text for draft, answers in zip(asked, found, strict=True) if answers == draft.answers]
        return checked


class Drafter:
    """Words questions about what an answer names, by the relations that these entities have."""

    def __init__(self, answerer: Answerer) -> None:
        self.answerer = answerer
        self.catalog, self.sparse = answerer.graph.catalog, answerer.graph.sparse
        words, labels = Words.of(answerer.model.names), self.catalog.relation_labels
        self._patterns = [_spoken(wording) for label in labels for wording in word(APART.sub("", label), words)]
        for relation, label in enumerate(labels):
            self._patterns[2 * relation] = [LIFE[label]] if label in LIFE else self._patterns[2 * relation]
        self._common = torch.bincount(self.sparse.triples()[1], minlength=len(labels)).tolist()

    def drafts(self, answer: Answer) -> Iterator[Draft]:
        """Questions about the answer, if it is one, and about what was named in the question, in turn."""
        walked, asked = self._walked(answer), {_plain(answer.question)}
        about = [self._about(entity, name, walked) for entity, name in self._named(answer).items()]
        for draft in filter(None, chain.from_iterable(zip_longest(*about))):
            if _plain(draft.text) not in asked:
                asked.add(_plain(draft.text))
                yield draft

    def _named(self, answer: Answer) -> dict[int, str]:
        """What to ask about, the answer first, and what it is called: with "the" where the question says so."""
        labels, single = self.catalog.labels, answer.answers if len(answer.answers) == 1 else ()
        named = {each: labels[each] for each in map(self.catalog.entity, (each.id for each in single))}
        for link in filter(_is_one, answer.links):
            the = "the " if answer.question[: link.start].lower().endswith("the ") else ""
            entity = self.catalog.entity(link.id)
            named.setdefault(entity, the + labels[entity])
        return {
            entity: name
            for entity, name in named.items()
            if labels[entity] and len(name) <= LONGEST_NAME and not self.catalog.is_value[entity]
        }

    def _walked(self, answer: Answer) -> set[tuple[int, int]]:
        """The entity and relation of every step that the answer took, and of the way back."""
        number, steps = self.catalog.entity, set()
        for path in (path for path in answer.paths if _is_one(answer.links[path.link])):
            starts = [number(answer.links[path.link].id)]
            for hop in path.hops:
                relation = 2 * self.catalog.relation(hop.relation) + hop.inverse
                ends = [number(each) for each in hop.entities]
                steps |= {(start, relation) for start in starts} | {(end, inverse(relation)) for end in ends}
                starts = ends
        return steps

    def _about(self, entity: int, name: str, walked: set[tuple[int, int]]) -> Iterator[Draft]:
        """Questions about one entity: what leads on to others first, and of these the commonest relations."""
        relations = self.sparse.relations_of(torch.tensor([entity]))[1].tolist()
        for relation in sorted(relations, key=lambda each: (self._rank(entity, each), -self._common[each // 2], each)):
            answers = self.sparse.objects_of(entity, relation).tolist()
            text = self._text(relation, answers) if len(answers) <= MOST_ANSWERS else ""
            if text and (entity, relation) not in walked:
                asked = text.replace("{a}", name).rstrip("?")
                yield Draft(f"{asked[0].upper()}{asked[1:]}?", frozenset(answers))

    def _rank(self, entity: int, relation: int) -> int:
        """A life, then forward to entities, then backward, then to values."""
        if self._patterns[relation][:1] == [LIFE["place of birth"]]:
            return -1
        first = int(self.sparse.objects_of(entity, relation)[0])
        return 2 if self.catalog.is_value[first] else relation % 2

    def _text(self, relation: int, answers: list[int]) -> str:
        """The best wording that fits the answers; empty where none does."""
        classes = self.catalog.classes(answers[0])
        thing = classes[0].lower() if classes else ""
        for pattern in self._patterns[relation]:
            if " is the " not in pattern:
                which = f"which {thing if len(answers) == 1 else plural(thing)}" if thing else "what"
                return pattern.replace("{which}", which)
            if len(answers) == 1 and pattern.startswith("who") == is_personal(thing):
                return pattern
        return ""


def _spoken(wording: Wording) -> list[str]:
    """The ways to ask that people would use, best first."""
    return [text for form in SPOKEN for text in wording.questions if form.fullmatch(text)]


def _is_one(link: Link) -> bool:
    """Whether it names an entity: "they" may be all answers of an earlier turn."""
    return bool(link.id)


def _plain(question: str) -> str:
    return question.casefold().strip(" ?")
