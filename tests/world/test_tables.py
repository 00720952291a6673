"""Tables are read strictly, and every table of the world reads."""

from pathlib import Path

import pytest

from assets.world.facts import FACTS, table_class
from assets.world.tables import TableError, read_header, read_rows


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_a_row_gives_its_cells_and_the_values_in_them(tmp_path: Path) -> None:
    table = write(tmp_path / "films.tsv", "film\tdirected_by", "Fargo\tJoel Coen; Ethan Coen")
    (row,) = read_rows(table)
    assert row["film"] == "Fargo"
    assert row.values("directed_by") == ["Joel Coen", "Ethan Coen"]
    assert row.values("starring") == []


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["film\tdirected_by", "Fargo"], r"films\.tsv:2: expected 2 tab-separated fields, found 1"),
        (["film\tdirected_by", "Fargo\tJoel Coen", "\tEthan Coen"], r"films\.tsv:3: the first field is empty"),
        (["film\tfilm", "Fargo\tFargo"], r"films\.tsv:1: an empty or repeated column"),
    ],
)
def test_a_malformed_table_names_file_and_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(TableError, match=message):
        list(read_rows(write(tmp_path / "films.tsv", *lines)))


@pytest.mark.parametrize("table", sorted(FACTS.glob("*.tsv")), ids=lambda path: path.stem)
def test_every_table_reads_and_has_a_class(table: Path) -> None:
    rows = list(read_rows(table))
    assert rows
    assert table_class(table) or "class" in read_header(table)


def test_the_hand_written_facts_are_at_least_four_thousand() -> None:
    names = {"aliases", "description", "class"}
    rows = [row for table in FACTS.glob("*.tsv") for row in read_rows(table)]
    facts = sum(len(row.values(column)) for row in rows for column in list(row.cells)[1:] if column not in names)
    assert facts >= 4_000
