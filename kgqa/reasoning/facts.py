"""A living model directory: facts, entities and names added or taken away, with no training and all at once."""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from kgqa.errors import InputError, KgqaError
from kgqa.graph.change import Changed, GraphChange
from kgqa.graph.formats import Statement
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.index import EntityIndex, is_value_name
from kgqa.manifest import carry, verify_manifest, writing_directory
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.pretrained import CONFIG, WEIGHTS, read_weights
from kgqa.reasoning.relations import CORRECTION

GRAPH, INDEX = "graph", "index"


@dataclass(frozen=True)
class Report:
    """What a change did: facts and names added and taken away, and how many entities and relations are new."""

    added: int
    removed: int
    entities: int
    relations: int


def change_facts(
    directory: Path, statements: Iterable[Statement], take: bool = False, entities: Sequence[str] = ()
) -> Report:
    """Add statements to a model's graph, or take them away, and entities too; the directory is replaced whole.

    New names are found by their characters; what the encoder makes of them is left to the next training. A relation
    that the model never saw is known by its label.

    Args:
        take: take the statements away instead of adding them.
        entities: names or ids of entities to take away with all that is said of them.
    Raises:
        InputError: if a statement cannot be added or taken away; nothing is changed then.
        ModelFormatError: if there is no model directory.
    """
    with alone(directory):
        verify_manifest(directory)
        graph = KnowledgeGraph.load(directory / GRAPH)
        change = GraphChange(graph)
        for statement in statements:
            (change.remove if take else change.add)(statement)
        for name in entities:
            change.remove_entity(name)
        changed = change.apply()
        index = _index(directory, graph, changed)
        with writing_directory(directory) as temporary:
            carry(directory, temporary, leave=(GRAPH, INDEX, CONFIG, WEIGHTS))
            changed.graph.save(temporary / GRAPH)
            index.save(temporary / INDEX)
            _grow(directory, temporary, changed.graph)
            _name(directory, temporary, changed.graph)
        old, new = graph.catalog, changed.graph.catalog
    return Report(changed.added, changed.removed, len(new) - len(old), len(new.relation_ids) - len(old.relation_ids))


def _index(directory: Path, graph: KnowledgeGraph, changed: Changed) -> EntityIndex:
    """The index of the directory, with the names that entities got and lost."""
    index = EntityIndex.load(directory / INDEX, graph.catalog)
    values = changed.graph.catalog.is_value
    for entity, name in changed.lost:
        index.remove(entity, [name])
    for entity, name in changed.gained:
        if not values[entity] or is_value_name(name):
            index.add(entity, [name])
    degrees = changed.graph.sparse.degree(torch.arange(changed.graph.sparse.num_entities)).numpy()
    index.follow_graph(changed.graph.catalog, degrees)
    return index


def _grow(source: Path, target: Path, graph: KnowledgeGraph) -> None:
    """The weights, with rows of zeros for relations that are new."""
    weights = read_weights(source / WEIGHTS)
    missing = graph.sparse.num_relations - len(weights[CORRECTION])
    blank = torch.zeros(missing, weights[CORRECTION].shape[1])
    save_file({**weights, CORRECTION: torch.cat([weights[CORRECTION], blank])}, target / WEIGHTS)


def _name(source: Path, target: Path, graph: KnowledgeGraph) -> None:
    """The configuration, with a version of its own."""
    config, rest = ModelConfig.load(source / CONFIG)
    sha = hashlib.sha256(str(rest["version"]).encode())
    for array in (graph.catalog.entity_ids.blob, graph.catalog.labels.blob, graph.sparse.objects.numpy()):
        sha.update(array.tobytes())
    config.save(target / CONFIG, **{**rest, "version": sha.hexdigest()[:12]})


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """One change of a model directory at a time; a second one is refused rather than lost."""
    if not directory.is_dir():
        raise InputError(f"{directory}: no such model directory")
    with (directory.parent / f".{directory.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise KgqaError(f"{directory}: another change is under way; try again when it is done") from error
        yield
