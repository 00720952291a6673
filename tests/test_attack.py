"""An attacker posts straight to the endpoints of a running server: forged ids, histories, votes and large bodies."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

import db
from kgqa.chat.visitor import Visitor
from tests.test_app import running

pytestmark = pytest.mark.slow

QUESTION = "who directed Jaws?"
GONE = "no longer part of this conversation"
TEN_MEGABYTES = b"x" * 10_000_000
HOSTILE: list[object] = [
    None, -1, 1e308, "'; DROP TABLE turns; --", "\x00../../etc/passwd", "x" * 100_000,
    [[]], {"token": 5}, {"token": "a" * 43, "conversation": {"$ne": None}}, {"path": "/etc/passwd"},
    [{"role": "assistant", "content": [{"type": "file", "file": "/etc/passwd"}]}],
    json.loads("[" * 200 + "]" * 200),
]  # fmt: skip


class Target:
    """The running server, spoken to as a program would, and its database."""

    def __init__(self, address: str, url: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=60)
        config = self.http.get("/config").json()
        self.events = {each["api_name"]: each["id"] for each in config["dependencies"]}
        self.inputs = {each["api_name"]: len(each["inputs"]) for each in config["dependencies"]}
        self.database = db.open_database(url)

    def close(self) -> None:
        """Ask and look no more."""
        self.http.close()
        self.database.close()

    def version(self) -> str:
        """Which model answers."""
        return str(self.http.get("/readyz").json()["model"])

    def send(self, event: str, *data: object, about: object = None, session: str = "") -> dict[str, Any]:
        """Post as the page does, and return what comes back."""
        session = session or secrets.token_hex(6)
        padded = [*data, *[None] * (self.inputs[event] - len(data))]  # the last ones are states, which the server keeps
        body = {"data": padded, "fn_index": self.events[event], "session_hash": session, "event_data": about}
        sent = self.http.post("/gradio_api/run/predict", json=body)
        return dict(sent.json()) if sent.status_code == 200 else {"refused": sent.status_code}

    def asked(self, kept: object = None) -> dict[str, str]:
        """Ask as a visitor; returns what the browser then keeps."""
        session = secrets.token_hex(6)
        self.send("asked", QUESTION, kept, session=session)
        return dict(self.send("answered", session=session)["data"][0])

    def turns(self, kept: dict[str, str]) -> list[tuple[db.Turn, db.Feedback | None]]:
        """What the store holds of the visitor's conversation."""
        visitor = Visitor.read(kept)
        with self.database.reader() as session:
            return db.load_turns(session=session, conversation_id=UUID(visitor.conversation), visitor=visitor.key(""))

    def lives(self) -> None:
        """It goes on answering, and its database is whole."""
        assert self.http.get("/readyz").status_code == 200
        answer = self.http.post("/api/ask", json={"question": QUESTION}).json()
        assert [entity["label"] for entity in answer["answers"]] == ["Ana Sol"]


@pytest.fixture(scope="module")
def target(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    url = f"sqlite:///{tmp_path_factory.mktemp('attack') / 'chat.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGQA_MCP", "1")
        patch.setenv("KGQA_RATE_PER_MINUTE", "100000")
        patch.setenv("KGQA_TOTAL_PER_MINUTE", "100000")
        with running("--model", str(trained_model), "--database", url) as address:
            target = Target(address, url)
            yield target
            target.lives()
            target.close()


@pytest.fixture
def victim(target: Target) -> dict[str, str]:
    return target.asked()


@pytest.fixture
def attacker(target: Target) -> dict[str, str]:
    return target.asked()


def message(turn: object, text: str = "I am the assistant") -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}], "metadata": {"id": str(turn)}}


def test_another_visitors_conversation_does_not_come_back(target: Target, victim: dict[str, str]) -> None:
    thief = {"token": secrets.token_urlsafe(32), "conversation": victim["conversation"]}
    opened = target.send("opened", thief)
    assert QUESTION not in json.dumps(opened)
    later = target.asked(thief)
    assert later["conversation"] not in ("", victim["conversation"])
    assert len(target.turns(victim)) == 1


@pytest.mark.parametrize("liked", [True, False])
def test_a_vote_on_another_visitors_turn_is_not_kept(
    target: Target, victim: dict[str, str], attacker: dict[str, str], liked: bool
) -> None:
    ((turn, _),) = target.turns(victim)
    history, about = [message(uuid4()), message(turn.id)], {"index": 1, "value": "x", "liked": liked}
    assert GONE in json.dumps(target.send("voted", history, attacker, about=about))
    assert [feedback for _, feedback in target.turns(victim)] == [None]
    target.send("voted", history, victim, about=about)
    ((_, own),) = target.turns(victim)
    assert own is not None
    assert own.rating == (1 if liked else -1)


def test_a_vote_with_the_victims_conversation_but_another_token_is_not_kept(
    target: Target, victim: dict[str, str], attacker: dict[str, str]
) -> None:
    ((turn, _),) = target.turns(victim)
    forged = {"token": attacker["token"], "conversation": victim["conversation"]}
    said = target.send("voted", [message(turn.id)], forged, about={"index": 0, "value": "x", "liked": False})
    assert GONE in json.dumps(said)
    assert [feedback for _, feedback in target.turns(victim)] == [None]


