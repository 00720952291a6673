"""The review over HTTP, with a trained model and a real store: nothing without a login, nothing forged, no markup."""

import csv
import io
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import app
import db
from kgqa.chat.assistant import Assistant
from kgqa.chat.gate import COOKIE
from kgqa.chat.living import LivingGraph
from kgqa.chat.login import Login
from kgqa.chat.reading import Reading
from kgqa.chat.review import closed, review
from kgqa.config import Settings
from kgqa.graph.store import KnowledgeGraph
from kgqa.reasoning.pretrained import from_pretrained
from tests.chat.answers import HOSTILE, hostile
from tests.chat.test_login import HASH, PASSWORD, SECRET

FORMULA = '=HYPERLINK("http://evil.example")'
QUESTION = "who directed Jaws?"
BO = [{"id": "Bo Lind", "label": "Bo Lind"}]


@pytest.fixture(scope="module")
def assistant(trained_model: Path) -> Assistant:
    return Assistant(from_pretrained(trained_model))


@dataclass
class Desk:
    """The review of a store and a model directory of its own, a browser, and whoever asks questions."""

    database: db.Database
    model: Path
    login: Login
    client: TestClient
    assistant: Assistant

    def enter(self) -> "Desk":
        assert self.client.post("/review/login", data={"password": PASSWORD}).status_code == 303
        return self

    @property
    def token(self) -> str:
        return self.login.form_token(self.login.open(self.client.cookies[COOKIE]))

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(f"/review{path}", data={"token": self.token, **fields})

    def page(self, path: str = "", **query: str) -> str:
        answer = self.client.get(f"/review{path}", params=query)
        assert answer.status_code == 200
        return answer.text

    def say(self, visitor: str = "ann", question: str = QUESTION, snapshot: Any = None, **said: Any) -> str:
        shown = self.assistant.ask(question).to_dict() if snapshot is None else snapshot
        with self.database.writer() as session:
            version = db.register_model_version(session=session, name="m<b>1</b>", digest="d1")
            db.set_consent(session=session, visitor=visitor, given=True)
            conversation = db.start_conversation(session=session, visitor=visitor)
            turn = db.append_turn(
                session=session, conversation_id=conversation.id, visitor=visitor, question=question, snapshot=shown,
                model_version_id=version.id,
            )  # fmt: skip
            return str(db.give_feedback(session=session, turn_id=turn.id, visitor=visitor, **{"rating": -1, **said}).id)

    def rows(self) -> list[tuple[str, str | None, Any]]:
        with self.database.reader() as session:
            found = session.query(db.Feedback).order_by(db.Feedback.created_at).all()
            return [(row.review_status, row.reviewer, row.edited) for row in found]

    def actions(self) -> list[str]:
        with self.database.reader() as session:
            return [row.action for row in session.query(db.Decision).order_by(db.Decision.made_at).all()]

    def graph(self) -> KnowledgeGraph:
        return KnowledgeGraph.load(self.model / "graph")


@pytest.fixture
def desk(assistant: Assistant, trained_model: Path, tmp_path: Path) -> Iterator[Desk]:
    model = Path(shutil.copytree(trained_model, tmp_path / "model"))
    database = db.open_database(f"sqlite:///{tmp_path / 'chat.db'}")
    login = Login(SECRET, HASH)
    web = FastAPI()
    living = LivingGraph(model, assistant)
    reading = Reading(db.Desk(database, login.identify), login, assistant, living, (db.StoreError,))
    web.include_router(review(reading))
    yield Desk(database, model, login, TestClient(web, follow_redirects=False), assistant)
    database.close()


# Who gets in

OPEN = {"/review/login", "/review/signin", "/review/callback"}


def routes(desk: Desk) -> list[tuple[str, str]]:
    web: Any = desk.client.app
    found = [(method, route.path) for route in all_routes(web.routes) for method in sorted(route.methods)]
    assert len(found) >= 12
    return found


