"""Which names are near a text: by the characters they are made of, and by what the encoder makes of them."""

import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from zipfile import BadZipFile

import faiss
import numpy as np
from numpy.typing import NDArray

from kgqa.errors import ModelFormatError
from kgqa.linking.vectors import NgramVectorizer

ID_RANGE: int = faiss.InvertedLists.SUBSET_TYPE_ID_RANGE  # type: ignore[attr-defined]  # its stub lacks it
NO_MAP: int = faiss.DirectMap.NoMap  # type: ignore[attr-defined]
NONE = -1  # what FAISS returns for a neighbour that does not exist


class NgramNeighbours:
    """A FAISS index over signatures of n-gram vectors finds a few hundred rows; exact cosines then order them."""

    def __init__(self, vectorizer: NgramVectorizer, index: faiss.IndexBinaryFlat) -> None:
        self._vectorizer = vectorizer
        self._index = index

    @classmethod
    def build(cls, names: Sequence[str]) -> "NgramNeighbours":
        """Learn the n-grams of (normalised) names and index them."""
        made = cls(NgramVectorizer.fit(names), faiss.IndexBinaryFlat(NgramVectorizer.DIMENSIONS))
        made.add(names)
        return made

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, names: Sequence[str]) -> None:
        """Append names; how rare an n-gram is stays as it was learned."""
        if names:
            self._index.add(self._vectorizer.signatures(names))

    def search(self, names: Sequence[str], k: int) -> NDArray[np.int64]:
        """The k rows with the nearest signatures, -1 where there are fewer: shape (len(names), k)."""
        _, rows = self._index.search(self._vectorizer.signatures(names), k)
        return np.asarray(rows, dtype=np.int64)

    def cosines(self, name: str, others: Sequence[str]) -> NDArray[np.float32]:
        """Exact n-gram cosines: shape (len(others),)."""
        return self._vectorizer.cosines(name, others)

    def save(self, directory: Path) -> None:
        """Write what was learned of the n-grams, and the signatures."""
        learned = self._vectorizer
        np.savez_compressed(directory / "ngrams.npz", weights=learned.weights, num_names=learned.num_names)
        faiss.write_index_binary(self._index, str(directory / "ngrams.faiss"))

    @classmethod
    def load(cls, directory: Path, num_names: int) -> "NgramNeighbours":
        """Read what `save` wrote.

        Raises:
            ModelFormatError: if a file is missing or broken, or there is not one signature for each name.
        """
        try:
            with np.load(directory / "ngrams.npz") as learned:
                vectorizer = NgramVectorizer(learned["weights"], int(learned["num_names"]))
            index = faiss.read_index_binary(str(directory / "ngrams.faiss"))
            if not isinstance(index, faiss.IndexBinaryFlat) or index.d != NgramVectorizer.DIMENSIONS:
                raise ValueError("ngrams.faiss holds another kind of index")
            if index.ntotal != num_names or len(vectorizer.weights) != 1 << NgramVectorizer.BUCKET_BITS:
                raise ValueError(f"{index.ntotal} signatures for {num_names} names")
        except (OSError, ValueError, EOFError, RuntimeError, KeyError, BadZipFile, zlib.error) as error:
            raise _broken("n-gram", directory, error) from None
        return cls(vectorizer, index)