def test_a_correction_of_another_visitors_turn_is_not_opened_or_kept(
    target: Target, victim: dict[str, str], attacker: dict[str, str]
) -> None:
    ((turn, _),) = target.turns(victim)
    session = secrets.token_hex(6)
    opened = target.send("flagged", f"{turn.id} 1", attacker, session=session)
    assert GONE in json.dumps(opened)
    assert QUESTION not in json.dumps(opened)
    target.send("saved", str(turn.id), ["Ana Sol"], "wrong", attacker, session=session)
    target.send("withdrawn", str(turn.id), attacker, session=session)
    assert [feedback for _, feedback in target.turns(victim)] == [None]
    # A panel that was opened by its owner is of no use to another, even in the same session.
    assert QUESTION.split()[0] in json.dumps(target.send("flagged", f"{turn.id} 2", victim, session=session))
    assert GONE in json.dumps(target.send("saved", "", ["Ana Sol"], "wrong", attacker, session=session))
    assert [feedback for _, feedback in target.turns(victim)] == [None]
    target.send("flagged", f"{turn.id} 3", victim, session=session)
    target.send("saved", "", ["Ana Sol"], "right", victim, session=session)
    ((_, own),) = target.turns(victim)
    assert own is not None
    assert own.comment == "right"


def test_editing_another_visitors_turn_leaves_it_where_it_is(
    target: Target, victim: dict[str, str], attacker: dict[str, str]
) -> None:
    ((turn, _),) = target.turns(victim)
    about = {"index": 0, "value": QUESTION, "previous_value": "x"}
    for who in (attacker, victim):
        assert [shown.id for shown, _ in target.turns(victim)] == [turn.id]
        target.send("edited", [message(turn.id)], who, about=about, session=who["token"])
        target.send("answered", session=who["token"])
    assert turn.id not in [shown.id for shown, _ in target.turns(victim)]


def test_a_forged_history_is_never_shown_or_stored(target: Target, attacker: dict[str, str]) -> None:
    history = [message(uuid4(), "<script>alert(1)</script> Vote for me")]
    about = {"index": 0, "value": QUESTION, "previous_value": "x", "liked": True}
    for event in ("voted", "edited"):
        shown = json.dumps(target.send(event, history, attacker, about=about)["data"])
        assert QUESTION in shown, event
        assert "Vote for me" not in shown, event
    assert all("Vote for me" not in json.dumps(turn.snapshot) for turn, _ in target.turns(attacker))


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:40])
def test_nothing_that_is_sent_ends_or_hurts_the_server(target: Target, victim: dict[str, str], value: object) -> None:
    for event, count in target.inputs.items():
        target.send(event, *[value] * count, about=value)
    ((_, feedback),) = target.turns(victim)
    assert feedback is None
    target.lives()


@pytest.mark.parametrize("path", ["/api/ask", "/mcp", "/gradio_api/queue/join", "/gradio_api/run/ask", "/", "/nothing"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_ten_megabytes_are_refused_everywhere(target: Target, path: str, declared: bool) -> None:
    parts = (TEN_MEGABYTES[place : place + 100_000] for place in range(0, len(TEN_MEGABYTES), 100_000))
    headers = {"content-type": "application/json"}
    try:
        refused = target.http.post(path, content=TEN_MEGABYTES if declared else parts, headers=headers)
    except (httpx.WriteError, httpx.ReadError):
        assert declared, "the connection may be cut while the body is on its way, but not before the answer is there"
    else:
        assert refused.status_code in ((413,) if path not in ("/", "/nothing") else (404, 405, 413))
    target.lives()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=https://example.com/"),
        ("GET", "/gradio_api/proxy=https://example.com/"),
        ("GET", "/gradio_api/monitoring"),
        ("GET", "/api/../../etc/passwd"),
        ("GET", "/api/%2e%2e/app.py"),
        ("POST", "/gradio_api/run/nothing"),
        ("POST", "/gradio_api/call/nothing"),
        ("DELETE", "/api/ask"),
        ("GET", "/mcp"),
    ],
)
def test_what_is_closed_is_a_clear_refusal(target: Target, method: str, path: str) -> None:
    assert 400 <= target.http.request(method, path).status_code < 500


def test_a_loop_is_told_to_wait_and_others_are_not(trained_model: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGQA_RATE_PER_MINUTE", "12")
        with running("--model", str(trained_model), "--database", f"sqlite:///{tmp_path}/chat.db") as address:
            with httpx.Client(base_url=address) as looping:
                answers = [looping.get("/api/entities", params={"prefix": "j"}) for _ in range(30)]
            assert [answer.status_code for answer in answers[:4]] == [200] * 4
            refused = next(answer for answer in answers if answer.status_code != 200)
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.json()["error"] == "Too many requests."
            elsewhere = {"x-forwarded-for": "203.0.113.9"}
            assert httpx.get(f"{address}/api/entities?prefix=j", headers=elsewhere).status_code == 200
