"""What the repository ships, read once: the graph, the templates and the questions."""

import gzip
import json
from typing import Any

import pytest

from assets.world.graph import Graph
from assets.world.templates import TEMPLATES, Template, read_templates

WORLD = TEMPLATES.parent


@pytest.fixture(scope="session")
def graph() -> Graph:
    return Graph.read(WORLD / "graph.nt.gz")


@pytest.fixture(scope="session")
def templates() -> dict[str, list[Template]]:
    return {split: read_templates(split) for split in ("train", "dev")}


@pytest.fixture(scope="session")
def questions() -> dict[str, list[dict[str, Any]]]:
    train = gzip.decompress((WORLD / "train.jsonl.gz").read_bytes()).decode()
    dev = (WORLD / "dev.jsonl").read_text(encoding="utf-8")
    return {split: [json.loads(line) for line in text.splitlines()] for split, text in (("train", train), ("dev", dev))}