def all_routes(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if isinstance(route, APIRoute):
            yield route
        elif inner is not None:
            yield from all_routes(inner.routes)


def test_nothing_is_shown_or_done_without_a_login(desk: Desk) -> None:
    given = desk.say(corrected_answers=BO)
    tried = 0
    for method, path in routes(desk):
        if path in OPEN or path.endswith((".css", ".js", ".png")):
            continue
        tried += 1
        answer = desk.client.request(
            method, path.replace("{ending}", "csv"), **({"data": {"id": given}} if method == "POST" else {})
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/review/login"), path
        assert "Jaws" not in answer.text
    assert tried >= 12
    assert desk.rows() == [("pending", None, None)]


@pytest.mark.parametrize(
    "forged",
    [
        {"token": ""},
        {"token": "x" * 43},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
        {"headers": {"origin": "http://evil.example"}},
        {"headers": {"origin": "null"}},
        {"other": True},
    ],
)
def test_a_forged_request_changes_nothing(desk: Desk, forged: dict[str, Any]) -> None:
    given = desk.say(corrected_answers=BO)
    desk.enter()
    token = forged.get("token", desk.token)
    if forged.get("other"):
        other = desk.login.by_password(PASSWORD)
        assert other is not None
        token = desk.login.form_token(other)
    for path in ("/decide", "/fact", "/undo", "/logout"):
        fields = {"token": token, "id": given, "action": "accept"}
        answer = desk.client.post(f"/review{path}", data=fields, headers=forged.get("headers", {}))
        assert answer.status_code == 403, path
        assert "Reload the page" in answer.text
    assert desk.rows() == [("pending", None, None)]
    assert desk.actions() == []
    assert desk.post("/decide", id=given, action="accept").status_code == 303
    assert desk.rows()[0][0] == "accepted"


def test_a_get_changes_nothing(desk: Desk) -> None:
    desk.enter()
    for path in ("/decide", "/fact", "/undo", "/logout"):
        assert desk.client.get(f"/review{path}").status_code == 405


def test_after_logging_out_the_desk_itself_says_no(desk: Desk) -> None:
    desk.enter()
    token = desk.client.cookies[COOKIE]
    desk.post("/logout")
    desk.client.cookies.set(COOKIE, token)
    assert desk.client.get("/review").status_code == 303


def test_pages_are_kept_by_nobody_and_framed_by_nobody(desk: Desk) -> None:
    desk.enter()
    answer = desk.client.get("/review")
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_without_a_login_set_up_there_is_no_page_and_the_log_says_how(caplog: pytest.LogCaptureFixture) -> None:
    web = FastAPI()
    web.include_router(closed())
    client = TestClient(web)
    with caplog.at_level(logging.WARNING):
        for path in ("/review", "/review/login", "/review/export.csv"):
            assert (client.get(path).status_code, client.get(path).text) == (404, "There is no review page here.")
        assert client.post("/review/decide").status_code == 404
    assert caplog.text.count("KGQA_REVIEW_PASSWORD_HASH") == 1


def test_the_stricter_policy_stands_in_the_whole_app(
    assistant: Assistant, desk: Desk, trained_model: Path, tmp_path: Path
) -> None:
    settings = Settings(review_password_hash=str(HASH), secret=SECRET, model=trained_model)
    client = TestClient(app.build_app(assistant, desk.database, settings), follow_redirects=False)
    answer = client.get("/review/login")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    off = TestClient(app.build_app(assistant, desk.database, Settings(model=trained_model)))
    assert off.get("/review/login").status_code == 404


# Reading


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words += data


def harmless(text: str) -> Tags:
    """No tag that was not ours, no handler, no address of another host."""
    page = Tags(text)
    tags = [tag for tag, _ in page.found]
    assert not {"img", "iframe", "object", "embed", "style", "base"} & set(tags)
    assert tags.count("script") <= 1
    for tag, attributes in page.found:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            if name in ("href", "src", "action", "formaction"):
                assert (value or "").startswith(("/", "#")), (tag, name, value)
                assert not (value or "").startswith("//"), (tag, name, value)
    return page


@pytest.fixture
def attacked(desk: Desk) -> Desk:
    """Feedback every text of which tries to be more than text, decided and undone once by an edit."""
    bad = [{"id": HOSTILE, "label": HOSTILE}]
    given = desk.say(
        "mallory", HOSTILE, hostile().to_dict(), corrected_answers=bad, corrected_text=FORMULA, comment=HOSTILE,
        reason=HOSTILE, corrected_entity={"mention": HOSTILE, "id": HOSTILE, "label": HOSTILE},
    )  # fmt: skip
    desk.say("mallory", HOSTILE, {"kind": HOSTILE, "links": [{"label": HOSTILE}], "abstained": True}, comment=HOSTILE)
    desk.enter()
    desk.post("/decide", id=given, action="edit", text=HOSTILE)
    return desk


def test_hostile_text_is_text_on_every_page(attacked: Desk) -> None:
    desk = attacked
    ids = [str(entry.id) for entry in desk_entries(desk)]
    pages = [desk.page("", status="any", kind="all", q=HOSTILE[:20], at=each) for each in ids]
    pages += [desk.page("/decisions"), desk.page("/dashboard"), desk.page("/export")]
    pages += [desk.page("/now", at=each) for each in ids]
    pages.append(
        desk.post("/fact", id=ids[0], subject_label=HOSTILE, relation_label=HOSTILE, object_label=FORMULA).text
    )
    pages.append(desk.post("/fact", id=ids[0], again="yes", subject_label=HOSTILE).text)
    pages.append(desk.post("/fact", id=HOSTILE, subject_label=HOSTILE).text)
    seen = [harmless(text) for text in pages]
    assert sum(HOSTILE in page.words for page in seen) >= 5
    assert FORMULA in seen[0].words + seen[1].words


def desk_entries(desk: Desk) -> Any:
    token = desk.client.cookies[COOKIE]
    wanted: dict[str, Any] = {"status": "", "kind": "all", "search": "", "limit": 50, "offset": 0}
    return db.Desk(desk.database, desk.login.identify).queue(token, **wanted)[0]


def test_an_export_is_harmless_and_the_same_in_both_forms(attacked: Desk) -> None:
    sheet = attacked.client.get("/review/export.csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert 'attachment; filename="feedback-all-' in sheet.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(sheet.content.decode(), newline="")))
    lines = [json.loads(line) for line in attacked.client.get("/review/export.jsonl").text.splitlines()]
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    assert rows[0]["corrected_text"] == f"'{FORMULA}"
    assert lines[0]["corrected_text"] == FORMULA
    for row in rows:
        assert not any(value.lstrip().startswith(("=", "+", "@", "\t")) for value in row.values())
    with attacked.database.reader() as session:
        assert list(db.question_rows(session=session)) == lines
    assert attacked.client.get("/review/export.csv", params={"status": "pending"}).text.count("\r\n") == 2
    assert attacked.client.get("/review/export.exe").status_code == 404
    assert attacked.client.get("/review/export.csv", params={"status": "x"}).status_code == 404


def test_an_entry_shows_what_was_seen_what_is_right_and_who_agrees(desk: Desk) -> None:
    desk.say("ann", corrected_answers=BO)
    desk.say("bob", corrected_answers=BO, comment="I was there")
    desk.say("cat", corrected_text="Somebody else")
    desk.enter()
    page = Tags(desk.page()).words
    for words in ("Ana Sol", "Bo Lind", "2 people say so", "I was there", "Somebody else", "Waiting", "directed by"):
        assert words in page, words
    assert "2 entries" in page
    assert "ann" not in page.split()


def test_the_queue_is_filtered_and_what_makes_no_sense_is_left_out(desk: Desk) -> None:
    desk.say("ann", corrected_answers=BO)
    desk.say("bob", "when did Jaws come out?", rating=1)
    desk.enter()
    assert "1 entry" in desk.page()
    assert "come out" in desk.page(kind="up")
    assert "2 entries" in desk.page(kind="all", status="any")
    assert "Nothing found" in desk.page(q="no such question")
    assert "Nothing waits for you here" in desk.page(page="7")
    assert "1 entry" in desk.page(status="x", kind="y", page="-3")
    assert "no longer there" in desk.page(at=str(uuid4()))
    assert "is no id" in desk.page(at="' OR 1=1 --")


def test_many_entries_have_pages(desk: Desk) -> None:
    for number in range(27):
        desk.say(f"visitor {number}", f"question number {number}", {"kind": "none"})
    desk.enter()
    first, second = desk.page(), desk.page(page="2")
    assert "1 to 25 of 27" in Tags(first).words
    assert "26 to 27 of 27" in Tags(second).words
    assert 'rel="next"' in first
    assert 'rel="prev"' in second


def test_what_the_model_answers_now_and_whether_that_is_right(desk: Desk) -> None:
    same = desk.say("ann", corrected_answers=BO)
    righted = desk.say("bob", "who directed Night Train?", {"kind": "none", "abstained": True}, corrected_answers=BO)
    desk.enter()
    assert "The same as then." in desk.page("/now", at=same)
    now = desk.page("/now", at=righted)
    assert "That is what is said to be right." in now
    assert "Bo Lind" in now
    assert "The same as then." in desk.page(at=same, now="1")
    assert desk.client.get("/review/now", params={"at": str(uuid4())}).status_code == 404


def test_names_and_relations_are_completed(desk: Desk) -> None:
    desk.enter()
    assert {"id": "Bo Lind", "label": "Bo Lind", "about": ""} in desk.client.get("/review/names?q=bo").json()
    found = desk.client.get("/review/relations?q=dir").json()
    assert [each["label"] for each in found] == ["directed by"]
    assert desk.client.get("/review/names?q=").json() == []


def test_the_dashboard_has_every_plot_with_words_and_a_table(desk: Desk) -> None:
    desk.say("ann", corrected_answers=BO)
    desk.say("bob", rating=1)
    desk.enter()
    page = Tags(desk.page("/dashboard", days="7"))
    tags = [tag for tag, _ in page.found]
    for words in ("Questions a day", "Thumbs a day", "Time of an answer", "Most-missed relations", "directed by",
                  "Most-missed entities", "Jaws", "Model versions", "m<b>1</b>", "100 %", "50 %"):  # fmt: skip
        assert words in page.words, words
    named = {attributes.get("id") for _, attributes in page.found}
    drawn = [attributes for tag, attributes in page.found if tag == "svg" and attributes.get("role") == "img"]
    assert len(drawn) == 3
    for each in drawn:
        assert set((each["aria-labelledby"] or "").split()) <= named
    assert tags.count("desc") == 3
    assert tags.count("table") == 6
    assert desk.client.get("/review/dashboard?days=99999").status_code == 200


def test_an_empty_store_has_pages_too(desk: Desk) -> None:
    desk.enter()
    assert "Nothing waits for you here" in desk.page()
    assert "Nothing was asked" in desk.page("/dashboard")
    assert "Nothing has been decided" in desk.page("/decisions")


# Deciding


def test_a_decision_goes_on_to_the_next_and_can_be_undone(desk: Desk) -> None:
    first, second = desk.say("ann", corrected_answers=BO), desk.say("bob", "who directed Heat Wave?")
    desk.enter()
    answer = desk.post("/decide", id=first, next=second, action="accept")
    assert answer.headers["location"] == f"/review?at={second}"
    page = desk.page(at=second)
    assert "1 piece of feedback accepted." in page
    assert "1 piece of feedback accepted." not in desk.page(), "a notice is said once"
    assert desk.rows() == [("accepted", "owner", None), ("pending", None, None)]
    desk.post("/undo")
    assert "Undone: 1 back as before." in Tags(desk.page()).words
    assert desk.rows()[0] == ("pending", None, None)
    desk.post("/undo")
    assert "nothing to undo" in desk.page()
    assert desk.actions() == ["accept", "undo"]


def test_many_are_decided_in_one_go(desk: Desk) -> None:
    given = [desk.say("ann", f"who wrote book {number}?", {"kind": "none"}) for number in range(3)]
    desk.enter()
    desk.post("/decide", id=given[:2], action="reject")
    assert [status for status, _, _ in desk.rows()] == ["rejected", "rejected", "pending"]
    page = desk.page("/decisions")
    assert page.count("Undo this decision") == 2
    answer = desk.post("/undo", batch=batch_of(desk), to="decisions")
    assert answer.headers["location"] == "/review/decisions"
    assert {status for status, _, _ in desk.rows()} == {"pending"}
    desk.post("/decide", action="reject")
    assert "Select entries first" in desk.page()


def batch_of(desk: Desk) -> str:
    with desk.database.reader() as session:
        return str(session.query(db.Decision).first().batch)  # type: ignore[union-attr]


def test_an_edit_takes_what_is_kept_added_and_written(desk: Desk) -> None:
    given = desk.say("ann", corrected_answers=BO)
    desk.enter()
    desk.post(
        "/decide", id=given, action="edit", answer=["Bo Lind"], another_label="cy marsh", text="  and\x00 others "
    )
    edited = {"answers": [*BO, {"id": "Cy Marsh", "label": "Cy Marsh"}], "text": "and others"}
    assert desk.rows() == [("accepted", "owner", edited)]
    assert "Edited in the review" in desk.page(status="any")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "says what is right"),
        ({"another_label": "Nobody whom we know"}, "Nobody whom we know"),
        ({"answer": "urn:none"}, "urn:none"),
    ],
)
def test_an_edit_that_can_not_be_is_told_and_nothing_changes(desk: Desk, fields: dict[str, str], message: str) -> None:
    given = desk.say("ann", corrected_answers=BO)
    desk.enter()
    answer = desk.post("/decide", id=given, action="edit", **fields)
    assert answer.headers["location"].endswith(given)
    assert message in Tags(desk.page(at=given)).words
    assert desk.rows() == [("pending", None, None)]


