"""Model directories: what `save_pretrained` writes and `from_pretrained` reads."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

import kgqa
from kgqa.errors import ModelFormatError
from kgqa.graph.store import KnowledgeGraph
from kgqa.linking.encoder import NameEncoder
from kgqa.linking.index import EntityIndex
from kgqa.manifest import verify_manifest, writing_directory
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.confidence import Calibration
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.model import JointModel

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
APART = ("encoder", "decoder")  # parts of the model whose weights have files of their own
PART_WEIGHTS = "{}-{}.safetensors"
ENCODER_PREFIX = "encoder."
LARGEST_FILE = 8_000_000  # bytes of weights of such a part in one file


def save_pretrained(
    answerer: Answerer,
    directory: Path,
    card: str,
    figures: Mapping[str, Any] | None = None,
    beside: Callable[[Path], None] | None = None,
) -> None:
    """Write a model directory beside its place and move it there when it is whole.

    Only what training changed is written: the encoder's layers in half precision, in files that
    any host takes, the rest as it is. The base encoder is named with its SHA-256.

    Args:
        beside: writes what else the directory is to hold, before it takes its place.
    Raises:
        ModelFormatError: if something that is no model directory stands there.
    """
    model = answerer.model
    with writing_directory(directory) as temporary:
        state = trained_state(model)
        _save_weights(state, temporary)
        model.graph.save(temporary / "graph")
        model.index.save(temporary / "index")
        (temporary / CARD).write_text(card, encoding="utf-8")
        model.config.save(
            temporary / CONFIG,
            kgqa_version=kgqa.__version__,
            encoder_sha256=model.names.digest(),
            calibration=asdict(answerer.calibration),
            version=answerer.version,
            examples=list(answerer.examples),
            figures=dict(figures or {}),
            lineage=answerer.lineage.to_dict(),
        )
        if beside is not None:
            beside(temporary)


def from_pretrained(location: Path | str) -> Answerer:
    """Load a model directory, or one on the hub by its id.

    Raises:
        ModelFormatError: if it is missing, truncated, altered or foreign; the message is one line.
    """
    directory = located(location)
    verify_manifest(directory)
    config, rest = ModelConfig.load(directory / CONFIG)
    calibration = Calibration.read(rest.get("calibration"), str(directory / CONFIG))
    graph = KnowledgeGraph.load(directory / "graph")
    index = EntityIndex.load(directory / "index", graph.catalog)
    encoder = NameEncoder.from_pretrained(config.encoder, directory)
    if encoder.digest() != rest.get("encoder_sha256"):
        raise ModelFormatError(
            f"{directory}: was trained on other weights of {config.encoder!r} than are installed; "
            f"install the pinned requirements, or put the right encoder into {directory / 'encoder'}"
        )
    model = JointModel(config, graph, index, encoder)
    load_trained(model, read_trained(directory), str(directory))
    lineage = Lineage.read(rest.get("lineage"))
    return Answerer(model, calibration, rest["version"], rest["examples"], rest.get("figures", {}), lineage)


def figures_of(location: Path | str) -> dict[str, Any]:
    """The development figures that a model directory was saved with."""
    figures: dict[str, Any] = ModelConfig.load(Path(location) / CONFIG)[1].get("figures", {})
    return figures


def trained_state(model: JointModel) -> dict[str, Tensor]:
    """Copies of what training changes: every parameter that takes a gradient."""
    return {
        name: parameter.detach().clone().contiguous()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def load_trained(model: JointModel, state: Mapping[str, Tensor], source: str) -> None:
    """Put trained parameters in place; every one must be there, with its shape, and no other.

    Raises:
        ModelFormatError: naming the first parameter at fault.
    """
    own = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    for name in sorted(own.keys() ^ state.keys()):
        raise ModelFormatError(
            f"{source}: parameter {name!r} is {'missing' if name in own else 'unexpected'}; it is of another "
            "version of kgqa, from which `train --start` goes on"
        )
    with torch.no_grad():
        for name, parameter in own.items():
            if parameter.shape != state[name].shape:
                raise ModelFormatError(
                    f"{source}: parameter {name!r} has shape {tuple(state[name].shape)}, "
                    f"the model needs {tuple(parameter.shape)}"
                )
            parameter.copy_(state[name])


def _save_weights(state: Mapping[str, Tensor], directory: Path) -> None:
    """Write the encoder in half precision, what is apart in files that any host takes, and the rest in one."""
    halved = {name: value.half() if name.startswith(ENCODER_PREFIX) else value for name, value in state.items()}
    rest = {name: value for name, value in halved.items() if name.split(".")[0] not in APART}
    save_file(rest, directory / WEIGHTS)
    for part in APART:
        own = {name: value for name, value in halved.items() if name.split(".")[0] == part}
        for number, weights in enumerate(_parts(own) if own else ()):
            save_file(weights, directory / PART_WEIGHTS.format(part, number))


def _parts(state: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Part tensors, in their order, into as few dictionaries as LARGEST_FILE allows."""
    parts: list[dict[str, Tensor]] = [{}]
    for name, tensor in state.items():
        if parts[-1] and sum(one.nbytes for one in parts[-1].values()) + tensor.nbytes > LARGEST_FILE:
            parts.append({})
        parts[-1][name] = tensor
    return parts


def read_trained(directory: Path) -> dict[str, Tensor]:
    """The trained parameters that a model directory holds.

    Raises:
        ModelFormatError: if they cannot be read.
    """
    state = read_weights(directory / WEIGHTS)
    for part in APART:
        for path in sorted(directory.glob(PART_WEIGHTS.format(part, "*"))):
            state |= read_weights(path)
    return state


def read_weights(path: Path) -> dict[str, Tensor]:
    """The parameters in one file.

    Raises:
        ModelFormatError: if it cannot be read.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelFormatError(f"{path}: weights that cannot be read ({error})") from error


def located(location: Path | str) -> Path:
    """The directory itself, or a downloaded copy of the hub's."""
    path = Path(location)
    if path.exists() or not _is_hub_id(str(location)):
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(location)))
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError, ValueError) as error:
        raise ModelFormatError(
            f"{location}: neither a directory here nor a model on the hub that can be reached; "
            f"give the path of a model directory, or train one with python -m kgqa train"
        ) from error


def _is_hub_id(location: str) -> bool:
    return location.count("/") == 1 and not location.startswith((".", "/", "~"))
