"""The line before the model, for all who ask: a few are answered, some wait, the next is told to come back.

What can be done without is only done while nobody waits.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

Result = TypeVar("Result")


class BusyError(Exception):
    """As many wait as may; nothing has run."""


class Line:
    """Lets `workers` run at the same time, and `places` wait."""

    def __init__(self, workers: int, places: int) -> None:
        self.workers, self.most = workers, workers + places
        self._inside = 0
        self._free = asyncio.Semaphore(workers)

    async def run(self, function: Callable[[], Result]) -> Result:
        """What the function returns, run in a thread when its turn comes; what it raises is raised.

        Raises:
            BusyError: if too many wait.
        """
        if self._inside >= self.most:
            raise BusyError
        self._inside += 1
        try:
            async with self._free:
                return await run_in_threadpool(function)
        finally:
            self._inside -= 1

    async def spare(self, function: Callable[[], Result]) -> Result | None:
        """What the function returns, if it can be run at once; otherwise nothing."""
        return await self.run(function) if self._inside < self.workers else None
