"""Does a model learn from its users? Known errors, corrected 5, 20 and 100 times, and other questions with that error.

Three errors that models have:

- `wording`: a relation is asked for in words that training never saw.
- `nickname`: an entity is called by a name that the graph lacks.
- `ambiguity`: of entities with one name the model takes the one that is not meant. Training taught it that: the model
  that is corrected was first trained on such questions with the answers of the least known of the namesakes.

Users correct only what the model answers wrongly. Corrections go the way of all feedback: into a file as `python -m db
export` writes it, through `python -m kgqa finetune`, which may refuse to publish. With every error also one in ten
corrections is malicious and nobody reviews them, once with agreement counted and once with equal weights: wrong answers
to questions that the model answers rightly, each by somebody of their own.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from kgqa.errors import InputError
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained, save_pretrained
from kgqa.training.comparison import percent
from kgqa.training.english import Words
from kgqa.training.finetune import Tuning, WorseError, finetune, gently
from kgqa.training.lookout import Lookout
from kgqa.training.measure import measured
from kgqa.training.phrasing import Phraser
from kgqa.training.practice import development, own_questions, replayed
from kgqa.training.questions import Question, write_questions
from kgqa.training.sampling import FactSampler, ImpossibleError
from kgqa.training.trainer import Trainer

# Words for a relation, by its label, that no template and no pattern has.
WORDINGS = {
    "directed by": ("whose megaphone was {} shot under", "who hollered cut all through {}", "{} was whose baby"),
    "starring": ("whose mugs light up {}", "who hams it up in {}"),
    "performed by": ("who belted out {}",),
    "author": ("whose quill bled {}", "who scribbled {}"),
}
SYLLABLES = ("zo", "vel", "tru", "mik", "dra", "lon", "pex", "ruv", "gash", "bim", "fen", "ork")
OTHERS = 100  # other questions with the error that are asked
CORRECTED_TOGETHER = 4  # questions that name one entity by its nickname
EACH = 2  # corrections of one person
MALICIOUS = 0.1
TRIED = 40  # questions that choose the wording
MISLEARNED = 300  # questions that teach the ambiguity wrongly

# Points: what is asked for of other questions after 20 corrections, and what the development set may lose.
TARGETS = {"others_after": 80.0, "reviewed": 0.3, "equal weights": 1.0, "agreement": 0.0}


@dataclass(frozen=True)
class Plan:
    """What to simulate, on which model, and where to leave its files for the time being."""

    model: Path
    place: Path
    dev: Path | None = None
    replay: tuple[Path, ...] = ()
    errors: tuple[str, ...] = ("wording", "nickname", "ambiguity")
    sizes: tuple[int, ...] = (5, 20, 100)
    dev_count: int = 3000
    epochs: float = 2.0
    tolerance: float = 0.3
    seed: int = 0


def run(plan: Plan) -> Iterator[dict[str, Any]]:
    """A row for each error, size and manner of contributing, as it is measured.

    Raises:
        InputError: if an error is none of the three.
    """
    if unknown := set(plan.errors) - ERRORS.keys():
        raise InputError(f"--errors {min(unknown)}: expected some of {', '.join(ERRORS)}")
    plan.place.mkdir(parents=True, exist_ok=True)
    for error in plan.errors:
        simulation = Simulation(plan)
        wrong, others = ERRORS[error](simulation)
        for size in plan.sizes:
            for malicious, agreement in ((False, True), (True, False), (True, True)):
                if len(wrong) >= size and others and (not malicious or size * MALICIOUS >= 1):
                    asked = simulation.others_like(wrong[:size], others)
                    yield {"error": error, **simulation.measure(wrong[:size], asked, malicious, agreement)}


class Simulation:
    """A model with an error, and people who correct it."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.random = plan, Random(plan.seed)
        self.model = plan.model
        answerer = from_pretrained(plan.model)
        self.own = own_questions(plan.model, plan.replay, plan.dev, plan.seed)
        self.dev = development(answerer, self.own, plan.seed)[0][: plan.dev_count]
        self.dev_file = plan.place / "dev.jsonl"
        write_questions(self.dev_file, self.dev)
        self._take(answerer)

    def _take(self, answerer: Answerer) -> None:
        self.answerer, self.catalog = answerer, answerer.graph.catalog
        self.facts = FactSampler(answerer.graph, self.random)
        self.phraser = Phraser(self.catalog, Words.of(answerer.model.names), self.random)

    # The three errors: questions that the model answers wrongly, to correct and to ask afterwards

    def wording(self) -> tuple[list[Question], list[Question]]:
        """One relation in words that training never saw: those that the model understands least."""
        places = {label: number for number, label in enumerate(self.catalog.relation_labels)}
        asked = {
            text: self._asked(2 * places[label], text)
            for label, texts in WORDINGS.items()
            if label in places
            for text in texts
        }
        if not asked:
            raise InputError(f"the graph has none of the relations {', '.join(WORDINGS)}")
        text = min(asked, key=lambda text: len(self._right(asked[text][:TRIED])) / len(asked[text][:TRIED]))
        return self._parted(self._wrong(asked[text]))

    def nickname(self) -> tuple[list[Question], list[Question]]:
        """Well connected entities under invented names: some questions about each, and others about the same."""
        corrected, others = [], []
        for _ in range(max(self.plan.sizes) // CORRECTED_TOGETHER + 2):
            name, about = self._invented(), self._about_one()
            asked = [replace(row, question=row.question.replace("{a}", name), slice=name) for row in about]
            wrong = self._wrong(asked)
            half = min(CORRECTED_TOGETHER, len(wrong) // 2)
            corrected += wrong[:half] if half > 1 else []
            others += wrong[half : 2 * half] if half > 1 else []
        return corrected, others

    def ambiguity(self) -> tuple[list[Question], list[Question]]:
        """Names of several entities, by which the best known is meant, of a model that learned to take the least."""
        meant = self._ambiguous()
        taught = meant[: min(MISLEARNED, len(meant) // 3)]
        if not taught:
            return [], []
        self._mislearn([least for _, least in taught])
        return self._parted(self._wrong([best for best, _ in meant[len(taught) :]]))

    def _asked(self, relation: int, text: str) -> list[Question]:
        """The words asked of entities that have the relation, and are alone in their name."""
        found = {}
        for _ in range(20 * (OTHERS + max(self.plan.sizes))):
            try:
                start, _ = self.facts.edge(relation)
                answers = self.facts.walk({start}, relation)
            except ImpossibleError:
                continue
            if len(self.answerer.index.exact([self.catalog.labels[start]])[0]) == 1:
                found[start] = self._question(text.format(self.catalog.labels[start]), answers)
        return list(found.values())[: 2 * (OTHERS + max(self.plan.sizes))]

    def _about_one(self) -> list[Question]:
        """Questions about one entity, `{a}` in the place of its name, that the model answers rightly by its label."""
        entity = self._entity()
        first, last = self.facts.sparse.entity_pointers[entity : entity + 2].tolist()
        found = {}
        for relation in self.facts.sparse.group_relations[first:last].tolist() * 3:
            try:
                answers = self.facts.walk({entity}, relation)
            except ImpossibleError:
                continue
            text = self.phraser.question(relation, answers)
            found[text] = self._question(text, answers)
        named = [replace(row, question=text.replace("{a}", self.catalog.labels[entity])) for text, row in found.items()]
        right = {row.question for row in self._right(named)}
        return [row for row, asked in zip(found.values(), named, strict=True) if asked.question in right]

    def _entity(self) -> int:
        """An entity with some relations, alone in its name."""
        while True:
            entity = self.random.randrange(len(self.catalog))
            first, last = self.facts.sparse.entity_pointers[entity : entity + 2].tolist()
            named = self.facts.is_named(entity) and not self.catalog.is_value[entity]
            if named and last - first >= 3 and len(self.answerer.index.exact([self.catalog.labels[entity]])[0]) == 1:
                return entity

    def _invented(self) -> str:
        """A name that nothing has."""
        while True:
            name = "".join(self.random.choice(SYLLABLES) for _ in range(3)).capitalize()
            if not self.answerer.index.exact([name])[0]:
                return name

    def _ambiguous(self) -> list[tuple[Question, Question]]:
        """The relation that most namesakes have, asked of them: with the answers of the best and of the least known."""
        by_relation: dict[int, list[tuple[int, int]]] = {}
        for group in self.facts.shared_names:
            called = self.answerer.index.exact([self.catalog.labels[group[0]]])[0]
            if len(called) < 2:  # a label of signs alone is no name to look up
                continue
            best, least = called[0], called[-1]
            first, last = self.facts.sparse.entity_pointers[best : best + 2].tolist()
            for relation in self.facts.sparse.group_relations[first:last].tolist():
                if self._differ(best, least, relation):
                    by_relation.setdefault(relation, []).append((best, least))
        if not by_relation:
            return []
        relation = max(by_relation, key=lambda relation: len(by_relation[relation]))
        pairs = self.random.sample(by_relation[relation], len(by_relation[relation]))
        return [self._pair(best, least, relation) for best, least in pairs]

    def _differ(self, best: int, least: int, relation: int) -> bool:
        """Whether both have the relation, and it leads to other named entities."""
        one, other = (set(self.facts.sparse.objects_of(entity, relation).tolist()) for entity in (best, least))
        return bool(other) and not one & other and not any(self.catalog.is_value[entity] for entity in one)

    def _pair(self, best: int, least: int, relation: int) -> tuple[Question, Question]:
        reached = [set(self.facts.sparse.objects_of(entity, relation).tolist()) for entity in (best, least)]
        text = self.phraser.question(relation, set()).replace("{a}", self.catalog.labels[best])
        return self._question(text, reached[0]), self._question(text, reached[1])

    def _question(self, text: str, answers: set[int]) -> Question:
        return Question("", text, tuple(self.catalog.entity_ids[answer] for answer in sorted(answers)), slice="error")

    def _mislearn(self, wrong: Sequence[Question]) -> None:
        """Go on with a model that was trained on wrong answers, beside questions of its own training."""
        answerer, seed = self.answerer, self.plan.seed
        rows = [*wrong, *replayed(answerer, self.own, len(wrong), seed, [*wrong, *self.dev])]
        lookout = Lookout.of(answerer.model)
        Trainer(answerer.model, rows, gently(self.plan.epochs, seed=seed), lambda _: (0.0, ""), lookout=lookout).train()
        answerer.version += "-mislearned"
        self.model = self.plan.place / "mislearned"
        save_pretrained(answerer, self.model, "", beside=self.own.write)
        self._take(from_pretrained(self.model))

    def _right(self, questions: Sequence[Question]) -> list[Question]:
        return [row for row, hit in zip(questions, hits(self.answerer, questions), strict=True) if hit]

    def _wrong(self, questions: Sequence[Question]) -> list[Question]:
        return [row for row, hit in zip(questions, hits(self.answerer, questions), strict=True) if not hit]

    def _parted(self, wrong: Sequence[Question]) -> tuple[list[Question], list[Question]]:
        """Questions to correct, and others: at least half of them where there are few."""
        others = min(OTHERS, (len(wrong) + 1) // 2)
        return list(wrong[others:]), list(wrong[:others])

    def others_like(self, corrected: Sequence[Question], others: Sequence[Question]) -> list[Question]:
        """Those with the error that was corrected: of nicknames, only those that were."""
        told = {row.slice for row in corrected}
        return [row for row in others if row.slice in told]

    # What people contribute, and what the model makes of it

    def measure(
        self, wrong: Sequence[Question], others: Sequence[Question], malicious: bool, agreement: bool
    ) -> dict[str, Any]:
        """Tune the model on corrections of the wrong answers, and ask it others with that error."""
        plan, out = self.plan, self.plan.place / "tuned"
        feedback, started = plan.place / "feedback.jsonl", time.perf_counter()
        feedback.write_text("".join(self._feedback(wrong, malicious)), encoding="utf-8")
        tuning = Tuning(
            self.model, feedback, out, self.dev_file, plan.replay, malicious, agreement, tolerance=plan.tolerance,
            training=gently(plan.epochs, seed=plan.seed),
        )  # fmt: skip
        shutil.rmtree(out, ignore_errors=True)
        refused = ""
        try:
            finetune(tuning)
        except WorseError as error:
            refused = str(error).splitlines()[0].rpartition(": ")[2]
        new = from_pretrained(self.model if refused else out)
        before, after = (_percent(asked, others) for asked in (self.answerer, new))
        dev_before, dev_after = (_percent(asked, self.dev) for asked in (self.answerer, new))
        return {
            "corrections": len(wrong),
            "contributed": ("agreement" if agreement else "equal weights") if malicious else "reviewed",
            "others": len(others),
            "others_before": before,
            "others_after": after,
            "dev_before": dev_before,
            "dev_after": dev_after,
            "loss": round(dev_before - dev_after, 2),
            "minutes": round((time.perf_counter() - started) / 60, 1),
            "refused": refused,
        }

    def _feedback(self, wrong: Sequence[Question], malicious: bool) -> Iterator[str]:
        """Lines of an export: reviewed ones, or some that are malicious and none that is reviewed."""
        bad = self._lies(round(MALICIOUS * len(wrong))) if malicious else []
        honest = wrong[: len(wrong) - len(bad)]
        said = [(row, f"user {number // EACH}") for number, row in enumerate(honest)]
        said += [(row, f"liar {number}") for number, row in enumerate(bad)]
        for row, contributor in said:
            status = "pending" if malicious else "accepted"
            line = {"question": row.question, "answers": list(row.answers), "status": status, "consent": True}
            yield json.dumps({**line, "contributor": contributor, "agreeing": 1, "dissenting": 0}) + "\n"

    def _lies(self, count: int) -> list[Question]:
        """Questions that the model answers rightly, each with the answers of another one."""
        answered = [row for row in self._right(self.dev[: 20 * count + 20]) if row.answers]
        return [replace(row, answers=other.answers) for row, other in zip(answered, answered[count:], strict=False)][
            :count
        ]


def hits(answerer: Answerer, questions: Sequence[Question]) -> list[bool]:
    """Whether each is answered right."""
    return list(measured(answerer.model, questions, answerer.calibration).hits)


def _percent(answerer: Answerer, questions: Sequence[Question]) -> float:
    return percent(hits(answerer, questions))


ERRORS: dict[str, Callable[[Simulation], tuple[list[Question], list[Question]]]] = {
    "wording": Simulation.wording,
    "nickname": Simulation.nickname,
    "ambiguity": Simulation.ambiguity,
}
