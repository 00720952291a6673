"""The line before the model, for those who ask without the page: a few are answered, some wait, the next is told to."""

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from kgqa.types import Answer


class BusyError(Exception):
    """As many wait as may; nothing has run."""


class Line:
    """Has `workers` questions answered at the same time, and lets `places` wait."""

    def __init__(self, answer: Callable[[str], Answer], workers: int, places: int) -> None:
        self.answer = answer
        self.most = workers + places
        self._inside = 0
        self._workers = asyncio.Semaphore(workers)

    async def ask(self, question: str) -> Answer:
        """Answer a question when its turn comes.

        Raises:
            BusyError: if too many wait.
            QuestionError: if it can't be asked as it is.
        """
        if self._inside >= self.most:
            raise BusyError
        self._inside += 1
        try:
            async with self._workers:
                return await run_in_threadpool(self.answer, question)
        finally:
            self._inside -= 1
