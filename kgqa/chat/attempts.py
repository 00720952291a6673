"""Attempts to log in: only so many fail in a while, from one address and from all together."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

PER_ADDRESS = 5
OVERALL = 50
WINDOW = 15 * 60.0
ADDRESSES = 10_000


class Attempts:
    """Counts attempts before they are tried, so that many at once are no way around; a success is taken off again."""

    def __init__(
        self,
        per_address: int = PER_ADDRESS,
        overall: int = OVERALL,
        window: float = WINDOW,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.per_address, self.overall, self.window, self.clock = per_address, overall, window, clock
        self._all: deque[float] = deque()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, address: str) -> float:
        """Count an attempt; returns 0, or the seconds to wait where there were too many, and nothing is counted."""
        with self._lock:
            now = self.clock()
            own = self._by_address.pop(address, deque())
            self._by_address[address] = own
            while len(self._by_address) > ADDRESSES:
                self._by_address.popitem(last=False)
            waits = [self._wait(own, self.per_address, now), self._wait(self._all, self.overall, now)]
            if max(waits) > 0:
                return max(waits)
            own.append(now)
            self._all.append(now)
            return 0.0

    def succeed(self, address: str) -> None:
        """The attempt that began last from this address was a good one: forget those of the address."""
        with self._lock:
            own = self._by_address.pop(address, deque())
            if own and self._all:
                self._all.pop()

    def _wait(self, times: deque[float], limit: int, now: float) -> float:
        while times and times[0] <= now - self.window:
            times.popleft()
        return times[0] + self.window - now if len(times) >= limit else 0.0
