"""What the entities and relations of a graph are called: tables of strings that stay on disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from kgqa.errors import UnknownEntityError

Array = npt.NDArray[np.generic]


class StringTable(Sequence[str]):
    """N strings as one UTF-8 blob, shape (bytes,) uint8, and offsets into it, shape (N + 1,) int64."""

    def __init__(self, blob: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.blob = np.asarray(blob)
        self.offsets = np.asarray(offsets)
        self._bytes = self.blob.data  # slices cost far less than those of an array
        self._offsets = self.offsets.data

    @classmethod
    def from_strings(cls, strings: Iterable[str]) -> "StringTable":
        encoded = [text.encode("utf-8") for text in strings]
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"string {index} of a table of {len(self)}")
        return str(self._bytes[self._offsets[place] : self._offsets[place + 1]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        """All of them in turn, read in one go."""
        blob, offsets = self.blob.tobytes(), self.offsets.tolist()
        for start, stop in pairwise(offsets):
            yield blob[start:stop].decode("utf-8")

    def rows_of(self, text: str) -> list[int]:
        """Where this string stands, without reading the others."""
        wanted, blob, found = text.encode("utf-8"), self.blob.tobytes(), []
        if not wanted:
            return [row for row, length in enumerate(np.diff(self.offsets).tolist()) if not length]
        place = blob.find(wanted)
        while place >= 0:
            row = int(np.searchsorted(self.offsets, place, side="right")) - 1
            if (self.offsets[row], self.offsets[row + 1]) == (place, place + len(wanted)):
                found.append(row)
            place = blob.find(wanted, place + 1)
        return found

    def spliced(self, cuts: Iterable[tuple[int, int, Sequence[str]]]) -> "StringTable":
        """With other strings in the place of rows first to last, for each (first, last, strings), in rising order."""
        blobs, lengths, done, old = [], [], 0, np.diff(self.offsets)
        for first, last, strings in cuts:
            new = StringTable.from_strings(strings)
            blobs += [self.blob[self.offsets[done] : self.offsets[first]], new.blob]
            lengths += [old[done:first], np.diff(new.offsets)]
            done = last
        blob = np.concatenate([*blobs, self.blob[self.offsets[done] :]])
        ends = np.cumsum(np.concatenate([*lengths, old[done:]]))
        return StringTable(blob, np.concatenate([np.zeros(1, dtype=np.int64), ends]))

    def changed(self, rows: Mapping[int, str], new: Sequence[str]) -> "StringTable":
        """With other strings in some rows, and new rows at its end."""
        cuts = [(row, row + 1, [rows[row]]) for row in sorted(rows) if row < len(self)]
        return self.spliced([*cuts, (len(self), len(self), new)])

    def arrays(self) -> dict[str, Array]:
        return {"blob": self.blob, "offsets": self.offsets}


class ListTable(Sequence[list[str]]):
    """N lists of strings: all strings in one table, and where each list starts, shape (N + 1,) int64."""

    def __init__(self, strings: StringTable, starts: npt.NDArray[np.int64]) -> None:
        self.strings = strings
        self.starts = np.asarray(starts)

    @classmethod
    def from_lists(cls, lists: Sequence[Sequence[str]]) -> "ListTable":
        lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        return cls(StringTable.from_strings(text for texts in lists for text in texts), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> list[str]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[str]]: ...
    def __getitem__(self, index: int | slice) -> list[str] | list[list[str]]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"list {index} of a table of {len(self)}")
        return self.strings[int(self.starts[place]) : int(self.starts[place + 1])]

    def __iter__(self) -> Iterator[list[str]]:
        """All of them in turn, read in one go."""
        texts, starts = list(self.strings), self.starts.tolist()
        for start, stop in pairwise(starts):
            yield texts[start:stop]

    def rows_of(self, text: str) -> list[int]:
        """Which lists hold this string."""
        places = np.searchsorted(self.starts, self.strings.rows_of(text), side="right") - 1
        found: list[int] = np.unique(places).tolist()
        return found

    def changed(self, rows: Mapping[int, Sequence[str]], new: Sequence[Sequence[str]]) -> "ListTable":
        """With other lists in some rows, and new rows at its end."""
        kept = [row for row in sorted(rows) if row < len(self)]
        cuts = [(int(self.starts[row]), int(self.starts[row + 1]), rows[row]) for row in kept]
        lengths = np.diff(self.starts)
        lengths[kept] = [len(rows[row]) for row in kept]
        last = len(self.strings)
        strings = self.strings.spliced([*cuts, (last, last, [text for texts in new for text in texts])])
        ends = np.cumsum(np.concatenate([lengths, np.array([len(texts) for texts in new], dtype=np.int64)]))
        return ListTable(strings, np.concatenate([np.zeros(1, dtype=np.int64), ends]))

    def arrays(self) -> dict[str, Array]:
        return {"starts": self.starts, **self.strings.arrays()}


TEXTS = ("entity_ids", "labels", "descriptions", "relation_ids", "relation_labels", "relation_descriptions")
LISTS = ("alias_table", "class_table", "relation_alias_table")


class Catalog:
    """Ids, labels, aliases, descriptions and classes of E entities and of the base relations.

    `is_value` (E,) marks the entities that are literals; `values` (E,) holds the number of those that have one,
    NaN elsewhere. `order` (E,) lists the entities by id, for looking one up.
    """

    def __init__(self, texts: dict[str, StringTable], lists: dict[str, ListTable], arrays: dict[str, Array]) -> None:
        self.entity_ids = texts["entity_ids"]
        self.labels = texts["labels"]
        self.descriptions = texts["descriptions"]
        self.relation_ids = texts["relation_ids"]
        self.relation_labels = texts["relation_labels"]
        self.relation_descriptions = texts["relation_descriptions"]
        self.alias_table = lists["alias_table"]
        self.class_table = lists["class_table"]
        self.relation_alias_table = lists["relation_alias_table"]
        self.is_value: npt.NDArray[np.bool_] = arrays["is_value"].astype(np.bool_, copy=False)
        self.values: npt.NDArray[np.float64] = arrays["values"].astype(np.float64, copy=False)
        self.order = np.asarray(arrays["order"])
        self._check_lengths()
        self._relations = {relation: number for number, relation in enumerate(self.relation_ids)}

    def __len__(self) -> int:
        return len(self.entity_ids)

    def _check_lengths(self) -> None:
        """Raise ValueError unless every table has a row for each entity, or each relation."""
        entities = (self.labels, self.descriptions, self.alias_table, self.class_table)
        arrays = (self.is_value, self.values, self.order)
        relations = (self.relation_labels, self.relation_descriptions, self.relation_alias_table)
        if {len(self), *map(len, entities), *map(len, arrays)} != {len(self)}:
            raise ValueError(f"the tables of entities do not all have {len(self)} rows")
        if {*map(len, relations)} != {len(self.relation_ids)}:
            raise ValueError(f"the tables of relations do not all have {len(self.relation_ids)} rows")

    def aliases(self, entity: int) -> list[str]:
        """The other names of an entity."""
        return self.alias_table[entity]

    def classes(self, entity: int) -> list[str]:
        """The labels of an entity's classes."""
        return self.class_table[entity]

    def relation_aliases(self, relation: int) -> list[str]:
        """The other names of a base relation."""
        return self.relation_alias_table[relation]

    def entity(self, iri: str) -> int:
        """The number of the entity with this id.

        Raises:
            UnknownEntityError: if the graph has none.
        """
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.entity_ids[int(self.order[middle])] < iri:
                low = middle + 1
            else:
                high = middle
        if low < len(self) and self.entity_ids[int(self.order[low])] == iri:
            return int(self.order[low])
        raise UnknownEntityError(f"the graph has no entity {iri!r}")

    def relation(self, iri: str) -> int:
        """The number of the base relation with this id.

        Raises:
            UnknownEntityError: if the graph has none.
        """
        if iri not in self._relations:
            raise UnknownEntityError(f"the graph has no relation {iri!r}")
        return self._relations[iri]

    def save(self, directory: Path) -> None:
        """Write every table as .npy files."""
        for name in TEXTS + LISTS:
            table: StringTable | ListTable = getattr(self, name)
            for part, array in table.arrays().items():
                np.save(directory / f"{name}.{part}.npy", array, allow_pickle=False)
        for name in ("is_value", "values", "order"):
            np.save(directory / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, directory: Path, mmap: bool = True) -> "Catalog":
        """Read what `save` wrote; with `mmap`, from disk as it is needed."""

        def read(name: str) -> npt.NDArray[np.generic]:
            array: npt.NDArray[np.generic] = np.load(
                directory / f"{name}.npy", mmap_mode="r" if mmap else None, allow_pickle=False
            )
            return array

        def strings(name: str) -> StringTable:
            return StringTable(read(f"{name}.blob"), read(f"{name}.offsets"))  # type: ignore[arg-type]

        texts = {name: strings(name) for name in TEXTS}
        lists = {name: ListTable(strings(name), read(f"{name}.starts")) for name in LISTS}  # type: ignore[arg-type]
        return cls(texts, lists, {name: read(name) for name in ("is_value", "values", "order")})
