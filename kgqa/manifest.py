"""What makes a directory whole: size and SHA-256 of each file, and a way to replace it in one step."""

import ctypes
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from kgqa.errors import ModelFormatError

MANIFEST = "manifest.json"
FORMAT_VERSION = 1
REMEDY = "build it again, or copy it again in full"
HERE, EXCHANGE = -100, 2  # Linux: AT_FDCWD and RENAME_EXCHANGE


def write_manifest(directory: Path | str) -> None:
    """Describe every file below the directory in its manifest.json; names with a leading dot are left out."""
    directory = Path(directory)
    files = {name: _fingerprint(path) for name, path in _files(directory).items()}
    text = json.dumps({"format": FORMAT_VERSION, "files": files}, indent=1)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def verify_manifest(directory: Path | str) -> None:
    """Check that the directory holds exactly what its manifest describes.

    Raises:
        ModelFormatError: one line that names the first file at fault and the remedy.
    """
    directory = Path(directory)
    described = _read(directory)
    found = _files(directory)
    for name in sorted(described.keys() - found.keys()):
        raise ModelFormatError(f"{directory / name}: missing; {REMEDY}")
    for name in sorted(found.keys() - described.keys()):
        raise ModelFormatError(f"{directory / name}: not in {MANIFEST}; remove it, or write the directory again")
    for name, path in found.items():
        _verify_file(path, described[name])


def replace_directory(temporary: Path | str, target: Path | str) -> None:
    """Put a finished directory where another may stand; that one stays until the new one is in place.

    On Linux they change places in one step, so that a process that is killed, or one that reads meanwhile, finds one of
    them there; where the system cannot do that, there is none for a moment.

    Raises:
        ModelFormatError: if the target holds something that no manifest describes, which is then left alone.
    """
    temporary, target = Path(temporary), Path(target)
    check_replaceable(target)
    if not target.exists():
        temporary.rename(target)
        return
    if _exchange(temporary, target):
        shutil.rmtree(temporary)
        return
    previous = _beside(target, "old")
    target.rename(previous)
    try:
        temporary.rename(target)
    except OSError:
        previous.rename(target)
        raise
    shutil.rmtree(previous)


@contextmanager
def writing_directory(target: Path | str) -> Iterator[Path]:
    """A new directory beside the target, which takes its place, manifest written, unless the block fails.

    Raises:
        ModelFormatError: if the target holds something that no manifest describes, which is then left alone.
    """
    target = Path(target)
    check_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(target, "new")
    temporary.mkdir()
    try:
        yield temporary
        write_manifest(temporary)
        replace_directory(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def carry(source: Path, target: Path, leave: Collection[str] = ()) -> None:
    """Bring what does not change along: linked where the file system can, since files here are never written again.

    Args:
        leave: names in `source` that stay behind, beside its manifest.
    """
    for path in source.iterdir():
        if path.name in leave or path.name == MANIFEST or path.name.startswith("."):
            continue
        if path.is_dir():
            shutil.copytree(path, target / path.name, copy_function=_link)
        else:
            _link(str(path), str(target / path.name))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def check_replaceable(target: Path) -> None:
    """Refuse to put a directory in the place of anything but an empty directory or one with a manifest."""
    if target.is_dir() and ((target / MANIFEST).is_file() or not any(target.iterdir())):
        return
    if target.exists():
        raise ModelFormatError(f"{target}: exists and was not written by this program; choose another place")


def _exchange(one: Path, other: Path) -> bool:
    """Have two directories change places in one step; returns whether the system could."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and rename(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0


def _beside(target: Path, purpose: str) -> Path:
    return target.absolute().parent / f".{target.name}.{purpose}-{uuid4().hex[:8]}"


def _files(directory: Path) -> dict[str, Path]:
    found = {}
    for parent, folders, names in os.walk(directory, followlinks=True):
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and path != directory / MANIFEST:
                found[path.relative_to(directory).as_posix()] = path
    return found


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def _read(directory: Path) -> dict[str, Any]:
    if not directory.is_dir():
        raise ModelFormatError(f"{directory}: no such directory; check the path, or build it first")
    path = directory / MANIFEST
    if not path.is_file():
        raise ModelFormatError(f"{path}: missing; this is not a finished directory, or not one of this program's")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFormatError(f"{path}: not a manifest ({type(error).__name__}); {REMEDY}") from None
    if version != FORMAT_VERSION:
        raise ModelFormatError(f"{path}: format {version}, but this program reads {FORMAT_VERSION}; update it")
    return files


def _verify_file(path: Path, described: Any) -> None:
    if not isinstance(described, dict) or not {"size", "sha256"} <= described.keys():
        raise ModelFormatError(f"{path}: not described by a size and a SHA-256 in {MANIFEST}; {REMEDY}")
    size = path.stat().st_size
    if size != described["size"]:
        raise ModelFormatError(f"{path}: {size} bytes where {described['size']} belong; {REMEDY}")
    if _fingerprint(path)["sha256"] != described["sha256"]:
        raise ModelFormatError(f"{path}: altered (its SHA-256 differs); {REMEDY}")
