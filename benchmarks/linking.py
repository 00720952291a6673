"""Does the index find what was meant? Recall@32 for misspelt, aliased and embedded names, and the time it takes.

Recall@32 is the share of names whose own entity (not just one of the same name) is among the 32 candidates. Names are
looked up with both kinds of vectors unless it says `ngrams_only`.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from kgqa.errors import InputError
from kgqa.graph.catalog import Catalog
from kgqa.graph.store import KnowledgeGraph, build_graph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.linking.spans import spans_of
from kgqa.linking.vectors import normalise
from kgqa.training.questions import Question, read_questions
from kgqa.training.typing_errors import long_enough, misspell

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
K = 32
TARGETS = {"lower_case": 100.0, "one_typing_error": 99.0, "two_typing_errors": 95.0, "aliases": 99.0}
TIMED_QUESTIONS = 200
LOOKED_UP = 4  # spans of a question that are searched for near names

Said = Callable[[str], None]
Named = list[tuple[str, int]]  # a text and the entity that it means


def run(seed: int = 0, names: int = 2000, data: Path = DATA, say: Said = lambda line: None) -> dict[str, Any]:
    """Measure everything; `names` are drawn for each figure, `say` is told what is being done.

    Raises:
        InputError: if the data is not there.
    """
    if not (data / "metaqa" / "graph.nt.gz").is_file():
        raise InputError(f"{data}: the benchmark graphs metaqa and freebase are not there")
    encoder = _Remembering(NameEncoder.from_pretrained())
    films = _Subject(data / "metaqa", encoder, say)
    facts = _Subject(data / "freebase", encoder, say)
    return {
        "seed": seed,
        "k": K,
        "targets": TARGETS,
        "metaqa": {"names": len(films.index), **_typing_errors(films, names, seed, say)},
        "freebase": {"names": len(facts.index), **_aliases(facts, names, seed, say)},
        "questions": _questions(films, names, seed, say),
        "ms": _times(films, seed, say),
        "load_s": _load_time(films),
    }


class _Remembering:
    """Encodes each text once: several indexes here hold the same names."""

    def __init__(self, encoder: NameEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        missing = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(missing, self._encoder.encode(missing), strict=True))
        return np.stack([self._known[text] for text in texts])

    def encode_anew(self, texts: Sequence[str]) -> np.ndarray:
        return self._encoder.encode(texts)


class _Subject:
    """A benchmark graph and its index."""

    def __init__(self, directory: Path, encoder: _Remembering, say: Said) -> None:
        say(f"reading {directory.name}")
        self.directory = directory
        self.encoder = encoder
        self.graph: KnowledgeGraph = build_graph([directory / "graph.nt.gz"])[0]
        self.catalog = self.graph.catalog
        self.degrees = self.graph.sparse.degree(torch.arange(len(self.catalog))).numpy()
        self.index = EntityIndex.build(self.catalog, self.degrees, encoder, _every_tenth(say))

    def recall(self, named: Named, index: EntityIndex | None = None, encoded: bool = True) -> float:
        """Recall@32 in per cent."""
        found = 0
        for start in range(0, len(named), 512):
            part = named[start : start + 512]
            texts = [text for text, _ in part]
            vectors = self.encoder.encode(texts) if encoded else None
            shortlist = (index or self.index).search(texts, K, vectors)
            found += sum(entity in row for (_, entity), row in zip(part, shortlist.entities, strict=True))
        return round(100 * found / max(len(named), 1), 2)


def _typing_errors(subject: _Subject, count: int, seed: int, say: Said) -> dict[str, Any]:
    entities = random.Random(seed).sample(range(len(subject.catalog)), min(count, len(subject.catalog)))
    labels = [(subject.catalog.labels[entity], entity) for entity in entities]
    trials = {"lower_case": [(label.lower(), entity) for label, entity in labels]}
    for errors, name in ((1, "one_typing_error"), (2, "two_typing_errors")):
        generator = random.Random(seed + errors)
        trials[name] = [(misspell(label, errors, generator), e) for label, e in labels if long_enough(label, errors)]
    say("typing errors")
    return {
        "drawn": {name: len(named) for name, named in trials.items()},
        "recall@32": {name: subject.recall(named) for name, named in trials.items()},
        "recall@32_ngrams_only": {name: subject.recall(named, encoded=False) for name, named in trials.items()},
    }


def _aliases(subject: _Subject, count: int, seed: int, say: Said) -> dict[str, Any]:
    """Aliases that the index holds, and aliases that it has never seen (no label is the same, nor is any other)."""
    catalog = subject.catalog
    aliases = [(alias, entity) for entity in range(len(catalog)) for alias in catalog.aliases(entity)]
    known = random.Random(seed).sample(aliases, min(count, len(aliases)))
    labels = {normalise(label) for label in catalog.labels}
    unseen = [(alias, entity) for alias, entity in aliases if normalise(alias) not in labels]
    held_out = random.Random(seed).sample(unseen, min(count, len(unseen)))
    say("aliases left out of the index")
    labels_only = EntityIndex.build(_LabelsOnly(catalog), subject.degrees, subject.encoder)
    return {
        "drawn": {"aliases": len(known), "aliases_held_out": len(held_out)},
        "recall@32": {"aliases": subject.recall(known), "aliases_held_out": subject.recall(held_out, labels_only)},
        "recall@32_ngrams_only": {"aliases_held_out": subject.recall(held_out, labels_only, encoded=False)},
    }


class _LabelsOnly(Catalog):
    """The same catalog without its aliases."""

    def __init__(self, catalog: Catalog) -> None:
        self.__dict__.update(catalog.__dict__)

    def aliases(self, entity: int) -> list[str]:
        return []


def _questions(subject: _Subject, count: int, seed: int, say: Said) -> dict[str, Any]:
    """How often the entity asked about is within reach of a whole question.

    `exact`: it is among the entities of some span's very name. `misspelt`: with one typing error inside the mention,
    it is among the candidates of the span that covers the mention.
    """
    say("names inside questions")
    rows = [row for row in read_questions(subject.directory / "dev.jsonl") if row.mentions]
    rows = random.Random(seed).sample(rows, min(count, len(rows)))
    generator = random.Random(seed)
    misspelt = [_misspelt(subject, row, generator) for row in rows if long_enough(_mention(row), 1)]
    return {
        "drawn": len(rows),
        "mention_is_a_span": _share(_mention(row) in _span_texts(row.question) for row in rows),
        "exact": _share(_in_reach(subject, row, row.question) for row in rows),
        "exact_lower_case": _share(_in_reach(subject, row, row.question.lower()) for row in rows),
        "misspelt_recall@32": subject.recall(misspelt),
    }


def _mention(row: Question) -> str:
    start, end, _ = row.mentions[0]
    return row.question[start:end]


def _span_texts(question: str) -> list[str]:
    return [span.text for span in spans_of(question)]


def _in_reach(subject: _Subject, row: Question, question: str) -> bool:
    wanted = subject.catalog.entity(row.mentions[0][2])
    return any(wanted in found for found in subject.index.exact(_span_texts(question)))


def _misspelt(subject: _Subject, row: Question, generator: random.Random) -> tuple[str, int]:
    """The span of the misspelt question that overlaps the mention best, and the entity."""
    start, end, entity = row.mentions[0]
    typed = misspell(_mention(row), 1, generator)
    question = row.question[:start] + typed + row.question[end:]
    stop = start + len(typed)
    best = min(spans_of(question), key=lambda span: abs(span.start - start) + abs(span.end - stop))
    return best.text, subject.catalog.entity(entity)


def _times(subject: _Subject, seed: int, say: Said) -> dict[str, float]:
    """Median milliseconds of a question: all its spans exactly, and LOOKED_UP spans that are no names searched."""
    say("times")
    rows = read_questions(subject.directory / "dev.jsonl")
    rows = random.Random(seed).sample(rows, min(TIMED_QUESTIONS, len(rows)))
    times: dict[str, list[float]] = {}

    def clock(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        result = work(*arguments)
        times.setdefault(name, []).append(1000 * (time.perf_counter() - started))
        return result

    for row in rows:
        texts = clock("spans", _span_texts, row.question)
        exact = clock("exact_all_spans", subject.index.exact, texts)
        unknown = [text for text, found in zip(texts, exact, strict=True) if not found][-LOOKED_UP:]
        clock("search_ngrams", subject.index.search, unknown, K)
        vectors = clock("encode", subject.encoder.encode_anew, unknown)
        clock("search_both", subject.index.search, unknown, K, vectors)
    return {name: round(median(values), 2) for name, values in times.items()}


def _load_time(subject: _Subject) -> float:
    with TemporaryDirectory() as directory:
        subject.index.save(Path(directory))
        started = time.perf_counter()
        EntityIndex.load(Path(directory), subject.catalog)
        return round(time.perf_counter() - started, 2)


def _share(outcomes: Iterable[bool]) -> float:
    found = list(outcomes)
    return round(100 * sum(found) / max(len(found), 1), 2)


def _every_tenth(say: Said) -> Callable[[int, int], None]:
    """Says how many names are encoded, ten times in all."""
    said = 0

    def progress(done: int, total: int) -> None:
        nonlocal said
        if 10 * done // total > said:
            said = 10 * done // total
            say(f"encoded {done} of {total} names")

    return progress
