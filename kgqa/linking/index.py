"""The entity index: which entities a text may mean, exactly or nearly."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import faiss
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist
from threadpoolctl import threadpool_limits

from kgqa.errors import ModelFormatError, ShapeError
from kgqa.graph.catalog import Catalog
from kgqa.linking.descriptions import Descriptions
from kgqa.linking.names import NameTable
from kgqa.linking.neighbours import NONE, EncoderNeighbours, NgramNeighbours
from kgqa.linking.vectors import normalise

Progress = Callable[[int, int], None]  # names encoded so far, names in all

FORMAT_VERSION = 2
SIGNATURES = 128  # rows taken from the n-gram index before exact cosines order them
ENCODED = 32  # rows taken from the encoder's index
VERBATIM, NORMALISED = 1.0, 0.5  # the exact flag: as written, or in its normal form only
THREADS = faiss.omp_get_max_threads()
CANDIDATE_FEATURES = 5
EXACT = 2
BY_NGRAMS, BY_ENCODER, BY_SPELLING = LIKENESS = (0, 1, 4)  # the features that compare text and name
MOST_ERRORS = 8  # that are told apart
SMALL_BATCH = 16  # texts up to which one FAISS thread is faster than two

# NumPy's products here are small; its threads and torch's, each waiting busily for work, take each other's cores.
threadpool_limits(limits=1, user_api="blas")


class Encoder(Protocol):
    """What turns names into unit vectors: shape (n, D), float32."""

    def encode(self, texts: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True)
class Shortlist:
    """Candidates of n texts, best first: `entities` (n, k), -1 for none; `features` (n, k, 5).

    The features are the n-gram cosine, the encoder cosine (0 without vectors), the exact flag (1 as the name is
    written, 0.5 in its normal form, else 0), log(1 + degree), and the spelling: 2 to the power of minus the number of
    typing errors (insertions, omissions, substitutions, transpositions) between the normal forms.
    """

    entities: NDArray[np.int64]
    features: NDArray[np.float32]


class EntityIndex:
    """Every label and alias of a graph's entities, and of its values that are integers of up to four digits.

    Exact look-up by normal form, and two FAISS indexes over the distinct names. A new name is found at once; nothing
    is rebuilt.
    """

    def __init__(
        self,
        catalog: Catalog,
        names: NameTable,
        ngrams: NgramNeighbours,
        encoded: EncoderNeighbours | None,
        descriptions: Descriptions | None,
    ) -> None:
        self.descriptions = descriptions
        self._catalog = catalog
        self._names = names
        self._ngrams = ngrams
        self._encoded = encoded
        self._added: dict[int, list[str]] = {}

    @classmethod
    def build(
        cls, catalog: Catalog, degrees: np.ndarray, encoder: Encoder | None, progress: Progress | None = None
    ) -> "EntityIndex":
        """Index a graph's names; without an encoder by their characters only.

        Args:
            degrees: triples of each entity, shape (E,).
            progress: called with the number of names encoded and of all names.
        Raises:
            ShapeError: if `degrees` does not fit the catalog.
        """
        if len(degrees) != len(catalog):
            raise ShapeError(f"degrees has shape ({len(degrees)},), the catalog {len(catalog)} entities")
        names = NameTable.build(names_of(catalog), np.asarray(degrees).astype(np.int64))
        ngrams = NgramNeighbours.build(names.texts)
        if encoder is None or not len(names):
            return cls(catalog, names, ngrams, None, None)
        encoded = EncoderNeighbours.build(_encode(_spellings(catalog, names), encoder, progress))
        descriptions = Descriptions.build(catalog, lambda texts: _encode(texts, encoder, None))
        return cls(catalog, names, ngrams, encoded, descriptions)

    def __len__(self) -> int:
        """How many distinct names there are."""
        return len(self._names)

    def exact(self, texts: Sequence[str]) -> list[list[int]]:
        """For each text the entities of that name, most connected first."""
        return [self._names.exact(text) for text in texts]

    def suggest(self, prefix: str, n: int = 10) -> list[int]:
        """Entities of which some word begins so, for completion: those of just this name first, then by degree."""
        return self._names.suggest(prefix, n)

    def add(self, entity: int, names: Sequence[str], vectors: np.ndarray | None = None, degree: int = 0) -> None:
        """Let an entity, known or new, be found by more names, at once.

        Args:
            vectors: the encoder's vectors of the names, shape (len(names), D).
        """
        for place, text in enumerate(names):
            if not text:
                continue
            row = self._names.add(entity, text, degree)
            self._added.setdefault(entity, []).append(text)
            if row == len(self._ngrams):
                self._ngrams.add([self._names.texts[row]])
            if self._encoded is not None and vectors is not None:
                self._encoded.add(row, np.asarray(vectors[place], dtype=np.float32))

    def remove(self, entity: int, names: Sequence[str]) -> None:
        """Let an entity no longer be found by these names."""
        for text in names:
            self._names.remove(entity, text)
            if text in self._added.get(entity, ()):
                self._added[entity].remove(text)

    def follow_graph(self, catalog: Catalog, degrees: NDArray[np.int64]) -> None:
        """Go on with a graph whose names and facts changed: entities keep their numbers, new ones come last.

        Args:
            degrees: triples of each entity, shape (E,).
        Raises:
            ShapeError: if `degrees` does not fit the catalog.
        """
        if len(degrees) != len(catalog):
            raise ShapeError(f"degrees has shape ({len(degrees)},), the catalog {len(catalog)} entities")
        self._catalog = catalog
        self._names.set_degrees(degrees)
        if self.descriptions is not None:
            self.descriptions.follow_graph(len(catalog))

    def search(
        self,
        texts: Sequence[str],
        k: int = 32,
        vectors: np.ndarray | None = None,
        similar: bool = True,
        ngrams: bool = True,
    ) -> Shortlist:
        """The k entities that each text may mean: of that name, and of names near it.

        Entities of exactly that name come first, and leave a quarter of the places to the others. These come by turns
        from the order of n-gram cosines (two of three) and of encoder cosines.

        Args:
            vectors: the encoder's vectors of the texts, shape (n, D); without them only n-grams are compared.
            similar: whether to look for near names at all; without them a search costs next to nothing.
            ngrams: whether characters are compared, by n-grams and by spelling.
        Raises:
            ShapeError: if there is not one vector for each text.
        """
        if vectors is not None and len(vectors) != len(texts):
            raise ShapeError(f"{len(texts)} texts, but vectors of shape {vectors.shape}")
        names = [self._names.form(text) for text in texts]
        projected = self._encoded.project(vectors) if self._encoded is not None and vectors is not None else None
        rows = self._near(names, projected, ngrams) if similar else np.full((len(names), 0), NONE, dtype=np.int64)
        entities = np.full((len(texts), k), NONE, dtype=np.int64)
        features = np.zeros((len(texts), k, CANDIDATE_FEATURES), dtype=np.float32)
        for place, text in enumerate(texts):
            near = self._measure(names[place], rows[place], None if projected is None else projected[place])
            found, values = self._choose(text, near, k)
            entities[place, : len(found)] = found
            features[place, : len(found)] = values
        if not ngrams:
            features[..., [BY_NGRAMS, BY_SPELLING]] = 0.0
        return Shortlist(entities, features)

    def _near(self, names: Sequence[str], projected: NDArray[np.float32] | None, ngrams: bool) -> NDArray[np.int64]:
        """Rows of names near each of these, in no order, -1 for none: shape (n, SIGNATURES + ENCODED) at most."""
        if not names or not len(self._names):
            return np.full((len(names), 0), NONE, dtype=np.int64)
        faiss.omp_set_num_threads(1 if len(names) <= SMALL_BATCH else THREADS)
        rows = self._ngrams.search(names, min(SIGNATURES, len(self._ngrams)))[:, : None if ngrams else 0]
        if projected is None or self._encoded is None:
            return rows
        return np.concatenate([rows, self._encoded.search(projected, min(ENCODED, len(self._encoded)))], axis=1)

    def _measure(self, name: str, found: NDArray[np.int64], projected: NDArray[np.float32] | None) -> "_Near":
        own = self._names.row(name)
        distinct = np.unique(found if own is None else np.append(found, own))
        rows = distinct[distinct >= 0]
        texts = [self._names.texts[row] for row in rows.tolist()]
        by_ngrams = self._ngrams.cosines(name, texts)
        by_encoder = np.zeros(len(rows), dtype=np.float32)
        if projected is not None and self._encoded is not None:
            by_encoder = self._encoded.cosines(projected, rows.tolist())
        likeness = np.stack([by_ngrams, by_encoder, _spelling(name, texts)], axis=1)
        return _Near(rows, likeness, rows == (NONE if own is None else own))

    def _choose(self, text: str, near: "_Near", k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Up to k entities, best first, and their features: shapes (k,) and (k, CANDIDATE_FEATURES).

        An entity with several near names takes the place of the first and the highest likeness of each kind.
        """
        limits = np.where(near.own, k - k // 4, max(1, k // 2))
        owners, source, within = self._names.owners_of(near.rows, limits)
        entities, group = np.unique(owners, return_inverse=True)
        turn = np.full(len(entities), np.iinfo(np.int64).max)
        np.minimum.at(turn, group, near.turns()[source] * (len(owners) + 1) + within)
        likeness = np.zeros((len(entities), len(LIKENESS)), dtype=np.float32)
        np.maximum.at(likeness, group, near.likeness[source])
        features = np.zeros((len(entities), CANDIDATE_FEATURES), dtype=np.float32)
        features[:, LIKENESS] = likeness
        for entity in owners[near.own[source]].tolist():
            flag = VERBATIM if self._is_written(entity, text) else NORMALISED
            features[np.searchsorted(entities, entity), EXACT] = flag
        features[:, 3] = np.log1p(self._names.degrees[entities])
        order = np.argsort(turn, kind="stable")[:k]
        return entities[order], features[order]

    def _is_written(self, entity: int, text: str) -> bool:
        if text in self._added.get(entity, ()):
            return True
        return entity < len(self._catalog) and (
            text == self._catalog.labels[entity] or text in self._catalog.aliases(entity)
        )

    def save(self, directory: Path | str) -> None:
        """Write the index into a directory, which is made if it is not there."""
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self._names.save(directory)
        self._ngrams.save(directory)
        if self._encoded is not None:
            self._encoded.save(directory)
        if self.descriptions is not None:
            self.descriptions.save(directory)
        summary = {"format": FORMAT_VERSION, "names": len(self._names), "entities": len(self._names.degrees)}
        (directory / "index.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path | str, catalog: Catalog) -> "EntityIndex":
        """Read what `save` wrote, for the same graph.

        Raises:
            ModelFormatError: if a file is missing, broken or of another graph.
        """
        directory = Path(directory)
        names = NameTable.load(directory, len(catalog))
        try:
            summary = json.loads((directory / "index.json").read_text(encoding="utf-8"))
            agrees = summary["names"] == len(names) and summary["format"] == FORMAT_VERSION
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFormatError(f"{directory}: no readable index.json ({error}); build the model again") from None
        if not agrees:
            raise ModelFormatError(f"{directory}: index.json does not agree with names.txt; build the model again")
        ngrams = NgramNeighbours.load(directory, len(names))
        encoded, descriptions = (
            EncoderNeighbours.load(directory, len(names)),
            Descriptions.load(directory, len(catalog)),
        )
        return cls(catalog, names, ngrams, encoded, descriptions)


@dataclass(frozen=True)
class _Near:
    """N rows near one text, their likeness (N, 3) by n-grams, encoder and spelling, and which is the text itself."""

    rows: NDArray[np.int64]
    likeness: NDArray[np.float32]
    own: NDArray[np.bool_]

    def turns(self) -> NDArray[np.int64]:
        """When each row's turn comes: its own first, then two by n-grams and one by encoder; shape (N,)."""
        by_ngrams, by_encoder = (np.argsort(np.argsort(-column, kind="stable")) for column in self.likeness.T[:2])
        turns = 1 + by_ngrams // 2 * 3 + by_ngrams % 2
        if self.likeness[:, 1].any():
            turns = np.minimum(turns, 3 + by_encoder * 3)
        return np.where(self.own, 0, turns)


def _spelling(name: str, others: Sequence[str]) -> NDArray[np.float32]:
    """2 to the power of minus the typing errors between one normal form and others: shape (len(others),)."""
    errors = cdist([name], others, scorer=OSA.distance, score_cutoff=MOST_ERRORS, dtype=np.uint8)
    spelling: NDArray[np.float32] = np.exp2(-errors[0].astype(np.float32))
    return spelling


def names_of(catalog: Catalog) -> Iterator[tuple[str, int]]:
    """Every (name as written, entity) that the index holds."""
    labels, values = list(catalog.labels), catalog.is_value.tolist()
    for entity, (label, is_value) in enumerate(zip(labels, values, strict=True)):
        if not is_value:
            yield label, entity
            for alias in catalog.aliases(entity):
                yield alias, entity
        elif is_value_name(label):
            yield label, entity


def is_value_name(label: str) -> bool:
    """Whether a value is asked for by its label, as years are: an integer of up to four digits."""
    return len(label) <= 4 and label.isdecimal()


def _spellings(catalog: Catalog, names: NameTable) -> list[str]:
    """For each row one name as it is written, since the encoder was trained on text with its punctuation."""
    spelling: dict[str, str] = {}
    for name, _ in names_of(catalog):
        if name:
            spelling.setdefault(normalise(name), name)
    return [spelling[text] for text in names.texts]


def _encode(texts: list[str], encoder: Encoder, progress: Progress | None) -> NDArray[np.float32]:
    """Vectors (n, D) in portions, shortest texts first, so that a batch holds little padding."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    parts = []
    for start in range(0, len(order), 1024):
        parts.append(encoder.encode([texts[place] for place in order[start : start + 1024]]))
        if progress is not None:
            progress(min(start + 1024, len(order)), len(order))
    vectors = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
    vectors[order] = np.concatenate(parts)
    return vectors
