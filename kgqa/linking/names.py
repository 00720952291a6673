"""Names in their normal form and whose they are: exact look-up, and completion while one types."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import ModelFormatError
from kgqa.linking.vectors import normalise

ARRAYS = ("name_starts", "name_entities", "word_starts", "degrees")
PLURALS = ("s", "es")
SHORTEST_SINGULAR = 4
COMPARED = 64  # bytes of a name that completion sorts by


class NameTable:
    """N distinct names; name `row` belongs to entities[starts[row] : starts[row + 1]], most connected first.

    `degrees` (E,) counts the triples of each entity. `words` holds where each word of each name begins in the
    newline-joined names, sorted by what follows, so that a prefix is found by bisection and nothing is built at load.
    """

    def __init__(
        self,
        texts: list[str],
        starts: NDArray[np.int32],
        entities: NDArray[np.int32],
        words: NDArray[np.int32],
        degrees: NDArray[np.int64],
    ) -> None:
        self.texts = texts
        self.degrees = degrees
        self._starts = starts
        self._entities = entities
        self._blob = "\n".join(texts).encode()
        self._words = words
        self._row_bytes = _line_starts(self._blob)
        self._rows = dict(zip(texts, range(len(texts)), strict=True))
        self._changed: dict[int, list[int]] = {}  # rows that were added or got another entity since

    @classmethod
    def build(cls, named: Iterable[tuple[str, int]], degrees: NDArray[np.int64]) -> "NameTable":
        """From (name as written, entity) pairs; the names are normalised and sorted."""
        owners: dict[str, set[int]] = {}
        for name, entity in named:
            if name:
                owners.setdefault(normalise(name), set()).add(entity)
        texts = sorted(owners)
        return cls._pack(texts, [_by_degree(owners[text], degrees) for text in texts], degrees)

    @classmethod
    def _pack(cls, texts: list[str], owners: list[list[int]], degrees: NDArray[np.int64]) -> "NameTable":
        starts = np.cumsum([0, *map(len, owners)]).astype(np.int32)
        entities = np.array([entity for owner in owners for entity in owner], dtype=np.int32)
        return cls(texts, starts, entities, _word_starts("\n".join(texts).encode()), degrees)

    def __len__(self) -> int:
        return len(self.texts)

    def row(self, name: str) -> int | None:
        """Where a normalised name stands."""
        return self._rows.get(name)

    def owners(self, row: int) -> list[int]:
        """The entities of a name, most connected first."""
        changed = self._changed.get(row)
        if changed is not None:
            return changed
        owners: list[int] = self._entities[self._starts[row] : self._starts[row + 1]].tolist()
        return owners

    def owners_of(self, rows: NDArray[np.int64], limits: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """The first owners of several names, up to the limit of each.

        Returns:
            the entities, the place in `rows` that each comes from, and its place among the owners: shape (M,) each.
        """
        if self._changed.keys() & set(rows.tolist()):
            owners = [self.owners(row)[:limit] for row, limit in zip(rows.tolist(), limits.tolist(), strict=True)]
            counts = np.fromiter(map(len, owners), dtype=np.int64, count=len(owners))
            flat = np.fromiter(chain.from_iterable(owners), dtype=np.int64, count=int(counts.sum()))
            return flat, *_ragged(counts)
        counts = np.minimum(self._starts[rows + 1] - self._starts[rows], limits)
        source, within = _ragged(counts)
        return self._entities[self._starts[rows][source] + within].astype(np.int64), source, within

    def form(self, text: str) -> str:
        """The normal form of a text; of a plural that is no name itself, that of the name it is the plural of."""
        name = normalise(text) if text else ""
        if name not in self._rows and name.endswith("s"):
            singulars = (name[: -len(end)] for end in PLURALS if name.endswith(end))
            return next((one for one in singulars if len(one) >= SHORTEST_SINGULAR and one in self._rows), name)
        return name

    def exact(self, text: str) -> list[int]:
        """The entities that are called this, or whose name it is the plural of, most connected first."""
        row = self._rows.get(self.form(text))
        return [] if row is None else list(self.owners(row))

    def add(self, entity: int, text: str, degree: int = 0) -> int:
        """Let an entity be called this as well; returns the row of the name."""
        if entity >= len(self.degrees):
            self.degrees = np.concatenate([self.degrees, np.zeros(entity + 1 - len(self.degrees), dtype=np.int64)])
        self.degrees[entity] = max(degree, self.degrees[entity])
        name = normalise(text)
        row = self._rows.setdefault(name, len(self.texts))
        known = [] if row == len(self.texts) else self.owners(row)
        if row == len(self.texts):
            self.texts.append(name)
        self._changed[row] = _by_degree({*known, entity}, self.degrees)
        return row

    def remove(self, entity: int, text: str) -> None:
        """Let an entity no longer be called this; the name keeps its row, with whoever else is called so."""
        row = self._rows.get(normalise(text)) if text else None
        if row is not None:
            self._changed[row] = [owner for owner in self.owners(row) if owner != entity]

    def set_degrees(self, degrees: NDArray[np.int64]) -> None:
        """Take over how many triples each entity has now, shape (E,), and let the owners of every name follow."""
        moved = np.flatnonzero(degrees[: len(self.degrees)] != self.degrees[: len(degrees)])
        self.degrees = degrees.astype(np.int64)
        places = np.flatnonzero(np.isin(self._entities, moved))
        rows = np.unique(np.searchsorted(self._starts, places, side="right") - 1).tolist()
        for row in {*rows, *self._changed}:
            self._changed[row] = _by_degree(self.owners(row), self.degrees)

    def suggest(self, prefix: str, n: int) -> list[int]:
        """Entities with a name that starts so, or from one of its words on: so called first, then most connected."""
        wanted = normalise(prefix) if prefix.strip() else ""
        if not wanted or n <= 0:
            return []
        called = self.exact(prefix)
        found = np.concatenate([self._completions(wanted), self._added_completions(wanted)])
        others = np.setdiff1d(found, called)
        order = np.lexsort((others, -self.degrees[others]))
        return [*called, *others[order].tolist()][:n]

    def _completions(self, wanted: str) -> NDArray[np.int64]:
        prefix = wanted.encode()
        head = prefix[:COMPARED]
        low = bisect_left(self._words, head, key=lambda start: self._blob[start : start + len(head)])
        high = bisect_right(self._words, head, lo=low, key=lambda start: self._blob[start : start + len(head)])
        starts = self._words[low:high]
        if len(prefix) > COMPARED:
            starts = starts[[self._blob.startswith(prefix, start) for start in starts]]
        rows = np.searchsorted(self._row_bytes, starts, side="right") - 1
        return np.unique(self.owners_of(rows, np.full(len(rows), len(self.degrees)))[0])

    def _added_completions(self, wanted: str) -> NDArray[np.int64]:
        rows = [row for row in self._changed if f" {self.texts[row]}".find(f" {wanted}") >= 0]
        return np.array([entity for row in rows for entity in self._changed[row]], dtype=np.int64)

    def save(self, directory: Path) -> None:
        """Write the names as text and the rest as arrays; rows keep their numbers."""
        starts, entities = self._owned()
        blob = "\n".join(self.texts).encode()
        (directory / "names.txt").write_bytes(blob)
        arrays = (starts, entities, self._merged_words(blob), self.degrees.astype(np.int32))
        for name, array in zip(ARRAYS, arrays, strict=True):
            np.save(directory / f"{name}.npy", array, allow_pickle=False)

    def _owned(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Where the owners of each name start, and the owners, with those that changed."""
        counts = np.concatenate([np.diff(self._starts), np.zeros(len(self) - len(self._starts) + 1, dtype=np.int32)])
        parts, done = [], 0
        for row in sorted(self._changed):
            first = self._starts[min(row, len(self._starts) - 1)]
            parts += [self._entities[done:first], np.array(self._changed[row], dtype=np.int32)]
            done = self._starts[min(row + 1, len(self._starts) - 1)]
            counts[row] = len(self._changed[row])
        starts = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int32), counts])).astype(np.int32)
        return starts, np.concatenate([*parts, self._entities[done:]]).astype(np.int32)

    def _merged_words(self, blob: bytes) -> NDArray[np.int32]:
        """Where each word begins in all names, the words of the rows that were added set in among the sorted ones."""
        if len(blob) == len(self._blob):
            return self._words
        first = len(self._blob) + 1 if self._blob else 0
        new = sorted((first + _word_starts(blob[first:])).tolist(), key=lambda start: blob[start : start + COMPARED])
        places = [bisect_left(self._words, blob[s : s + COMPARED], key=lambda w: blob[w : w + COMPARED]) for s in new]
        return np.insert(self._words, places, new).astype(np.int32)

    @classmethod
    def load(cls, directory: Path, num_entities: int) -> "NameTable":
        """Read what `save` wrote, for a graph of so many entities.

        Raises:
            ModelFormatError: if a file is missing or broken, or they don't agree with each other and the graph.
        """
        try:
            blob = (directory / "names.txt").read_bytes()
            texts = blob.decode("utf-8").split("\n") if blob else []
            starts, entities, words, degrees = (np.load(directory / f"{name}.npy") for name in ARRAYS)
            _check(texts, starts, entities, words, degrees, num_entities, len(blob))
        except (OSError, ValueError, EOFError) as error:
            raise ModelFormatError(
                f"{directory}: not an index of this graph ({error}); build the model again"
            ) from None
        return cls(texts, starts, entities, words, degrees.astype(np.int64))


