"""The addresses beside the chat: what they give, to whom, and how they say that they give nothing."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import db
from kgqa.chat.guards import SecurityHeaders
from kgqa.chat.links import router
from kgqa.chat.tickets import Form, Ticket, Tickets
from kgqa.types import Answer
from stored import StoredArchive
from tests.chat.answers import HOSTILE, MONA_LISA, hostile


@dataclass
class Desk:
    """A web application of nothing but these addresses, behind the guards."""

    web: TestClient
    archive: StoredArchive
    tickets: Tickets

    def told(self, visitor: str, *answers: Answer, title: str = "") -> str:
        with self.archive.database.writer() as session:
            version = db.register_model_version(session=session, name="w", digest="d")
            conversation = db.start_conversation(session=session, visitor=visitor, title=title)
            for answer in answers:
                db.append_turn(
                    session=session,
                    conversation_id=conversation.id,
                    visitor=visitor,
                    question=answer.question,
                    snapshot=answer.to_dict(),
                    model_version_id=version.id,
                )
            return str(conversation.id)

    def shared(self, visitor: str, conversation: str) -> str:
        token = secrets.token_urlsafe(32)
        self.archive.share(visitor, conversation, token, "")
        return token

    def get(self, address: str) -> Any:
        return self.web.get(address, headers={"accept": "text/html"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = db.open_database(f"sqlite:///{tmp_path / 'chat.db'}")
    archive, tickets = StoredArchive(database), Tickets()
    app = FastAPI()
    app.include_router(router(archive, tickets, "Ask"))
    app.add_middleware(SecurityHeaders, frame_ancestors="'self'")
    with TestClient(app) as web:
        yield Desk(web, archive, tickets)
    database.close()


def test_a_link_is_read_without_any_key_and_kept_from_search_engines(desk: Desk) -> None:
    page = desk.get(f"/shared/{desk.shared('ann', desk.told('ann', MONA_LISA))}")
    assert page.status_code == 200
    assert "Paris" in page.text
    assert "ann" not in page.text.replace("Answers can be wrong", "")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "%2e%2e%2fetc", "'%20OR%201=1"])
def test_a_link_that_leads_nowhere_says_so_in_plain_words(desk: Desk, token: str) -> None:
    desk.shared("ann", desk.told("ann", MONA_LISA))
    page = desk.get(f"/shared/{token}")
    assert page.status_code == 404
    if "%2f" not in token:
        assert "This link does not work" in page.text
    assert "Paris" not in page.text


def test_a_revoked_link_looks_like_one_that_never_was(desk: Desk) -> None:
    conversation = desk.told("ann", MONA_LISA)
    token = desk.shared("ann", conversation)
    desk.archive.revoke("ann", conversation)
    revoked, never = (desk.get(f"/shared/{each}") for each in (token, secrets.token_urlsafe(32)))
    assert (revoked.status_code, never.status_code) == (404, 404)
    without_nonce = [page.text.partition("</script>")[2] for page in (revoked, never)]
    assert without_nonce[0] == without_nonce[1]


def test_a_conversation_is_saved_as_json_and_markdown(desk: Desk) -> None:
    conversation = desk.told("ann", MONA_LISA, title='=HYPERLINK("x") Mona / Lisa')
    forms: tuple[Form, ...] = ("json", "md")
    saved = {form: desk.get(f"/download/{desk.tickets.issue(Ticket('ann', form, conversation))}") for form in forms}
    for form, response in saved.items():
        assert response.headers["content-disposition"] == f'attachment; filename="hyperlink-x-mona-lisa.{form}"'
        assert response.headers["referrer-policy"] == "no-referrer"
    data = json.loads(saved["json"].text)
    assert (data["title"], data["turns"][0]["question"]) == ('=HYPERLINK("x") Mona / Lisa', MONA_LISA.question)
    assert saved["md"].text.startswith("# \\=HYPERLINK\\(")


def test_everything_is_saved_and_shown(desk: Desk) -> None:
    desk.told("ann", MONA_LISA)
    desk.told("ann", hostile())
    desk.told("bob", MONA_LISA, title="another's")
    saved = desk.get(f"/download/{desk.tickets.issue(Ticket('ann', 'json'))}")
    assert [each["title"] for each in json.loads(saved.text)["conversations"]] == [MONA_LISA.question, HOSTILE]
    shown = desk.get(f"/download/{desk.tickets.issue(Ticket('ann', 'html'))}")
    assert ("Mona Lisa" in shown.text, "another&#39;s" in shown.text) == (True, False)
    assert "<img" not in shown.text


def test_a_ticket_gives_only_what_is_the_visitors_own(desk: Desk) -> None:
    conversation = desk.told("ann", MONA_LISA)
    forms: tuple[Form, ...] = ("json", "md")
    for form in forms:
        refused = desk.get(f"/download/{desk.tickets.issue(Ticket('bob', form, conversation))}")
        assert refused.status_code == 404
        assert "Mona" not in refused.text


def test_after_deletion_a_ticket_gives_nothing(desk: Desk) -> None:
    conversation = desk.told("ann", MONA_LISA)
    name = desk.tickets.issue(Ticket("ann", "md", conversation))
    desk.archive.delete("ann", conversation)
    assert desk.get(f"/download/{name}").status_code == 404
    assert desk.get("/download/none").status_code == 404
