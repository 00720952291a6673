"""Attach: a trained model put onto another graph, with no training at all."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from kgqa.graph.catalog import Catalog
from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained, load_trained, save_pretrained, trained_state
from kgqa.training.card import attached_card
from kgqa.training.recipe import new_model, synthetic_examples

CORRECTION = "relations.correction"  # the one parameter with a row for each relation of a graph


def attach(parent: Path | str, graph_path: Path, out: Path, command: str = "") -> Answerer:
    """Write a model directory of what the parent learned over another graph.

    Relations are known by their labels; what the parent learned of a relation beyond its label goes along to a
    relation of the same id, or else of the same label.

    Raises:
        ModelFormatError: if the parent is no model directory, or something else stands at `out`.
        GraphFormatError: if the graph cannot be read.
    """
    known = from_pretrained(parent)
    graph = open_graph(graph_path)
    model = new_model(known.model.config, graph, known.model.names)
    state = trained_state(known.model)
    state[CORRECTION] = _moved(state[CORRECTION], known.model.graph.catalog, graph.catalog)
    load_trained(model, state, str(parent))
    model.eval()
    attached = Answerer(model, known.calibration, _version(known.version, graph), synthetic_examples(model))
    save_pretrained(attached, out, attached_card(model, str(parent), graph_path, command))
    return attached


def _version(parent: str, graph: KnowledgeGraph) -> str:
    sha = hashlib.sha256(parent.encode())
    sha.update(graph.catalog.entity_ids.blob.tobytes())
    sha.update(graph.sparse.objects.numpy().tobytes())
    return sha.hexdigest()[:12]


def _moved(correction: Tensor, old: Catalog, new: Catalog) -> Tensor:
    """Rows (2 * relations, W) for the relations of the new graph, zero where the old one has none such."""
    by_id = {identity: number for number, identity in enumerate(old.relation_ids)}
    by_label = {label: number for number, label in enumerate(old.relation_labels)}
    moved = torch.zeros(2 * len(new.relation_ids), correction.shape[1])
    for number, (identity, label) in enumerate(zip(new.relation_ids, new.relation_labels, strict=True)):
        source = by_id.get(identity, by_label.get(label))
        if source is not None:
            moved[2 * number : 2 * number + 2] = correction[2 * source : 2 * source + 2]
    return moved
