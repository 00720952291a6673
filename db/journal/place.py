"""A place for the files of a journal: a directory, or a data set on the Hugging Face hub."""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Protocol

NAME = re.compile(r"\d{20}-[0-9a-f]{8}-\d{3,}\.jsonl")  # time, process, number; later names are of later files


class Place(Protocol):
    """Where files lie; whatever goes wrong there is a `StoreError` of one line."""

    def names(self) -> set[str]:
        """The files that are there."""

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Every file, in the order of their names."""

    def put(self, files: Mapping[str, bytes], old: Set[str]) -> None:
        """Write new files, and then let nothing be left of old ones; doing it again does no harm."""
