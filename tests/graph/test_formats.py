"""Every kind of file gives the same statements, and a bad line is named."""

import gzip
import json
from pathlib import Path

import pytest

from kgqa.errors import GraphFormatError
from kgqa.graph.formats import GraphFile, Statement
from kgqa.graph.literals import XSD, Literal

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
TYPED = [
    Statement("urn:x:Paris", LABEL, Literal("Paris", language="en"), False),
    Statement("urn:x:Paris", "urn:x:in", "urn:x:France", False),
    Statement("urn:x:Paris", "urn:x:population", Literal("2161000", XSD + "integer"), False),
    Statement("_:b", "urn:x:note", Literal('say "hi"\tnow'), False),
]
NAMED = [Statement("Kismet", "directed by", "William Dieterle", True), Statement("Kismet", "year", "1955", True)]
FILES = {
    "g.nt": (
        f'<urn:x:Paris> <{LABEL}> "Paris"@en .\n# a comment\n\n<urn:x:Paris> <urn:x:in> <urn:x:France> .\n'
        f'<urn:x:Paris> <urn:x:population> "2161000"^^<{XSD}integer> .\n_:b <urn:x:note> "say \\"hi\\"\\tnow" .',
        TYPED,
    ),
    "g.ttl": (
        f'@prefix x: <urn:x:> .\nx:Paris <{LABEL}> "Paris"@en ; x:in x:France ;\n  x:population 2161000 .\n'
        '_:b x:note """say "hi"\tnow""" .\n',
        TYPED,
    ),
    "g.tsv": ("Kismet\tdirected by\tWilliam Dieterle\r\n\nKismet\tyear\t1955", NAMED),
    "h.tsv": ("\ufeffSubject\tRelation\tObject\n Kismet\tdirected by\tWilliam Dieterle \nKismet\tyear\t1955\n", NAMED),
    "g.csv": ('subject,predicate,object\nKismet,directed by,"William Dieterle"\nKismet,year,1955\n', NAMED),
    "g.jsonl": (
        '{"subject": "Kismet", "relation": "directed by", "object": "William Dieterle"}\n["Kismet", "year", "1955"]\n',
        NAMED,
    ),
}


def written(directory: Path, name: str, content: str | bytes) -> Path:
    path = directory / name
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_is_read(tmp_path: Path, name: str, suffix: str) -> None:
    content, expected = FILES[name]
    path = written(tmp_path, name + suffix, content)
    seen: list[int] = []
    assert list(GraphFile(path).statements(progress=seen.append)) == expected
    assert sum(seen) == path.stat().st_size


def test_json_numbers_are_literals(tmp_path: Path) -> None:
    objects = [1955, 4.5, 1e-9, True]
    rows = [json.dumps({"subject": "a", "relation": "r", "object": object_}) for object_ in objects]
    found = [statement.object for statement in GraphFile(written(tmp_path, "g.jsonl", "\n".join(rows))).statements()]
    types = ["integer", "decimal", "double", "boolean"]
    texts = ["1955", "4.5", "1e-09", "true"]
    assert found == [Literal(text, XSD + type_) for text, type_ in zip(texts, types, strict=True)]


def test_in_csv_quotes_hold_commas_and_in_tsv_they_are_text(tmp_path: Path) -> None:
    table = written(tmp_path, "g.csv", '"Paris, TX",in,"the ""Lone Star"" state"\n')
    assert next(GraphFile(table).statements())[:3] == ("Paris, TX", "in", 'the "Lone Star" state')
    tabs = written(tmp_path, "g.tsv", '"Heroes"\tby\tDavid Bowie\n')
    assert next(GraphFile(tabs).statements()).subject == '"Heroes"'


