"""What holds for the house as a whole: its floors, its requirements, and that its documents tell the truth."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 10_000_000

# The floor of each room; the longest prefix counts. A room imports from itself and from lower floors.
FLOORS = {
    "kgqa": 0,
    "kgqa.types": 0,
    "kgqa.errors": 0,
    "kgqa.config": 1,
    "kgqa.manifest": 1,
    "kgqa.device": 1,
    "kgqa.graph": 2,
    "kgqa.linking": 3,
    "kgqa.programs": 3,
    "kgqa.reasoning": 4,
    "kgqa.training": 5,
    "kgqa.chat": 5,
    "benchmarks": 6,
    "assets": 6,
    "kgqa.verbs": 7,
    "kgqa.cli": 8,
    "kgqa.__main__": 9,
    "stored": 8,
    "app": 9,
    "db": 1,
}
DOCUMENTS = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/RESULTS.md", "assets/world/README.md")
    if (ROOT / name).exists()
]
COMMANDS = {
    "kgqa": (ROOT / "kgqa" / "cli.py", *sorted((ROOT / "kgqa" / "verbs").glob("*.py"))),
    "db": (ROOT / "db" / "__main__.py",),
}


def sources(*places: str) -> list[Path]:
    files = [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]
    return files + [ROOT / place for place in places if place.endswith(".py") and (ROOT / place).exists()]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever in the file that stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def room(module: str) -> str | None:
    prefixes = [module.rsplit(".", cut)[0] for cut in range(module.count(".") + 1)]
    return next((prefix for prefix in prefixes if prefix in FLOORS), None)


HOUSE = sources("kgqa", "db", "benchmarks", "assets", "app.py", "stored.py")


@pytest.mark.parametrize("path", HOUSE, ids=module_name)
def test_imports_point_down(path: Path) -> None:
    here = room(module_name(path))
    assert here is not None, f"{module_name(path)} has no floor; give it one in FLOORS"
    for name in imported(path):
        there = room(name)
        if there is not None and there != here:
            assert FLOORS[there] < FLOORS[here], f"{module_name(path)} imports {name}, which is not below it"


def test_there_is_no_circle() -> None:
    modules = {module_name(path): path for path in HOUSE}
    graph = {module: {name for name in imported(path) if name in modules} for module, path in modules.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
    assert set(order) == set(graph)


@pytest.mark.parametrize(("place", "stranger"), [("kgqa", "db"), ("db", "kgqa"), ("benchmarks", "db")])
def test_the_model_and_the_store_do_not_know_each_other(place: str, stranger: str) -> None:
    names = {(module_name(path), name.split(".")[0]) for path in sources(place) for name in imported(path)}
    assert [module for module, top in names if top in (stranger, "app", "stored")] == []


@pytest.mark.parametrize("path", sources("kgqa", "db", "app.py", "stored.py"), ids=module_name)
def test_no_pickle_is_read_or_written(path: Path) -> None:
    assert not {"pickle", "joblib", "dill", "cloudpickle", "shelve"} & {name.split(".")[0] for name in imported(path)}
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func) == "torch.load":
            assert "weights_only=True" in ast.unparse(call), f"{path}:{call.lineno}: torch.load reads pickles"


def requirements(name: str) -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    matches = [re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?(.*)", line) for line in lines if line and line[0] != "-"]
    return {match[1].lower().replace("_", "-"): match[2] for match in matches if match}


def foreign(files: list[Path]) -> set[str]:
    """Distributions that files import, by the names that requirements give them."""
    ours = {"kgqa", "db", "app", "stored", "benchmarks", "assets", "tests"}
    tops = {name.split(".")[0] for path in files for name in imported(path)} - ours - set(sys.stdlib_module_names)
    known = packages_distributions()
    neighbours = {path.stem for path in files}
    return {known.get(top, [top])[0].lower().replace("_", "-") for top in tops if top in known or top not in neighbours}


def test_what_runs_imports_only_what_is_required() -> None:
    assert foreign(sources("kgqa", "db", "app.py", "stored.py")) - requirements("requirements.txt").keys() == set()


def test_tests_and_tools_import_only_what_is_required() -> None:
    required = requirements("requirements.txt").keys() | requirements("requirements-dev.txt").keys()
    assert foreign(sources("tests", "benchmarks", "assets")) - required == set()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_exact(name: str) -> None:
    loose = {package for package, pin in requirements(name).items() if not re.fullmatch(r"==[\d.]+", pin)}
    assert loose <= {"torch"}


def test_no_file_is_too_large() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert [str(path) for path in paths if path.is_file() and path.stat().st_size > LARGEST] == []


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    from kgqa.config import Settings

    settings = {f"KGQA_{name.upper()}" for name in Settings.model_fields}
    table = re.findall(r"^\| `(KGQA_\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(settings)
    for document in [*DOCUMENTS, ROOT / "Dockerfile"]:
        assert set(re.findall(r"KGQA_[A-Z_]+", document.read_text())) <= settings, document.name


def strings(path: Path) -> set[str]:
    return {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and type(node.value) is str}


def commands(document: Path) -> list[tuple[str, list[str]]]:
    """(module, its verb and options) of every `python -m kgqa|db …` in a document."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"python -m (kgqa|db) +([^\n`]+)", text)
    words = [(module, re.sub(r'"[^"]*"', "", rest).split("#")[0].split()) for module, rest in found]
    return [(module, [rest[0], *(word for word in rest[1:] if word.startswith("--"))]) for module, rest in words]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(document: Path) -> None:
    for module, words in commands(document):
        known = {word for path in COMMANDS[module] for word in strings(path)}
        unknown = [word for word in words if word not in known]
        assert unknown == [], f"{document.name}: python -m {module} does not know {unknown}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_target_and_file_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = re.findall(r"(?:`|^    )make ([a-z]+)", text, re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    named = re.findall(r"`((?:tests|kgqa|db|assets|benchmarks)/[\w./-]+)`", text)
    assert set(made) <= targets
    assert [link for link in links if not (document.parent / link).exists()] == []
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
