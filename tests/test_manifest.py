"""A directory is whole or it is refused, and only a known directory is ever replaced."""

import json
from pathlib import Path

import pytest

from kgqa.errors import ModelFormatError
from kgqa.manifest import MANIFEST, replace_directory, verify_manifest, write_manifest, writing_directory


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "model"
    (directory / "graph").mkdir(parents=True)
    (directory / "config.json").write_text("{}")
    (directory / "graph" / "objects.npy").write_bytes(bytes(range(200)))
    (directory / ".gitattributes").write_text("left out")
    write_manifest(directory)
    return directory


def refusal(directory: Path) -> str:
    with pytest.raises(ModelFormatError) as caught:
        verify_manifest(directory)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_whole_directory_passes(model: Path) -> None:
    verify_manifest(model)
    files = json.loads((model / MANIFEST).read_text())["files"]
    assert set(files) == {"config.json", "graph/objects.npy"}
    assert files["config.json"]["size"] == 2


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_flipped_bit_is_refused(model: Path, bit: int) -> None:
    path = model / "graph" / "objects.npy"
    content = bytearray(path.read_bytes())
    content[100] ^= 1 << bit
    path.write_bytes(content)
    assert "objects.npy: altered" in refusal(model)


def test_a_truncated_file_is_refused(model: Path) -> None:
    path = model / "graph" / "objects.npy"
    path.write_bytes(path.read_bytes()[:-1])
    assert "objects.npy: 199 bytes where 200 belong" in refusal(model)


def test_a_missing_file_is_refused(model: Path) -> None:
    (model / "config.json").unlink()
    assert "config.json: missing; build it again" in refusal(model)


def test_a_file_too_many_is_refused(model: Path) -> None:
    (model / "graph" / "extra.npy").write_text("")
    assert "extra.npy: not in manifest.json" in refusal(model)


def test_a_missing_directory_or_manifest_is_refused(model: Path, tmp_path: Path) -> None:
    assert "no such directory" in refusal(tmp_path / "nowhere")
    (model / MANIFEST).unlink()
    assert "manifest.json: missing" in refusal(model)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "files": 3}', "\x00\xff"])
def test_a_manifest_that_is_none_is_refused(model: Path, text: str) -> None:
    (model / MANIFEST).write_text(text, encoding="latin-1")
    assert "not a manifest" in refusal(model)


def test_an_entry_without_a_digest_is_refused(model: Path) -> None:
    manifest = json.loads((model / MANIFEST).read_text())
    manifest["files"]["config.json"] = {"size": 2}
    (model / MANIFEST).write_text(json.dumps(manifest))
    assert "config.json: not described" in refusal(model)


def test_a_newer_format_is_refused(model: Path) -> None:
    manifest = json.loads((model / MANIFEST).read_text())
    (model / MANIFEST).write_text(json.dumps({**manifest, "format": 2}))
    assert "format 2, but this program reads 1" in refusal(model)


def test_writing_replaces_the_old_directory(model: Path) -> None:
    with writing_directory(model) as temporary:
        (temporary / "config.json").write_text("new")
        assert (model / "config.json").read_text() == "{}"
    verify_manifest(model)
    assert (model / "config.json").read_text() == "new"
    assert not (model / "graph").exists()
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_writing_that_fails_leaves_the_old_directory(model: Path) -> None:
    def write_half() -> None:
        with writing_directory(model) as temporary:
            (temporary / "half").write_text("")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    verify_manifest(model)
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_writing_makes_what_is_missing_above(tmp_path: Path) -> None:
    with writing_directory(tmp_path / "runs" / "new") as temporary:
        (temporary / "a").write_text("a")
    verify_manifest(tmp_path / "runs" / "new")
    assert (tmp_path / "runs" / "new" / "a").read_text() == "a"


def test_a_foreign_directory_or_file_is_never_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("dear")
    new = tmp_path / "new"
    new.mkdir()
    with pytest.raises(ModelFormatError, match="was not written by this program"):
        replace_directory(new, home)
    with pytest.raises(ModelFormatError, match="was not written by this program"), writing_directory(home):
        pass
    with pytest.raises(ModelFormatError, match="was not written by this program"):
        replace_directory(new, home / "letter.txt")
    assert (home / "letter.txt").read_text() == "dear"


def test_an_empty_directory_may_be_filled(tmp_path: Path) -> None:
    with writing_directory(tmp_path / "empty") as temporary:
        (temporary / "a").write_text("a")
    assert (tmp_path / "empty" / "a").exists()