@pytest.mark.parametrize("fields", [{"action": "delete"}, {"action": "accept", "id": "no-id"}])
def test_a_decision_that_can_not_be_is_told(desk: Desk, fields: dict[str, str]) -> None:
    given = desk.say("ann")
    desk.enter()
    desk.post("/decide", **{"id": given, **fields})
    assert "trouble" in desk.page()
    assert desk.rows() == [("pending", None, None)]


def test_a_correction_changed_after_the_page_was_made_is_left(desk: Desk) -> None:
    given = desk.say("ann", corrected_answers=BO)
    desk.enter()
    seen_at = dict(inputs(desk.page(), "seen_at"))["seen_at"]
    with desk.database.writer() as session:
        turn = session.get_one(db.Feedback, db_id(given)).turn_id
        db.give_feedback(session=session, turn_id=turn, visitor="ann", comment="wait")
    desk.post("/decide", id=given, action="accept", seen_at=seen_at)
    assert "1 had been changed by its person" in Tags(desk.page()).words
    assert desk.rows()[0][0] == "pending"


def db_id(text: str) -> Any:
    return UUID(text)


def inputs(page: str, *names: str) -> list[tuple[str, str]]:
    fields = [attributes for tag, attributes in Tags(page).found if tag == "input"]
    return [(str(each["name"]), str(each["value"])) for each in fields if each.get("name") in names]


