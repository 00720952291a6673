"""What a card offers to pick: as buttons, as text that cannot be markup, and read back from what a button sends."""

import re
from dataclasses import replace

import pytest

from kgqa.chat import explain, offers
from kgqa.chat.card import card, face
from kgqa.chat.memory import ShownTurn
from kgqa.chat.offers import Pick
from kgqa.errors import InputError
from kgqa.types import (
    Answer,
    Choices,
    EntityChoice,
    Hop,
    Path,
    RelationChoice,
    ScoredEntity,
    WeighedRelation,
)
from tests.chat.answers import HANKS, HOSTILE, MONA_LISA, hostile, link
from tests.chat.test_markup import read

TURN = "0b7f"
OTHERS = (
    WeighedRelation("housed", "housed in", False, 0.9),
    WeighedRelation("made", "created by", False, 0.08),
    WeighedRelation("shows", "depicts", True, 0.001),
)
HOUSED = Hop("housed", "housed in", False, 0.9, ("louvre",), OTHERS)
PAINTED = replace(MONA_LISA, paths=(Path(0, (HOUSED, *MONA_LISA.paths[0].hops[1:])),))


def html(answer: Answer) -> str:
    return str(card(ShownTurn(TURN, answer))["content"])


def buttons(answer: Answer) -> dict[str, str]:
    """Id and text of every button to pick or undo."""
    found = re.findall(r'<button type="button" class="pick" id="([\w&#;-]+)">(.*?)</button>', html(answer))
    return {re.sub(r"&#95;", "_", identity).replace("&#45;", "-"): read(text).text for identity, text in found}


def taken(score: float) -> Answer:
    """An answer of which another reading has this score, beside one of 0.6 that was taken."""
    first = ScoredEntity("hanks", "Tom Hanks", 0.6, "actor")
    other = ScoredEntity("hanks2", "Tom Hanks", score, "seismologist")
    named = replace(link("tom hanks", "hanks"), score=0.6, description="actor", candidates=(first, other))
    return replace(HANKS, links=(named,))


def test_a_step_offers_the_other_readings_and_relations() -> None:
    assert buttons(HANKS)["pick_e_0_1_0b7f"] == "Tom Hanks seismologist 6 %"
    assert {name: text for name, text in buttons(PAINTED).items() if name.startswith("pick_r")} == {
        "pick_r_0_0_1_0b7f": "→ created by 8 %",
        "pick_r_0_0_2_0b7f": "← depicts",
    }


def test_where_there_is_nothing_else_nothing_is_offered() -> None:
    assert buttons(MONA_LISA) == {}


@pytest.mark.parametrize(("score", "asks"), [(0.6 * offers.CLOSE, True), (0.6 * offers.CLOSE - 0.01, False)])
def test_did_you_mean_appears_by_itself_when_two_readings_are_close(score: float, asks: bool) -> None:
    shown = html(taken(score)).split("<details")[-2 if asks else 0]
    assert ("Did you mean" in html(taken(score)).split('<details class="how"')[0]) == asks, shown
    meant = [text for name, text in buttons(taken(score)).items() if name.startswith("mean")]
    assert [text.rsplit(" ", 2)[0] for text in meant] == (["Tom Hanks actor", "Tom Hanks seismologist"] if asks else [])


def test_what_was_meant_is_not_asked_for_again_once_it_is_chosen() -> None:
    chosen = replace(
        taken(0.5),
        chosen=Choices((EntityChoice(0, 9, "hanks2"),)),
        labels={**HANKS.labels, "hanks2": "Tom Hanks"},
    )
    assert "Did you mean" not in html(chosen)
    assert "You chose Tom Hanks (seismologist) for films sta." in read(html(chosen)).text
    assert buttons(chosen)["undo_e_0_0b7f"] == "Back to what I took it for"


def test_a_chosen_relation_is_told_and_can_be_taken_back() -> None:
    choice = RelationChoice(0, 9, 0, "housed", False)
    chosen = replace(PAINTED, chosen=Choices((), (choice,)))
    text = read(html(chosen)).text
    assert "You chose → housed in for step 1 from What city." in text
    assert "From Mona Lisa follow housed in, as chosen → Louvre Museum." in text
    pick = Pick.read("undo_r_0_0b7f 1764150000000")
    assert (pick.turn, pick.choices(chosen)) == (TURN, Choices())


def test_others_who_read_an_answer_are_offered_nothing() -> None:
    chosen = replace(PAINTED, chosen=Choices((), (RelationChoice(0, 9, 0, "housed", False),)))
    assert "<button" not in face(taken(0.5)) + face(chosen)
    assert "as chosen" in face(chosen)
    assert explain.steps(HANKS)[0].endswith("6 %.</span>")


def test_every_button_says_what_it_picks() -> None:
    for answer in (HANKS, PAINTED, taken(0.5)):
        for name in buttons(answer):
            pick = Pick.read(f"{name} 1764150000000")
            assert pick.turn == TURN
            assert pick.choices(answer)
    first = Pick.read("pick_e_0_1_0b7f").choices(HANKS)
    assert first == Choices((EntityChoice(0, 9, "hanks2"),))
    second = Pick.read("pick_r_0_0_2_0b7f").choices(replace(PAINTED, chosen=first))
    assert second == Choices(first.entities, (RelationChoice(0, 9, 0, "shows", True),))


@pytest.mark.parametrize(
    "sent",
    [
        None, 7, "", "x", "pick_e_0_1_", "pick_x_0_1_0b7f", "pick_e_99999_1_0b7f", "pick_e_0_1_0b7f <b>",
        "pick_e_9_0_0b7f", "pick_e_0_9_0b7f", "pick_r_0_0_9_0b7f", "pick_r_0_9_0_0b7f", "pick_r_9_0_0_0b7f",
        "undo_e_0_0b7f", "undo_r_7_0b7f", "pick_e_0_0b7f", "pick_r_0_0_0b7f", "undo_e_0_0_0b7f", "pick_e_-1_0_0b7f",
        "pick_e_0_1_0b7f\nx", "pick_e_٣_0_0b7f",
    ],
)  # fmt: skip
def test_what_no_button_sends_is_refused(sent: object) -> None:
    with pytest.raises(InputError, match="can no longer be picked"):
        Pick.read(sent).choices(PAINTED)


def test_hostile_labels_and_ids_are_text() -> None:
    bad = hostile()
    offered = tuple(WeighedRelation(HOSTILE, HOSTILE, inverse, 0.5) for inverse in (False, True))
    path = Path(0, (replace(bad.paths[0].hops[0], candidates=offered),))
    chosen = Choices((EntityChoice(0, 4, "bad"),), (RelationChoice(0, 4, 0, "r", False),))
    for answer in (replace(bad, paths=(path,)), replace(bad, paths=(path,), chosen=chosen)):
        reader = read(html(answer))
        assert not {"img", "script", "a", "iframe"} & set(reader.tags)
        attributes = re.findall(r'\s([\w-]+)="', html(answer))
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "style")]
