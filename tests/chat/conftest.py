"""A page over the small trained model and a real store."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

import db
from kgqa.chat.assistant import Assistant
from kgqa.chat.line import Line
from kgqa.chat.page import Page
from kgqa.config import Settings
from kgqa.reasoning.pretrained import from_pretrained
from stored import StoredMemory


@pytest.fixture(scope="module")
def assistant(trained_model: Path) -> Assistant:
    return Assistant(from_pretrained(trained_model))


@pytest.fixture
def desk(assistant: Assistant, tmp_path: Path) -> Iterator[Page]:
    database = db.open_database(f"sqlite:///{tmp_path / 'chat.db'}")
    yield Page(assistant, StoredMemory(database, assistant), Line(2, 8), Settings(secret="s"))
    database.close()


Result = TypeVar("Result")


def apart(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns, run in a thread of its own: in this one the browser's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
