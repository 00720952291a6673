"""A tiny world of films, and questions about it: what the tests train on."""

import json
from itertools import product
from pathlib import Path

DIRECTED = {"Jaws": "Ana Sol", "Heat Wave": "Ana Sol", "Night Train": "Bo Lind", "Red Desert": "Cy Marsh"}
PLAYED = [
    ("Jaws", "Dora Finch", "Captain Rook"),
    ("Jaws", "Emil Gray", "Doctor Pike"),
    ("Heat Wave", "Dora Finch", "Officer Dale"),
    ("Night Train", "Emil Gray", "Conductor Vale"),
    ("Night Train", "Fay Moss", "Lady Brandt"),
    ("Red Desert", "Fay Moss", "Nurse Quill"),
]
YEARS = {"Jaws": "1975", "Heat Wave": "1981", "Night Train": "1968", "Red Desert": "1990"}

# More of the same, for what four films are too few to learn: that a role is what two entities have in common.
_FILMS = "Blue Harvest,Stone Garden,Winter Harbour,The Glass Key,Paper Moonlight,Salt Road,Long Thursday,Iron Orchard"
_DIRECTORS = ("Gil Hart", "Ida Kern", "Jon Lowe")
_ACTORS = ("Kay Nash", "Leo Orr", "Mia Penn", "Ned Rusk", "Ola Stern", "Pia Tull", "Rex Unger", "Sue Voss")
_TITLES = ("Judge", "Sister", "Baron", "Sergeant", "Professor", "Madame")
_NAMES = ("Ash", "Birch", "Clay", "Dove", "Elm", "Flint", "Gale", "Heron")
for _number, _film in enumerate(_FILMS.split(",")):
    DIRECTED[_film] = _DIRECTORS[_number % 3]
    YEARS[_film] = str(1950 + 3 * _number)
    PLAYED += [
        (_film, _ACTORS[(_number + step) % 8], f"{_TITLES[(_number + 2 * step) % 6]} {_NAMES[_number]}")
        for step in (0, 1, 2)
    ]

# A title that two of the films go by, and what tells them apart.
AMBIGUOUS = "Deep Water"
NAMESAKES = {"Salt Road": "film of 1965 by Jon Lowe", "Iron Orchard": "film of 1971 by Ida Kern"}

TRAIN = {
    "directed": ("who directed {}?", "director of {}", "who was {} made by"),
    "year": ("when did {} come out?", "release year of {}", "what year is {} from"),
    "films": ("films starring {}", "what movies is {} in?", "which films does {} act in"),
    "directors": ("who directed films starring {}?", "directors of the movies with {}", "who makes films with {}"),
    "role": ("who did {} play in {}?", "what was the role of {} in {}", "{} as whom in {}?"),
}
DEV = {
    "directed": ("tell me who directed {}",),
    "year": ("what year did {} come out",),
    "films": ("movies starring {}",),
    "directors": ("who directed the movies starring {}",),
    "role": ("in what role did {} play in {}",),
}


def triples() -> list[tuple[str, str, str]]:
    """The graph as label triples."""
    rows = [(film, "directed by", person) for film, person in DIRECTED.items()]
    rows += [(film, "release year", year) for film, year in YEARS.items()]
    rows += [(film, "starring", actor) for film, actor, _ in PLAYED]
    rows += [(film, "has character", character) for film, _, character in PLAYED]
    return rows + [(character, "portrayed by", actor) for _, actor, character in PLAYED]


def names() -> list[tuple[str, str, str]]:
    """What the graph says of names, which are no facts."""
    told = (("skos:altLabel", AMBIGUOUS), ("schema:description", ""))
    return [(film, kind, text or about) for film, about in NAMESAKES.items() for kind, text in told]


def questions(phrasings: dict[str, tuple[str, ...]]) -> list[dict[str, object]]:
    """Every phrasing of every fact, with its answers."""
    films_of = {actor: [f for f, a, _ in PLAYED if a == actor] for _, actor, _ in PLAYED}
    asked: list[tuple[str, tuple[str, ...], list[str]]] = []
    asked += [("directed", (film,), [person]) for film, person in DIRECTED.items()]
    asked += [("year", (film,), [year]) for film, year in YEARS.items()]
    asked += [("films", (actor,), films) for actor, films in films_of.items()]
    asked += [("directors", (actor,), sorted({DIRECTED[f] for f in films})) for actor, films in films_of.items()]
    asked += [("role", (actor, film), [character]) for film, actor, character in PLAYED]
    return [
        {"question": text.format(*names), "answers": answers, "entities": list(names), "slice": kind}
        for kind, names, answers in asked
        for text in phrasings[kind]
    ]


def write_graph(path: Path) -> Path:
    """The graph as a tab-separated file."""
    path.write_text("".join("\t".join(row) + "\n" for row in triples() + names()), encoding="utf-8")
    return path


def write_questions(path: Path, phrasings: dict[str, tuple[str, ...]], copies: int = 1) -> Path:
    """A question file."""
    rows = [json.dumps(row) for row in questions(phrasings)]
    path.write_text("\n".join(rows * copies) + "\n", encoding="utf-8")
    return path


def pairs() -> list[tuple[str, str]]:
    """Actor and film of every role, and those that share none."""
    return list(product({a for _, a, _ in PLAYED}, DIRECTED))
