"""Many people at the page at once: the real server in a process of its own, and locust in another.

A question's time is from sending it to the end of its answer, in the two requests that the browser makes.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from kgqa.config import ROOT
from kgqa.errors import InputError, KgqaError
from kgqa.training.questions import Question

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
A_SECOND = 5  # people who come in one
START, END = 120, 90  # seconds to wait for the server to be ready, and for locust to end
UNLIMITED = {"KGQA_RATE_PER_MINUTE": "1000000", "KGQA_TOTAL_PER_MINUTE": "1000000"}  # all come from one address


def run(
    model: str, questions: Sequence[Question], people: int, seconds: int, seed: int, database: str | None = None
) -> dict[str, Any]:
    """Serve a model and have people ask it, each every few seconds.

    Args:
        database: an SQLAlchemy URL; without it an SQLite file that is gone afterwards.
    Returns:
        counts of requests, errors, questions and votes, the milliseconds of a question, and the first error.
    Raises:
        InputError: if there is nothing to ask, nobody to ask it, or no locust.
        KgqaError: if the server or locust does not do its work.
    """
    if not questions or people < 1 or seconds < 1:
        raise InputError("a load needs at least one question, one person and one second")
    if find_spec("locust") is None:
        raise InputError("locust is not installed; run pip install -r requirements-dev.txt")
    texts = [row.question for row in questions]
    with (
        tempfile.TemporaryDirectory(prefix="kgqa-") as place,
        _serving(model, database or f"sqlite:///{place}/chat.db") as address,
    ):
        rows = _visited(address, Path(place), texts, people, seconds, seed)
    return _figures(rows)


@contextmanager
def _serving(model: str, database: str) -> Iterator[str]:
    """`python app.py` on a free port, once it is ready; gives its address."""
    command = [sys.executable, "app.py", "--model", str(Path(model).absolute()), "--port", "0", "--database", database]
    environment = {**os.environ, **UNLIMITED}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if not found:
                raise KgqaError("the server did not start; what it said is above")
            _wait(found[0])
            yield found[0]
        finally:
            process.terminate()


def _wait(address: str) -> None:
    """Until the server is ready; raises `KgqaError` when it never is."""
    try:
        ready = httpx.get(f"{address}/readyz", timeout=START, trust_env=False)
    except httpx.TransportError as error:
        raise KgqaError(f"the server at {address} does not answer: {error}") from error
    if ready.status_code != 200:
        raise KgqaError(f"the server at {address} is not ready: {ready.text}")


def _visited(
    address: str, place: Path, questions: list[str], people: int, seconds: int, seed: int
) -> list[dict[str, Any]]:
    """What locust noted of every request."""
    asked, rows = place / "questions.json", place / "rows.json"
    asked.write_text(json.dumps(questions))
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--host", address]
    command += ["--users", str(people), "--spawn-rate", str(A_SECOND), "--run-time", f"{seconds}s"]
    command += ["--stop-timeout", "60", "--exit-code-on-error", "0", "--loglevel", "ERROR", "--only-summary"]
    command += ["--questions", str(asked), "--seed", str(seed), "--rows", str(rows)]
    environment = {**os.environ, "NO_PROXY": "*"}
    wait = seconds + END
    try:
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=wait)
    except subprocess.TimeoutExpired as error:
        raise KgqaError(f"locust did not end within {wait} seconds; the machine is too busy") from error
    if done.returncode != 0 or not rows.exists():
        raise KgqaError(f"locust ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
    noted: list[dict[str, Any]] = json.loads(rows.read_text())
    return noted


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    times = [row["ms"] for row in rows if row["name"] == "question"]
    errors = [f"{row['name']}: {row['error']}" for row in rows if row["error"]]
    if not times:
        raise KgqaError(f"nobody got as far as a question; {errors[0] if errors else 'give them more seconds'}")
    percentiles = {f"p{share}": round(float(np.percentile(times, share)), 1) for share in (50, 95, 99)}
    votes = sum(row["name"] == "vote" for row in rows)
    counts = {"requests": len(rows), "errors": len(errors), "questions": len(times), "votes": votes}
    return {**counts, **percentiles, "first_error": errors[0] if errors else ""}
