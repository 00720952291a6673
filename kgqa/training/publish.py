"""Publishing: a new version takes the place of the one that is served, which stays beside it and can be taken back."""

import shutil
from pathlib import Path

from kgqa.errors import InputError, KgqaError
from kgqa.manifest import carry, verify_manifest, writing_directory
from kgqa.reasoning.config import ModelConfig
from kgqa.reasoning.facts import alone
from kgqa.reasoning.lineage import Lineage
from kgqa.reasoning.pretrained import CONFIG

BEFORE, TAKEN_BACK = "before", "taken-back"


def publish(new: Path, served: Path) -> Path:
    """Put a version that was tuned from the served one in its place; returns where the served one is kept.

    A running app notices within a second and answers from the new one; nothing that people see is lost.

    Raises:
        ModelFormatError: if one of them is no whole model directory.
        KgqaError: if the served one is not the parent, so that something that was changed there would be lost.
    """
    verify_manifest(new)
    with alone(served):
        verify_manifest(served)
        version, parent = version_of(served), _lineage(new).parent
        if version != parent:
            raise KgqaError(
                f"{served}: is version {version}, but {new} was tuned from {parent}; tune the served one, or facts "
                f"that were added to it would be lost"
            )
        return _exchange(new, served, BEFORE)


def rollback(served: Path) -> tuple[str, str]:
    """Take the version that was served before back; returns the version that answered, and the one that does now.

    Facts that were added in the meantime go with the version that they were added to, which is kept beside as well.

    Raises:
        InputError: if there is none before it.
    """
    with alone(served):
        verify_manifest(served)
        left = version_of(served)
        kept = [path for path in _kept(served, BEFORE) if path.name.partition("-")[2] != left]
        if not kept:
            raise InputError(f"{served}: there is no version before {left} beside it to take back")
        verify_manifest(kept[-1])
        _exchange(kept[-1], served, TAKEN_BACK)
        shutil.rmtree(kept[-1])
        return left, version_of(served)


def version_of(directory: Path) -> str:
    """The version of a model directory."""
    return str(ModelConfig.load(directory / CONFIG)[1]["version"])


def _lineage(directory: Path) -> Lineage:
    return Lineage.read(ModelConfig.load(directory / CONFIG)[1].get("lineage"))


def _exchange(source: Path, served: Path, folder: str) -> Path:
    """Put a copy of a directory in the place of the served one, of which a copy is kept in the folder beside it.

    Each copy takes its place in one step: whoever is killed in between leaves the old version twice, which a rollback
    knows by its name.
    """
    number = max((int(path.name.partition("-")[0]) for path in _kept(served, folder)), default=0) + 1
    kept = served.absolute().parent / f"{served.name}.{folder}" / f"{number:04d}-{version_of(served)}"
    _copy(served, kept)
    _copy(source, served)
    return kept


def _copy(source: Path, target: Path) -> None:
    with writing_directory(target) as temporary:
        carry(source, temporary)


def _kept(served: Path, folder: str) -> list[Path]:
    """The versions that are kept, the oldest first."""
    found = (served.absolute().parent / f"{served.name}.{folder}").glob("[0-9][0-9][0-9][0-9]-*")
    return sorted(path for path in found if path.is_dir())