# The living graph


def stated(graph: KnowledgeGraph, subject: str, relation: str, target: str) -> bool:
    catalog = graph.catalog
    return graph.sparse.contains(catalog.entity(subject), 2 * catalog.relation(relation), catalog.entity(target))


def test_a_fact_is_shown_then_added_and_taken_away_by_undo(desk: Desk) -> None:
    given = desk.say("ann", corrected_answers=BO)
    desk.enter()
    assert dict(inputs(desk.page(), "subject", "relation", "object")) == {
        "subject": "Jaws", "relation": "directed by", "object": "Bo Lind",
    }  # fmt: skip
    parts = {"subject_label": "Jaws", "relation_label": "directed by", "object_label": "Bo Lind"}
    shown = desk.post("/fact", id=given, **parts)
    assert shown.status_code == 200
    assert "This fact will be added" in shown.text
    assert not stated(desk.graph(), "Jaws", "directed by", "Bo Lind")
    desk.post("/fact", id=given, confirmed="yes", **parts)
    page = desk.page(status="lacks_fact")
    assert "Added to the graph: Jaws · directed by · Bo Lind." in Tags(page).words
    assert stated(desk.graph(), "Jaws", "directed by", "Bo Lind")
    assert desk.actions() == ["lacks_fact", "add_fact"]
    assert desk.rows()[0][0] == "lacks_fact"
    desk.post("/undo")
    assert "taken out of the graph again" in desk.page()
    assert not stated(desk.graph(), "Jaws", "directed by", "Bo Lind")
    assert desk.actions() == ["lacks_fact", "add_fact", "undo", "remove_fact"]
    assert desk.rows()[0][0] == "pending"


