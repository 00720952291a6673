"""A graph is the same after a trip through its directory, which is refused when it is not whole."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from kgqa.errors import GraphFormatError, ModelFormatError
from kgqa.graph.store import KnowledgeGraph, build_graph, open_graph
from kgqa.manifest import write_manifest

DATA = Path(__file__).parents[3] / "shared" / "data"
TABLE = "Kismet\tdirected_by\tWilliam Dieterle\nKismet\tyear\t1955\nnan\tdirected_by\tWilliam Dieterle\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "films.tsv"
    path.write_text(TABLE)
    return path


@pytest.fixture
def saved(tmp_path: Path, table: Path) -> Path:
    directory = tmp_path / "graph"
    build_graph([table])[0].save(directory)
    return directory


def same(left: KnowledgeGraph, right: KnowledgeGraph) -> bool:
    names = ("entity_ids", "labels", "descriptions", "relation_ids", "relation_labels", "relation_descriptions")
    lists = ("alias_table", "class_table", "relation_alias_table")
    return (
        all(list(getattr(left.catalog, name)) == list(getattr(right.catalog, name)) for name in names + lists)
        and np.array_equal(left.catalog.values, right.catalog.values, equal_nan=True)
        and np.array_equal(left.catalog.is_value, right.catalog.is_value)
        and all(torch.equal(array, right.sparse.arrays()[name]) for name, array in left.sparse.arrays().items())
        and left.sparse.num_relations == right.sparse.num_relations
    )


def test_the_report_counts_what_was_built(table: Path) -> None:
    graph, report = build_graph([table])
    assert (report.files, report.entities, report.values, report.relations, report.triples) == (1, 3, 1, 2, 3)
    assert report.skipped == 0
    director = graph.catalog.entity("William Dieterle")
    films = graph.sparse.objects_of(director, 2 * graph.catalog.relation("directed_by") + 1)
    assert [graph.catalog.labels[film] for film in films.tolist()] == ["Kismet", "nan"]


@pytest.mark.parametrize("mmap", [True, False])
def test_a_directory_holds_the_same_graph(table: Path, saved: Path, mmap: bool) -> None:
    assert same(KnowledgeGraph.load(saved, mmap), build_graph([table])[0])
    assert same(open_graph(saved), open_graph(table))


def test_saving_what_was_loaded_over_itself_keeps_it(table: Path, saved: Path) -> None:
    KnowledgeGraph.load(saved).save(saved)
    assert same(open_graph(saved), open_graph(table))


def test_using_a_graph_does_not_change_its_files(saved: Path) -> None:
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    graph = KnowledgeGraph.load(saved)
    graph.sparse.objects += 1
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_several_files_make_one_graph(table: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("Kismet,in_language,English\n")
    read: list[int] = []
    graph, report = build_graph([table, more], progress=read.append)
    assert (report.files, report.entities, report.triples) == (2, 4, 4)
    assert sum(read) == table.stat().st_size + more.stat().st_size
    assert len(graph.sparse.objects_of(graph.catalog.entity("Kismet"), 2 * 2)) == 1


def test_bad_lines_end_the_build_or_are_counted(table: Path) -> None:
    table.write_text(TABLE + "oops\n" * 20)
    with pytest.raises(GraphFormatError, match=r"films\.tsv:4: expected 3"):
        build_graph([table])
    report = build_graph([table], skip_bad_lines=True)[1]
    assert (report.skipped, report.triples, len(report.skipped_lines)) == (20, 3, 10)
    assert report.skipped_lines[0] == f'{table}:4: expected 3 tab-separated fields, found 1: "oops"'


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphFormatError, match="no graph file given"):
        build_graph([])
    (tmp_path / "empty.tsv").write_text("")
    with pytest.raises(GraphFormatError, match=r"empty\.tsv: no triples"):
        build_graph([tmp_path / "empty.tsv"])
    with pytest.raises(GraphFormatError, match=r"nowhere\.nt: no such file"):
        open_graph(tmp_path / "nowhere.nt")


def test_a_damaged_directory_is_refused(saved: Path) -> None:
    content = bytearray((saved / "objects.npy").read_bytes())
    content[-1] ^= 1
    (saved / "objects.npy").write_bytes(content)
    with pytest.raises(ModelFormatError, match=r"objects\.npy: altered"):
        KnowledgeGraph.load(saved)
    (saved / "objects.npy").unlink()
    with pytest.raises(ModelFormatError, match=r"objects\.npy: missing"):
        KnowledgeGraph.load(saved)


def test_a_foreign_directory_with_a_manifest_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path)
    with pytest.raises(ModelFormatError, match="not a graph directory"):
        KnowledgeGraph.load(tmp_path)


def test_arrays_that_do_not_agree_are_refused(saved: Path) -> None:
    objects = np.load(saved / "objects.npy")
    for wrong, reason in ((objects[:-2], "does not agree"), (objects.astype(np.int64), "not a row of int32")):
        np.save(saved / "objects.npy", wrong)
        write_manifest(saved)
        with pytest.raises(ModelFormatError, match=reason):
            KnowledgeGraph.load(saved)


def test_tables_of_different_lengths_are_refused(saved: Path, tmp_path: Path) -> None:
    for table in ("labels", "relation_labels"):
        broken = tmp_path / table
        shutil.copytree(saved, broken)
        np.save(broken / f"{table}.offsets.npy", np.load(broken / f"{table}.offsets.npy")[:-1])
        write_manifest(broken)
        with pytest.raises(ModelFormatError, match="do not all have"):
            KnowledgeGraph.load(broken)


COUNTS = {"metaqa": (43234, 0, 132407), "wc2014": (1127, 0, 3977), "freebase": (14541, 12909, 339363)}


@pytest.mark.parametrize("name", [*COUNTS, "geoquery"])
def test_real_graphs_build(name: str) -> None:
    path = DATA / name / "graph.nt.gz"
    if not path.exists():
        pytest.skip("the shared benchmark data is not beside this checkout")
    graph, report = build_graph([path])
    assert report.skipped == 0
    assert (report.entities, report.values, report.triples) == COUNTS.get(name, (651, 711, 1769))
    assert len(graph.catalog) == graph.sparse.num_entities
    assert all(graph.catalog.labels)
