"""Processes that are killed with SIGKILL in the middle of their work, and what they had told by then.

They are forked from a server that has imported everything once. A work is a function that tells when it begins and what
it has done for good; a new kind of work, and with it a new thing that must survive, is one more of them.
"""

import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import app
import db
from kgqa.graph.formats import Statement
from kgqa.manifest import writing_directory
from kgqa.reasoning.answerer import Answerer
from kgqa.reasoning.facts import change_facts
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.pretrained import from_pretrained, save_pretrained
from kgqa.training import publish

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["kgqa.chat.page", "tests.killed"])
CHANGES = ("open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir", "ctypes.dlsym", "shutil.rmtree")
PATIENCE = 120.0  # seconds that a work may take, on a busy machine
WRITERS = 4
Word = tuple[Any, ...]


@dataclass(frozen=True)
class Moment:
    """When a process dies: some seconds after it told so many words, or before the n-th of its steps of one kind."""

    seconds: float = PATIENCE
    words: int = 1
    step: tuple[str, int] | None = None


class Teller:
    """What a work tells through; it also counts the work's steps in the file system, and dies before one of them."""

    def __init__(self, heard: Connection, step: tuple[str, int] | None) -> None:
        self.heard, self.step = heard, step
        self.steps: Counter[str] = Counter()
        self.lock = threading.Lock()

    def begin(self) -> None:
        """The work begins now, and the process may die from now on."""
        self.tell("began")
        sys.addaudithook(self._hear)
        self.began = time.perf_counter()

    def tell(self, *word: Any) -> None:
        """Something is done for good."""
        with self.lock:
            self.heard.send(word)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or (event == "open" and not _writes(arguments)):
            return
        self.steps[event] += 1
        if (event, self.steps[event]) == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(arguments: tuple[Any, ...]) -> bool:
    return isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def killed(moment: Moment, work: Callable[..., None], *arguments: Any) -> list[Word]:
    """Have a process do a work, kill it, and return what it told; the last word of one that came to its end is `done`.

    Raises:
        AssertionError: if it neither was killed nor came to its end.
    """
    heard, telling = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_live, args=(telling, moment.step, work, arguments), daemon=True)
    process.start()
    telling.close()
    try:
        assert heard.poll(PATIENCE), "it did not begin"
        words = [heard.recv()]
        while len(words) < moment.words and heard.poll(PATIENCE):
            words.append(heard.recv())
        deadline = time.monotonic() + moment.seconds
        while heard.poll(max(0.0, deadline - time.monotonic())) and time.monotonic() < deadline:
            words.append(heard.recv())
    except EOFError:
        pass
    finally:
        process.kill()
        process.join()
    with suppress(EOFError):
        while heard.poll():
            words.append(heard.recv())
    assert process.exitcode in (0, -signal.SIGKILL), f"the work failed: {words}"
    return words


def _live(heard: Connection, step: tuple[str, int] | None, work: Callable[..., None], arguments: tuple[Any]) -> None:
    teller = Teller(heard, step)
    work(teller, *arguments)
    steps = dict(teller.steps)
    teller.tell("done", time.perf_counter() - teller.began, steps)


def moments(times: int, seed: int, seconds: float, steps: dict[str, int] | None = None) -> Iterator[Moment]:
    """When to kill: anywhere in the time that the work takes, in turn with before any of its steps.

    A kind of step is drawn first: what happens once, like a rename, comes up as often as what happens a hundred times.
    """
    for number in range(times):
        generator = random.Random(f"{seed} {number}")
        if steps and number % 2 == 0:
            kind = generator.choice(sorted(steps))
            yield Moment(step=(kind, generator.randint(1, steps[kind])))
        else:
            yield Moment(seconds=generator.uniform(0, seconds))


# The works


def vote(teller: Teller, url: str) -> None:
    """Ask, vote and correct without end, several at a time, as the page has it stored."""
    database = db.open_database(url)
    with database.writer() as session:
        version = db.register_model_version(session=session, name="world-1", digest="d1").id
    teller.begin()
    writers = [threading.Thread(target=_vote, args=(teller, database, version, w)) for w in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def _vote(teller: Teller, database: db.Database, version: Any, writer: int) -> None:
    visitor, turns = f"visitor {writer}", 0
    with database.writer() as session:
        conversation = db.start_conversation(session=session, visitor=visitor).id
    teller.tell("conversation", writer, conversation)
    while True:
        mine = {"visitor": visitor}
        with database.writer() as session:
            turn = db.append_turn(
                session=session, conversation_id=conversation, question=f"question {turns}", snapshot={"number": turns},
                model_version_id=version, **mine,
            ).id  # fmt: skip
        teller.tell("stored", writer)
        with database.writer() as session:
            db.give_feedback(session=session, turn_id=turn, rating=1, **mine)
        teller.tell("stored", writer)
        right = [{"id": f"urn:{turns}", "label": str(turns)}]
        with database.writer() as session:
            db.give_feedback(
                session=session, turn_id=turn, rating=-1, comment=f"no, {turns}", corrected_answers=right, **mine
            )
        teller.tell("stored", writer)
        turns += 1


def migrate(teller: Teller, url: str) -> None:
    """Open a database of an earlier version, which brings it up to date."""
    teller.begin()
    db.open_database(url).close()


def add_fact(teller: Teller, directory: Path, number: int) -> None:
    """Add a fact to a model directory, as `python -m kgqa facts add` does."""
    teller.begin()
    change_facts(directory, [Statement(f"Film {number}", "directed by", "Vera Holm", True)])


def save(teller: Teller, directory: Path, number: int) -> None:
    """Write a model where another stands: the last step of every training."""
    old = from_pretrained(directory)
    teller.begin()
    save_pretrained(Answerer(old.model, old.calibration, f"saved {number}", old.examples), directory, "A card.")


def put_in_place(teller: Teller, directory: Path, number: int) -> None:
    """Publish a version that was tuned from the one that stands there."""
    old, new = from_pretrained(directory), directory.with_name(f"new {number}")
    tuned = Answerer(old.model, old.calibration, f"saved {number}", old.examples, lineage=Lineage(old.version))
    save_pretrained(tuned, new, "A card.")
    teller.begin()
    publish.publish(new, directory)


def fill(teller: Teller, directory: Path, text: str) -> None:
    """Write a small directory, where another stands or none."""
    teller.begin()
    fill_directory(directory, text)


def fill_directory(directory: Path, text: str) -> None:
    """A directory of two files, both of this text."""
    with writing_directory(directory) as temporary:
        (temporary / "part").mkdir()
        for name in ("one", "part/two"):
            (temporary / name).write_text(text)


def serve(directory: Path, url: str, port: int) -> None:
    """The chat, over a model directory that it watches."""
    app.main(["--model", str(directory), "--database", url, "--port", str(port)])
