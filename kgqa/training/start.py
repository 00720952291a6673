"""Start: an untrained model takes over what a trained one learned, as far as the two have the same parts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from kgqa.errors import InputError
from kgqa.graph.catalog import Catalog
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.model import JointModel
from kgqa.reasoning.pretrained import CONFIG, ENCODER_PREFIX, read_trained
from kgqa.reasoning.relations import CORRECTION


def kept_index(directory: Path, graph: KnowledgeGraph, encoder: NameEncoder) -> EntityIndex | None:
    """The index of a model directory, if it holds the names of this graph as this encoder sees them, else None."""
    _, rest = ModelConfig.load(directory / CONFIG)
    old = KnowledgeGraph.load(directory / "graph").catalog
    same = all(
        np.array_equal(array, getattr(graph.catalog, table).arrays()[part])
        for table in ("entity_ids", "labels", "alias_table", "descriptions", "class_table")
        for part, array in getattr(old, table).arrays().items()
    )
    if not same or rest.get("encoder_sha256") != encoder.digest():
        return None
    index = EntityIndex.load(directory / "index", graph.catalog)
    return index if index.descriptions is not None else None


def start_from(model: JointModel, directory: Path) -> dict[str, Tensor]:
    """Let training begin where that of a model directory ended, on the same graph or another one.

    A parameter that is larger than it was keeps its own beginning where it has grown.

    Returns:
        copies of the parameters that were taken over, by name, as training begins with them.
    Raises:
        ModelFormatError: if its weights cannot be read.
        InputError: if it trained more of the encoder than the model will.
    """
    state = read_trained(directory)
    state[CORRECTION] = moved(state[CORRECTION], KnowledgeGraph.load(directory / "graph").catalog, model.graph.catalog)
    own = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if lost := [name for name in state if name.startswith(ENCODER_PREFIX) and name not in own]:
        raise InputError(f"{directory}: trained {lost[0]!r} of the encoder; give at least as many --trainable-layers")
    with torch.no_grad():
        for name in own.keys() & state.keys():
            shared = tuple(slice(min(sizes)) for sizes in zip(own[name].shape, state[name].shape, strict=True))
            own[name][shared] = state[name][shared].to(own[name])
    return {name: own[name].detach().clone() for name in own.keys() & state.keys()}


def blend(model: JointModel, before: Mapping[str, Tensor], share: float) -> None:
    """Bring the parameters that were something before back towards that, by this share of the way."""
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in before.items():
            own[name].lerp_(value.to(own[name]), share)


@contextmanager
def only_training(model: JointModel, parameters: Mapping[str, nn.Parameter]) -> Iterator[None]:
    """Within it, these parameters alone are trained; all of them where none are given."""
    frozen = [each for name, each in model.named_parameters() if each.requires_grad and name not in parameters]
    if not parameters:
        frozen = []
    for each in frozen:
        each.requires_grad_(False)
    try:
        yield
    finally:
        for each in frozen:
            each.requires_grad_(True)


def moved(correction: Tensor, old: Catalog, new: Catalog) -> Tensor:
    """Rows (2 * relations, W) for the relations of the new graph, zero where the old one has none such.

    A relation is the same if its id is, or else its label.
    """
    by_id = {identity: number for number, identity in enumerate(old.relation_ids)}
    by_label = {label: number for number, label in enumerate(old.relation_labels)}
    found = torch.zeros(2 * len(new.relation_ids), correction.shape[1])
    for number, (identity, label) in enumerate(zip(new.relation_ids, new.relation_labels, strict=True)):
        source = by_id.get(identity, by_label.get(label))
        if source is not None:
            found[2 * number : 2 * number + 2] = correction[2 * source : 2 * source + 2]
    return found