def test_a_new_entity_comes_and_goes_with_its_fact(desk: Desk) -> None:
    given = desk.say("ann", corrected_text="Vera Holm")
    desk.enter()
    parts = {"subject_label": "Silver Lining", "relation_label": "directed by", "object_label": "Vera Holm"}
    assert desk.post("/fact", id=given, **parts).text.count("new in the graph") == 2
    desk.post("/fact", id=given, confirmed="yes", **parts)
    assert stated(desk.graph(), "Silver Lining", "directed by", "Vera Holm")
    desk.post("/undo")
    catalog = desk.graph().catalog
    assert catalog.labels[catalog.entity("Silver Lining")] == ""


def test_a_fact_that_is_stated_or_not_whole_is_not_added(desk: Desk) -> None:
    given = desk.say("ann")
    desk.enter()
    parts = {"subject_label": "Jaws", "relation_label": "directed by", "object_label": "Ana Sol"}
    for confirmed in ({}, {"confirmed": "yes"}):
        assert "The graph states this already" in desk.post("/fact", id=given, **parts, **confirmed).text
    for name in parts:
        answer = desk.post("/fact", id=given, **{**parts, name: " "})
        assert f"Say the {name.removesuffix('_label')} of the fact" in answer.text
    assert desk.actions() == []


def test_a_name_typed_over_a_pick_counts_and_not_the_pick(desk: Desk) -> None:
    given = desk.say("ann")
    desk.enter()
    parts = {
        "subject": "Jaws",
        "subject_label": "Heat Wave",
        "relation_label": "directed by",
        "object_label": "Bo Lind",
    }
    assert ("subject", "Heat Wave") in inputs(desk.post("/fact", id=given, **parts).text, "subject")


def test_a_fact_that_can_not_be_added_leaves_the_decision_and_says_so(desk: Desk) -> None:
    given = desk.say("ann")
    desk.enter()
    (desk.model / "manifest.json").write_text("{}")
    parts = {"subject_label": "Jaws", "relation_label": "directed by", "object_label": "Bo Lind"}
    desk.post("/fact", id=given, confirmed="yes", **parts)
    assert "But the fact could not be added" in Tags(desk.page(status="any")).words
    assert desk.actions() == ["lacks_fact"]