class EncoderNeighbours:
    """A FAISS index over encoder vectors, reduced by PCA and quantised to a byte a dimension.

    The vectors lie in cells (IVF), of which a search looks into as many as hold PROBED vectors: all of them in most
    graphs. Up to SMALL names there is one cell, and all dimensions are kept in half precision: too few names don't
    show how far those to come will reach.
    `rows` (n,) says which name each vector belongs to.
    """

    DIMENSIONS = 64
    SMALL = 4_000
    PER_CELL = 400
    PROBED = 40_000
    SHARD = 100_000  # vectors in a file, which keeps it under 10 MB

    def __init__(self, index: faiss.IndexIVF, axes: NDArray[np.float32], rows: NDArray[np.int32]) -> None:
        self._index = index
        self._axes = axes
        self._rows = rows
        self._position = {int(row): position for position, row in enumerate(rows)}
        self._index.nprobe = math.ceil(self._index.nlist * min(1.0, self.PROBED / max(1, len(rows))))
        self._index.make_direct_map()

    @classmethod
    def build(cls, vectors: NDArray[np.float32]) -> "EncoderNeighbours":
        """From one unit vector a name: shape (N, D)."""
        small, width = len(vectors) <= cls.SMALL, vectors.shape[1]
        axes = np.eye(width, dtype=np.float32) if small else _principal_axes(vectors, min(cls.DIMENSIONS, width))
        reduced = _project(vectors, axes)
        cells = 1 if small else len(vectors) // cls.PER_CELL
        kind = faiss.ScalarQuantizer.QT_fp16 if small else faiss.ScalarQuantizer.QT_8bit
        centres = faiss.IndexFlatIP(axes.shape[1])
        index = faiss.IndexIVFScalarQuantizer(centres, axes.shape[1], cells, kind, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1
        index.train(reduced)
        index.add(reduced)
        return cls(index, axes, np.arange(len(vectors), dtype=np.int32))

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int, vector: NDArray[np.float32]) -> None:
        """Append the vector (D,) of a name."""
        if row not in self._position:
            self._position[row] = len(self._rows)
            self._rows = np.append(self._rows, np.int32(row))
            self._index.add(_project(vector[None], self._axes))

    def project(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors of the encoder (n, D) as unit vectors of this index."""
        return _project(vectors, self._axes)

    def search(self, projected: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """The k nearest rows, -1 where there are fewer: shape (n, k)."""
        _, positions = self._index.search(projected, k)
        return np.where(positions == NONE, NONE, self._rows[positions]).astype(np.int64)

    def cosines(self, projected: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float32]:
        """Cosine of one projected vector with those of the rows, 0 for a row without: shape (len(rows),)."""
        cosines = np.zeros(len(rows), dtype=np.float32)
        known = [(place, self._position[row]) for place, row in enumerate(rows) if row in self._position]
        if known:
            places, positions = np.array(known, dtype=np.int64).T
            vectors = self._index.reconstruct_batch(np.ascontiguousarray(positions))
            cosines[places] = vectors @ projected / np.linalg.norm(vectors, axis=1).clip(min=1e-6)
        return cosines

    def save(self, directory: Path) -> None:
        """Write the projection and the index, in files of at most SHARD vectors."""
        np.save(directory / "encoder_axes.npy", self._axes)
        np.save(directory / "encoder_rows.npy", self._rows)
        for number, start in enumerate(range(0, len(self), self.SHARD)):
            shard = cast(faiss.IndexIVF, faiss.clone_index(self._index))
            shard.set_direct_map_type(NO_MAP)  # parts with a map cannot be merged again
            shard.reset()
            self._index.copy_subset_to(shard, ID_RANGE, start, start + self.SHARD)
            faiss.write_index(shard, str(directory / f"encoder_{number}.faiss"))

    @classmethod
    def load(cls, directory: Path, num_names: int) -> "EncoderNeighbours | None":
        """Read what `save` wrote, or None if the index was built without an encoder.

        Raises:
            ModelFormatError: if a file is missing or broken, or their counts don't agree.
        """
        if not (directory / "encoder_rows.npy").exists():
            return None
        try:
            axes, rows = (np.load(directory / f"encoder_{part}.npy") for part in ("axes", "rows"))
            index = _read_shards(directory, -(-len(rows) // cls.SHARD))
            if index.ntotal != len(rows) or index.d != axes.shape[1]:
                raise ValueError(f"{index.ntotal} vectors of {index.d} dimensions for {len(rows)} names")
            if len(rows) and not 0 <= rows.min() <= rows.max() < num_names:
                raise ValueError("encoder_rows points outside the names")
        except (OSError, ValueError, EOFError, RuntimeError, IndexError) as error:
            raise _broken("encoder", directory, error) from None
        return cls(index, axes, rows)


def _broken(which: str, directory: Path, error: Exception) -> ModelFormatError:
    reason = (str(error).strip().splitlines() or ["cut off"])[-1]
    return ModelFormatError(f"{directory}: broken {which} index ({reason}); build the model again")


def _read_shards(directory: Path, count: int) -> faiss.IndexIVF:
    index = faiss.read_index(str(directory / "encoder_0.faiss"))
    if not isinstance(index, faiss.IndexIVFScalarQuantizer):
        raise ValueError("encoder_0.faiss holds another kind of index")
    for number in range(1, count):
        index.merge_from(faiss.read_index(str(directory / f"encoder_{number}.faiss")), 0)
    return index


def _principal_axes(vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The directions (D, count) that hold most of the vectors, their signs fixed so that they are reproducible.

    The mean is not taken off, so a cosine means the same on every graph, whatever its names have in common.
    """
    moments = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in range(0, len(vectors), 16_384):
        part = vectors[start : start + 16_384].astype(np.float64)
        moments += part.T @ part
    axes = np.linalg.eigh(moments)[1][:, ::-1][:, :count]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)])
    return np.ascontiguousarray(axes, dtype=np.float32)


def _project(vectors: NDArray[np.float32], axes: NDArray[np.float32]) -> NDArray[np.float32]:
    reduced = np.asarray(vectors, dtype=np.float32) @ axes  # (n, DIMENSIONS)
    return np.ascontiguousarray(reduced / np.linalg.norm(reduced, axis=1, keepdims=True).clip(min=1e-6))
