"""Attach: a trained model put onto another graph, with no training at all."""

import hashlib
from pathlib import Path

from kgqa.graph.store import KnowledgeGraph, open_graph
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.pretrained import from_pretrained, load_trained, save_pretrained, trained_state
from kgqa.reasoning.relations import CORRECTION
from kgqa.training.card import attached_card
from kgqa.training.recipe import calibrate, made_operations, made_questions, new_model, synthetic_examples
from kgqa.training.start import moved

CALIBRATING, SEED = 600, 1  # questions made from the graph, for the confidence, and as many that take programs


def attach(parent: Path | str, graph_path: Path, out: Path, command: str = "") -> Answerer:
    """Write a model directory of what the parent learned over another graph.

    No weight is trained. How sure an answer has to be is fitted anew, on questions made from the graph. Relations are
    known by their labels; what the parent learned of a relation beyond its label goes along to a relation of the same
    id, or else of the same label.

    Raises:
        ModelFormatError: if the parent is no model directory, or something else stands at `out`.
        GraphFormatError: if the graph cannot be read.
    """
    known = from_pretrained(parent)
    graph = open_graph(graph_path)
    model = new_model(known.model.config, graph, known.model.names)
    state = trained_state(known.model)
    state[CORRECTION] = moved(state[CORRECTION], known.model.graph.catalog, graph.catalog)
    load_trained(model, state, str(parent))
    model.eval()
    questions = made_questions(graph, model.names, CALIBRATING, SEED)
    if model.decoder is not None:
        questions += made_operations(graph, model.names, CALIBRATING, SEED, questions)
    attached = Answerer(
        model, calibrate(model, questions, made=True), _version(known.version, graph), synthetic_examples(model)
    )
    save_pretrained(attached, out, attached_card(model, str(parent), graph_path, command))
    return attached


def _version(parent: str, graph: KnowledgeGraph) -> str:
    sha = hashlib.sha256(parent.encode())
    sha.update(graph.catalog.entity_ids.blob.tobytes())
    sha.update(graph.sparse.objects.numpy().tobytes())
    return sha.hexdigest()[:12]
