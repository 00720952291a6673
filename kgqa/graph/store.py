"""A graph as one thing: built from files, kept as a directory, opened again without reading it all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kgqa.errors import GraphFormatError, ModelFormatError
from kgqa.graph.builder import GraphBuilder
from kgqa.graph.catalog import Catalog
from kgqa.graph.formats import GraphFile, Progress
from kgqa.graph.sparse import ARRAYS, SparseGraph
from kgqa.manifest import verify_manifest, writing_directory

__all__ = ["BuildReport", "KnowledgeGraph", "build_graph", "open_graph"]

SUMMARY = "graph.json"
FORMAT_VERSION = 1
SHOWN_SKIPPED = 10


@dataclass(frozen=True)
class BuildReport:
    """What a build read and made: counts, and the first of the lines it skipped, as `file:line: reason`."""

    files: int
    entities: int
    values: int
    relations: int
    triples: int
    skipped: int
    skipped_lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnowledgeGraph:
    """Names and triples: `catalog` says what entities and relations are called, `sparse` how they connect."""

    catalog: Catalog
    sparse: SparseGraph

    def save(self, directory: Path | str) -> None:
        """Write the graph directory beside its place and move it there when it is whole.

        Raises:
            ModelFormatError: if something else stands there.
        """
        with writing_directory(directory) as temporary:
            self.catalog.save(temporary)
            for name, array in self.sparse.arrays().items():
                np.save(temporary / f"{name}.npy", array.cpu().numpy(), allow_pickle=False)
            (temporary / SUMMARY).write_text(json.dumps(self._summary(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path | str, mmap: bool = True) -> "KnowledgeGraph":
        """Open a graph directory; with `mmap`, its arrays stay on disk until they are used.

        Raises:
            ModelFormatError: if a file is missing, truncated, altered or foreign, or the counts don't agree.
        """
        directory = Path(directory)
        verify_manifest(directory)
        try:
            summary = json.loads((directory / SUMMARY).read_text(encoding="utf-8"))
            arrays = {name: _read_array(directory / f"{name}.npy", mmap) for name in ARRAYS}
            graph = cls(Catalog.load(directory, mmap), SparseGraph(arrays, int(summary["relations"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFormatError(f"{directory}: not a graph directory ({error}); build it again") from None
        if graph._summary() != summary:
            raise ModelFormatError(f"{directory}: {SUMMARY} does not agree with the arrays; build it again")
        return graph

    def _summary(self) -> dict[str, Any]:
        return {
            "format": FORMAT_VERSION,
            "entities": self.sparse.num_entities,
            "named": len(self.catalog),
            "relations": self.sparse.num_relations,
            "named_relations": len(self.catalog.relation_ids),
            "triples": self.sparse.num_triples,
        }


@dataclass
class _Skipped:
    """Counts bad lines and keeps the first."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def __call__(self, message: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN_SKIPPED:
            self.first.append(message)


def build_graph(
    paths: Sequence[Path | str], skip_bad_lines: bool = False, progress: Progress | None = None
) -> tuple[KnowledgeGraph, BuildReport]:
    """Read graph files into one graph.

    Args:
        paths: files of the kinds in `formats`.
        skip_bad_lines: count lines that are no statements instead of failing at the first.
        progress: called with the number of bytes read since it was last called, as they lie on disk.
    Raises:
        GraphFormatError: `file:line: reason`, or a graph without triples or labels.
    """
    files = [GraphFile(path) for path in paths]
    if not files:
        raise GraphFormatError("no graph file given")
    builder, skipped = GraphBuilder(), _Skipped()
    for number, file in enumerate(files):
        for statement in file.statements(progress, skipped if skip_bad_lines else None):
            builder.add(statement, number)
    graph = KnowledgeGraph(*builder.build(", ".join(str(file.path) for file in files)))
    values = int(graph.catalog.is_value.sum())
    report = BuildReport(
        files=len(files),
        entities=len(graph.catalog) - values,
        values=values,
        relations=len(graph.catalog.relation_ids),
        triples=graph.sparse.num_triples,
        skipped=skipped.count,
        skipped_lines=tuple(skipped.first),
    )
    return graph, report


def open_graph(path: Path | str, progress: Progress | None = None) -> KnowledgeGraph:
    """Open a graph directory, or build the graph of a single file in memory."""
    if Path(path).is_dir():
        return KnowledgeGraph.load(path)
    return build_graph([path], progress=progress)[0]


def _read_array(path: Path, mmap: bool) -> torch.Tensor:
    """An int32 array as a tensor; mapped copy-on-write, since torch has no tensors that are only read."""
    array = np.load(path, mmap_mode="c" if mmap else None, allow_pickle=False)
    if array.dtype != np.int32 or array.ndim != 1:
        raise ValueError(f"{path.name} holds {array.ndim}-dimensional {array.dtype}, not a row of int32")
    return torch.from_numpy(array)