GOOD_NT = "<urn:x:a> <urn:x:r> <urn:x:b> .\n"
BAD_LINES = [
    ("g.nt", GOOD_NT + "<urn:x:a> <urn:x:r>\n" + GOOD_NT, 2, "line jumps are not allowed"),
    ("g.nt", GOOD_NT + "<urn:x:a> <urn:x:r> <urn:x:b>\n" + GOOD_NT, 2, "must be followed by a dot"),
    ("g.nt", GOOD_NT + '<urn:x:a> <urn:x:r> "b .\n' + GOOD_NT, 2, ""),
    ("g.nt", GOOD_NT + "<urn:x:a> <urn:x:r> <<( <urn:x:a> <urn:x:r> <urn:x:b> )>> .\n" + GOOD_NT, 2, "not supported"),
    ("g.tsv", "a\tr\tb\nKismet\tdirected by\na\tr\tb\n", 2, "expected 3 tab-separated fields, found 2: "),
    ("g.tsv", "a\tr\tb\n\tr\tb\na\tr\tb\n", 2, "the subject is empty"),
    ("g.csv", "a,r,b\na,r,b,c\na,r,b\n", 2, 'expected 3 comma-separated fields, found 4: "a,r,b,c"'),
    ("g.csv", 'a,r,b\na,r,"b\na,r,b\n', 2, "unexpected end of data"),
    ("g.jsonl", '["a","r","b"]\n{"subject":\n["a","r","b"]\n', 2, "not JSON: "),
    ("g.jsonl", '["a","r","b"]\n{"subject": "a", "object": "b"}\n["a","r","b"]\n', 2, "expected {"),
    ("g.jsonl", '["a","r","b"]\n["a","r",["b"]]\n["a","r","b"]\n', 2, "must be a string or a number"),
    ("g.jsonl", '["a","r","b"]\n[1,"r","b"]\n["a","r","b"]\n', 2, "must be strings"),
    ("g.jsonl", '["a","r","b"]\n["a","r","\\ud800"]\n["a","r","b"]\n', 2, "half of a surrogate pair"),
]


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(("name", "content", "line", "reason"), BAD_LINES)
def test_a_bad_line_is_named_or_skipped(
    tmp_path: Path, name: str, content: str, line: int, reason: str, suffix: str
) -> None:
    path = written(tmp_path, name + suffix, content)
    with pytest.raises(GraphFormatError) as caught:
        list(GraphFile(path).statements())
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)
    assert "(line" not in str(caught.value)
    skipped: list[str] = []
    assert len(list(GraphFile(path).statements(on_bad_line=skipped.append))) == 2
    assert skipped == [str(caught.value)]


@pytest.mark.parametrize("name", ["g.nt", "g.tsv", "g.csv", "g.jsonl"])
def test_a_line_that_is_not_utf8_is_named(tmp_path: Path, name: str) -> None:
    good = {"g.nt": GOOD_NT, "g.tsv": "a\tr\tb\n", "g.csv": "a,r,b\n", "g.jsonl": '["a","r","b"]\n'}[name].encode()
    path = written(tmp_path, name, good + good.replace(b"b", b"\xff") + good)
    with pytest.raises(GraphFormatError, match=rf"{name}:2: .*(UTF-8|utf-8)"):
        list(GraphFile(path).statements())
    assert len(list(GraphFile(path).statements(on_bad_line=lambda _: None))) == 2


def test_a_mistake_in_turtle_is_named_and_never_skipped(tmp_path: Path) -> None:
    path = written(tmp_path, "g.ttl", "@prefix x: <urn:x:> .\nx:a x:r x:b .\nx:a y:r x:b .\n")
    for on_bad_line in (None, lambda _: None):
        with pytest.raises(GraphFormatError, match=r"g\.ttl:3: The prefix y: has not been declared$"):
            list(GraphFile(path).statements(on_bad_line=on_bad_line))


def test_the_line_is_counted_through_a_long_file(tmp_path: Path) -> None:
    path = written(tmp_path, "g.nt.gz", GOOD_NT * 60_000 + "what\n")
    with pytest.raises(GraphFormatError, match=r"g\.nt\.gz:60001: "):
        list(GraphFile(path).statements())


def test_spaces_inside_an_iri_are_let_through(tmp_path: Path) -> None:
    path = written(tmp_path, "g.nt", "<urn:x:a> <urn:x:population density> <urn:x:b> .\n")
    assert next(GraphFile(path).statements()).relation == "urn:x:population density"


@pytest.mark.parametrize("cut", [5, 40])
def test_a_truncated_gzip_file_is_named(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, "g.nt.gz", "".join(f"<urn:x:{n}> <urn:x:r> <urn:x:b> .\n" for n in range(500)))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(GraphFormatError, match=r"g\.nt\.gz: "):
        list(GraphFile(path).statements())


def test_what_is_no_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.tsv.gz"
    path.write_text("a\tr\tb\n")
    with pytest.raises(GraphFormatError, match=r"g\.tsv\.gz: Not a gzipped file"):
        list(GraphFile(path).statements())


def test_unknown_and_missing_files_are_named(tmp_path: Path) -> None:
    for name in ("g.xml", "g.gz", "g"):
        with pytest.raises(GraphFormatError, match=r"unknown kind of graph file; known are \.nt, \.ttl"):
            GraphFile(tmp_path / name)
    with pytest.raises(GraphFormatError, match=r"g\.nt: no such file"):
        GraphFile(tmp_path / "g.nt")
