"""Tables of strings keep every string, and entities are found by id."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import UnknownEntityError
from kgqa.graph.catalog import ListTable, StringTable
from tests.graph.test_builder import built

TEXT = st.text(st.characters(codec="utf-8"))


@given(st.lists(TEXT))
def test_a_string_table_is_the_list_it_was_made_of(strings: list[str]) -> None:
    table = StringTable.from_strings(strings)
    assert list(table) == strings == table[:]
    assert [table[place] for place in range(len(table))] == strings
    assert table[-2:] == strings[-2:]
    with pytest.raises(IndexError, match="of a table of"):
        table[len(strings)]


@given(st.lists(st.lists(TEXT)))
def test_a_list_table_is_the_lists_it_was_made_of(lists: list[list[str]]) -> None:
    table = ListTable.from_lists(lists)
    assert list(table) == lists == table[:]
    assert [table[place] for place in range(-len(lists), 0)] == lists
    with pytest.raises(IndexError, match="of a table of"):
        table[-len(lists) - 1]


@given(st.sets(TEXT.map(str.strip).filter(lambda text: text and not text.startswith("urn:")), min_size=2))
def test_every_entity_is_found_by_its_id(names: set[str]) -> None:
    ordered = sorted(names, key=hash)
    catalog = built([(ordered[0], "knows", f"{name}!") for name in ordered] + [(name, "is", "a!") for name in ordered])
    for name in names:
        assert catalog.catalog.entity_ids[catalog.catalog.entity(name)] == name


def test_what_is_not_there_is_named() -> None:
    catalog = built([("Alien", "directed_by", "Ridley Scott")]).catalog
    assert catalog.relation("directed_by") == 0
    for unknown in ("", "Alie", "Aliens", "zzz"):
        with pytest.raises(UnknownEntityError, match=f"no entity '{unknown}'"):
            catalog.entity(unknown)
    with pytest.raises(UnknownEntityError, match="no relation 'starring'"):
        catalog.relation("starring")


def test_tables_stay_on_disk_until_used(tmp_path: Path) -> None:
    catalog = built([("Alien", "directed_by", "Ridley Scott")]).catalog
    catalog.save(tmp_path)
    mapped = type(catalog).load(tmp_path)
    assert mapped.labels.blob.base is not None
    assert list(mapped.labels) == ["Alien", "Ridley Scott"]


SHORT = st.text("ab", max_size=2)
ROWS = st.integers(0, 5)


@given(st.lists(SHORT), st.dictionaries(ROWS, SHORT), st.lists(SHORT))
def test_a_changed_string_table_is_the_changed_list(strings: list[str], rows: dict[int, str], new: list[str]) -> None:
    changed = StringTable.from_strings(strings).changed(rows, new)
    assert list(changed) == [rows.get(place, text) for place, text in enumerate(strings)] + new
    for text in ("", "a", "ab", *new):
        assert changed.rows_of(text) == [place for place, other in enumerate(changed) if other == text]


@given(st.lists(st.lists(SHORT)), st.dictionaries(ROWS, st.lists(SHORT)), st.lists(st.lists(SHORT)))
def test_a_changed_list_table_is_the_changed_lists(
    lists: list[list[str]], rows: dict[int, list[str]], new: list[list[str]]
) -> None:
    changed = ListTable.from_lists(lists).changed(rows, new)
    assert list(changed) == [rows.get(place, one) for place, one in enumerate(lists)] + new
    for text in ("", "a", "ab"):
        assert changed.rows_of(text) == [place for place, one in enumerate(changed) if text in one]
