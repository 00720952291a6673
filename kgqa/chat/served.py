"""The served model: read whole from its directory, and read again when the directory is replaced."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.errors import KgqaError
from kgqa.manifest import MANIFEST

if TYPE_CHECKING:
    from kgqa.chat.assistant import Assistant
    from kgqa.reasoning.answerer import Answerer


def load_assistant(directory: Path) -> "Assistant":
    """The assistant over the model in a directory; raises `ModelFormatError` when that is not one."""
    from kgqa.chat.assistant import Assistant

    return Assistant(read_model(directory))


def read_model(directory: Path) -> "Answerer":
    """The model in a directory, read again where it was replaced meanwhile: never a part of each."""
    from kgqa.reasoning.pretrained import from_pretrained

    while True:
        before = _identity(directory)
        try:
            model = from_pretrained(directory)
        except (KgqaError, OSError):
            if _identity(directory) == before:
                raise
        else:
            if _identity(directory) == before:
                return model


@contextmanager
def watched(
    directory: Path, assistant: "Assistant", every: float = 1.0, say: Callable[[str], object] = logging.info
) -> Iterator[None]:
    """While this lasts, a model directory that is replaced answers as soon as it is read, without a restart.

    It is looked at `every` so many seconds; `say` is told which version answers now.
    """
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(directory, assistant, done, every, say), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch(
    directory: Path, assistant: "Assistant", done: threading.Event, every: float, say: Callable[[str], object]
) -> None:
    seen = _identity(directory)
    while not done.wait(every):
        now = _identity(directory)
        if now in (seen, None):
            continue
        seen = now
        try:
            assistant.take(read_model(directory))
            say(f"{directory} was replaced: version {assistant.version} answers now")
        except (KgqaError, OSError) as error:
            logging.warning("%s; the model before it goes on answering", error)


def _identity(directory: Path) -> tuple[int, int] | None:
    """What tells one state of a model directory from the next; None while it is being replaced."""
    try:
        found = (directory / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
