import json
import subprocess
import sys
from pathlib import Path

import pytest

from db import Database, give_feedback, set_consent
from db.__main__ import main
from tests.db.conftest import Asked
from tests.db.test_migrate import REVISIONS


def test_export_writes_the_file_and_says_how_many(
    database: Database, asked: Asked, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
        set_consent(session=session, visitor="ann", given=True)
    out = tmp_path / "feedback.jsonl"
    assert main(["export", "--out", str(out), "--database", url]) == 0
    assert capsys.readouterr().out == f"1 row written to {out}, 1 without answers\n"
    assert json.loads(out.read_text())["question"] == "who directed Big?"
    assert main(["export", "--out", str(out), "--database", url, "--status", "accepted"]) == 0
    assert capsys.readouterr().out == f"0 rows written to {out}, 0 without answers\n"


def test_export_leaves_out_what_is_not_for_training_and_says_so(
    database: Database, asked: Asked, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.writer() as session:
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1)
    out = tmp_path / "feedback.jsonl"
    assert main(["export", "--out", str(out), "--database", url]) == 0
    assert capsys.readouterr().out == (
        f"0 rows written to {out}, 0 without answers\n"
        "1 left out: not allowed to be trained on; --all writes them too, to look at\n"
    )
    assert out.read_text() == ""
    assert main(["export", "--out", str(out), "--database", url, "--all"]) == 0
    assert capsys.readouterr().out == f"1 row written to {out}, 1 without answers\n"
    assert json.loads(out.read_text())["consent"] is False


def test_export_to_csv_by_the_name_of_the_file(database: Database, asked: Asked, url: str, tmp_path: Path) -> None:
    with database.writer() as session:
        set_consent(session=session, visitor="ann", given=True)
        give_feedback(session=session, turn_id=asked.turn, visitor="ann", rating=-1, comment="=1+1")
    assert main(["export", "--out", str(tmp_path / "feedback.csv"), "--database", url]) == 0
    heading, row = (tmp_path / "feedback.csv").read_text().splitlines()
    assert heading.startswith('"id","question","answers"')
    assert '"\'=1+1"' in row


def test_upgrade_says_where_the_database_is(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["upgrade", "--database", url]) == 0
        assert f" is at revision {REVISIONS[-1]}\n" in capsys.readouterr().out


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing.db"
    out = tmp_path / "out.jsonl"
    assert main(["export", "--out", str(out), "--database", f"sqlite:///{missing}"]) == 2
    assert capsys.readouterr().err == (
        f"db: {missing}: no such database; name another with --database or KGQA_DATABASE_URL\n"
    )
    assert not missing.exists()
    assert not out.exists()


def test_an_unreachable_database_is_a_failure_of_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://ann:secret@127.0.0.1:1/name"
    assert main(["export", "--out", str(tmp_path / "out.jsonl"), "--database", url]) == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "secret" not in printed


def test_wrong_arguments_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export"])
    assert "--out" in capsys.readouterr().err


def test_the_module_runs_as_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "db", "upgrade", "--database", f"sqlite:///{tmp_path}/store.db"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"sqlite:///{tmp_path}/store.db is at revision {REVISIONS[-1]}\n"
