"""Property tests run the same everywhere: no time limit for one example, the same examples each time."""

from hypothesis import settings

settings.register_profile("graph", deadline=None, max_examples=60, derandomize=True, database=None)
settings.load_profile("graph")
