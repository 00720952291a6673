"""Answers written by hand: what explain, picture and card are shown in the tests."""

from dataclasses import replace

from kgqa.types import Answer, Hop, Link, Path, ScoredEntity

HOSTILE = "<img src=x onerror=alert(1)> ![](http://evil.example) [a](javascript:alert(2)) $x$ `b` |c| &lt;"

LABELS = {
    "mona": "Mona Lisa",
    "louvre": "Louvre Museum",
    "paris": "Paris",
    "housed": "housed in",
    "city": "located in city",
    "portman": "Natalie Portman",
    "wars": "Star Wars",
    "padme": "Padmé Amidala",
    "leia": "Leia Organa",
    "portrayed": "portrayed by",
    "character": "has character",
    "starring": "starring",
    "hanks": "Tom Hanks",
}


def entity(identifier: str, score: float = 0.9, description: str = "") -> ScoredEntity:
    return ScoredEntity(identifier, LABELS.get(identifier, identifier), score, description)


def link(mention: str, identifier: str, *others: ScoredEntity) -> Link:
    label = LABELS.get(identifier, identifier)
    own = (ScoredEntity(identifier, label, 0.91),)
    return Link(mention, 0, len(mention), identifier, label, 0.91, "somewhat known", own + others if others else ())


HOUSED = Hop("housed", "housed in", False, 0.9, ("louvre",))
CITY = Hop("city", "located in city", False, 0.9, ("paris",))
MONA_LISA = Answer(
    question="What city is the Mona Lisa in?",
    kind="entities",
    answers=(entity("paris", 0.97, "capital of France"),),
    confidence=0.97,
    links=(link("mona lisa", "mona"),),
    paths=(Path(0, (HOUSED, CITY)),),
    facts=(("mona", "housed", "louvre"), ("louvre", "city", "paris")),
    labels=LABELS,
)

STAR_WARS = Answer(
    question="Who did Natalie Portman play in Star Wars?",
    kind="entities",
    answers=(entity("padme"),),
    confidence=0.72,
    links=(link("Natalie Portman", "portman"), link("Star Wars", "wars")),
    paths=(
        Path(0, (Hop("portrayed", "portrayed by", True, 0.9, ("padme",)),)),
        Path(1, (Hop("character", "has character", False, 0.9, ("padme", "leia")),)),
    ),
    combine="intersect",
    facts=(("padme", "portrayed", "portman"), ("wars", "character", "padme")),
    labels=LABELS,
)

FILMS = {f"film{i}": f"Film {i}" for i in range(24)}
HANKS = Answer(
    question="films starring Tom Hanks",
    kind="entities",
    answers=tuple(ScoredEntity(film, label, 0.9) for film, label in FILMS.items()),
    confidence=0.55,
    links=(link("tom hanks", "hanks", ScoredEntity("hanks2", "Tom Hanks", 0.06, "seismologist")),),
    paths=(Path(0, (Hop("starring", "starring", True, 0.9, tuple(FILMS)[:10]),)),),
    facts=tuple((film, "starring", "hanks") for film in FILMS),
    labels={**LABELS, **FILMS},
)

UNKNOWN = Answer(question="who is xyzzy?", kind="none", confidence=0.1, abstained=True, why="no_entity")


def hostile() -> Answer:
    """An answer every text of which tries to be markup."""
    bad = ScoredEntity("bad", HOSTILE, 0.9, HOSTILE)
    return replace(
        MONA_LISA,
        question=HOSTILE,
        answers=(bad,),
        links=(Link(HOSTILE, 0, 4, "mona", HOSTILE, 0.9, HOSTILE, (bad, entity("mona"))),),
        paths=(Path(0, (Hop("r", HOSTILE, False, 0.9, ("bad",)),)),),
        facts=(("mona", "r", "bad"),),
        labels={"mona": HOSTILE, "r": HOSTILE, "bad": HOSTILE},
    )
