"""What entities are, in the words of their classes and descriptions, as the encoder reads them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import ModelFormatError
from kgqa.graph.catalog import Catalog
from kgqa.graph.sparse import SparseGraph

NONE = -1
LARGEST = 127
ENOUGH = 256  # facts of a relation that show what it leads to


class Descriptions:
    """Vectors of the U distinct descriptions of a graph's entities, a byte a dimension.

    `of` (E,) says which one an entity has, -1 for none; `vectors` (U, D) int8, to be multiplied by `scale`. The
    encoder's own dimensions are kept, so that what a model learns of them holds on every graph.
    """

    def __init__(self, of: NDArray[np.int32], vectors: NDArray[np.int8], scale: float) -> None:
        self.of = of
        self.vectors = vectors
        self.scale = scale

    @classmethod
    def build(cls, catalog: Catalog, encode: Callable[[list[str]], NDArray[np.float32]]) -> "Descriptions":
        """Encode every distinct description once."""
        texts: dict[str, int] = {}
        of = np.full(len(catalog), NONE, dtype=np.int32)
        for entity, value in enumerate(catalog.is_value.tolist()):
            text = "" if value else described(catalog, entity)
            if text:
                of[entity] = texts.setdefault(text, len(texts))
        vectors = encode(list(texts)) if texts else np.zeros((0, 1), dtype=np.float32)
        scale = max(float(np.abs(vectors).max(initial=0.0)), 1e-6) / LARGEST
        return cls(of, np.round(vectors / scale).astype(np.int8), scale)

    def follow_graph(self, count: int) -> None:
        """Go on with a graph of so many entities; what a new one is, is not known."""
        self.of = np.concatenate([self.of, np.full(count - len(self.of), NONE, dtype=np.int32)])

    def at_ends(self, graph: SparseGraph) -> NDArray[np.float32]:
        """What each relation leads to: the mean of how its ends are described, of unit length, else 0: shape (R, D).

        Up to ENOUGH facts of a relation, evenly spread over all that it has, speak for it.
        """
        groups = graph.group_pointers.cpu().numpy().astype(np.int64)
        relations = np.repeat(graph.group_relations.cpu().numpy(), np.diff(groups))  # (2T,)
        objects = graph.objects.cpu().numpy()[np.argsort(relations, kind="stable")]
        bounds = np.concatenate([[0], np.bincount(relations, minlength=graph.num_relations).cumsum()])
        means = np.zeros((graph.num_relations, self.vectors.shape[1]), dtype=np.float32)
        for relation, (low, high) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
            own = self.of[objects[low : high : max(1, (high - low) // ENOUGH)]]
            if (own := own[own != NONE]).size:
                mean = self.vectors[own].mean(axis=0, dtype=np.float32)
                means[relation] = mean / max(float(np.linalg.norm(mean)), 1e-6)
        return means

    def save(self, directory: Path) -> None:
        """Write the vectors and whose they are."""
        np.save(directory / "description_of.npy", self.of)
        np.save(directory / "description_vectors.npy", self.vectors)
        np.save(directory / "description_scale.npy", np.float32(self.scale))

    @classmethod
    def load(cls, directory: Path, num_entities: int) -> "Descriptions | None":
        """Read what `save` wrote, or None if the index was built without an encoder.

        Raises:
            ModelFormatError: if a file is missing or broken, or of another graph.
        """
        if not (directory / "description_of.npy").exists():
            return None
        try:
            of, vectors, scale = (np.load(directory / f"description_{part}.npy") for part in ("of", "vectors", "scale"))
            if len(of) != num_entities or vectors.dtype != np.int8 or vectors.ndim != 2:
                raise ValueError(f"{len(of)} descriptions for {num_entities} entities")
            if len(of) and not NONE <= of.min() <= of.max() < max(len(vectors), 1):
                raise ValueError("description_of points outside the descriptions")
        except (OSError, ValueError, EOFError) as error:
            raise ModelFormatError(f"{directory}: broken descriptions ({error}); build the model again") from None
        return cls(of, vectors, float(scale))


def described(catalog: Catalog, entity: int) -> str:
    """The classes and the description of an entity, in one text; empty if it has neither."""
    return ", ".join(filter(None, [*catalog.classes(entity), catalog.descriptions[entity]]))