def _check(
    texts: list[str],
    starts: NDArray[np.int32],
    entities: NDArray[np.int32],
    words: NDArray[np.int32],
    degrees: NDArray[np.int32],
    num_entities: int,
    num_bytes: int,
) -> None:
    arrays = dict(zip(ARRAYS, (starts, entities, words, degrees), strict=True))
    if wrong := [name for name, array in arrays.items() if array.dtype != np.int32 or array.ndim != 1]:
        raise ValueError(f"{wrong[0]} is not a row of int32")
    if len(degrees) != num_entities:
        raise ValueError(f"it knows {len(degrees)} entities, the graph has {num_entities}")
    if len(starts) != len(texts) + 1 or starts[-1] != len(entities) or np.any(np.diff(starts, prepend=0) < 0):
        raise ValueError(f"{len(texts)} names do not fit name_starts and name_entities")
    if len(entities) and not 0 <= entities.min() <= entities.max() < num_entities:
        raise ValueError("name_entities points outside the graph")
    if len(words) and not 0 <= words.min() <= words.max() < num_bytes:
        raise ValueError("word_starts points outside the names")


def _by_degree(entities: Iterable[int], degrees: NDArray[np.int64]) -> list[int]:
    return sorted(entities, key=lambda entity: (-int(degrees[entity]), entity))


def _ragged(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lists of these lengths laid end to end: the list that each item is of, and its place in it."""
    source = np.repeat(np.arange(len(counts)), counts)
    return source, np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)


def _line_starts(blob: bytes) -> NDArray[np.int64]:
    ends = np.flatnonzero(np.frombuffer(blob, dtype=np.uint8) == ord("\n"))
    return np.concatenate([np.zeros(1, dtype=np.int64), ends + 1])


def _word_starts(blob: bytes) -> NDArray[np.int32]:
    characters = np.frombuffer(blob, dtype=np.uint8)
    breaks = np.flatnonzero((characters == ord("\n")) | (characters == ord(" "))) + 1
    starts = [0, *breaks.tolist()] if blob else []
    return np.array(sorted(starts, key=lambda start: blob[start : start + COMPARED]), dtype=np.int32)
