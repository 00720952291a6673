"""What conversations are learned from: whole ones, some of which end with a question that leans on nothing."""

from itertools import groupby

from assets.world.make_lessons import lessons


def test_conversations_are_whole_and_some_end_with_another_question() -> None:
    rows = list(lessons(turns=12_001, others=1_500, seed=14))
    assert len(rows) == 13_501
    talks = [[row["id"] for row in turns] for _, turns in groupby(rows, lambda row: row["conversation"])]
    assert len(talks) == len({row["conversation"] for row in rows})
    for turns in talks:
        own = [name for name in turns if not name.endswith("-after")]
        assert [name.rpartition("-")[2] for name in own] == [str(place) for place in range(len(own))]
        assert len(own) > 1
        assert turns[: len(own)] == own
    assert sum(name.endswith("-after") for turns in talks for name in turns) == 1_500
