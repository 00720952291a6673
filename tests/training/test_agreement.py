"""Agreement: many count, one alone counts little against others and against a model that is sure."""

from kgqa.linking.spans import spans_of
from kgqa.training.agreement import Voice, weights
from kgqa.training.corrections import Correction, Hint
from kgqa.training.variants import Way


def voice(
    text: str, answer: str, *people: str, name: str = "", relation: int = 0, sure: bool = False, **values: object
) -> Voice:
    """A correction of a question; with a name in it, the graph shows a way from there."""
    way = None
    if name:
        (span,) = (span for span in spans_of(text) if span.text == name)
        way = Way((span,), ((relation,),), (0,))
    correction = Correction(text, (answer,), contributors=frozenset(people), reviewed=False)
    return Voice(Correction(**{**vars(correction), **values}), way, sure)


def test_a_lone_correction_counts_until_somebody_or_a_sure_model_says_otherwise() -> None:
    assert weights([voice("who?", "a", "p")]) == [1.0]
    assert weights([voice("who?", "a", "p", sure=True)]) == [0.0]
    assert weights([voice("who?", "a", "p"), voice("Who", "b", "q")]) == [0.0, 0.0]
    assert weights([voice("who?", "a", "p", dissenting=3)]) == [0.0]


def test_those_who_agree_outweigh() -> None:
    assert weights([voice("who?", "a", "p", "q", "r", "s"), voice("who?", "b", "t")]) == [0.75, 0.0]
    assert weights([voice("who?", "a", "p", "q", sure=True)]) == [0.5]
    assert weights([voice("who?", "a", "p", agreeing=10, dissenting=1)]) == [0.9]


def test_what_a_reviewer_accepted_counts_in_full() -> None:
    assert weights([voice("who?", "a", "p", reviewed=True, dissenting=9, sure=True)]) == [1.0]


def test_the_same_words_and_way_about_other_names_agree() -> None:
    alike = [
        voice(f"who ran {name}?", name, person, name=name, sure=True)
        for name, person in zip(("Jaws", "Big", "Heat", "Dune"), "pqrs", strict=True)
    ]
    assert weights(alike) == [0.75] * 4
    otherwise = voice("who ran Kes?", "x", "t", name="Kes", relation=1)
    assert weights([*alike, otherwise]) == [0.5] * 4 + [0.0]


def test_one_person_alone_does_not_agree_with_themselves() -> None:
    alike = [voice(f"who ran {name}?", name, "p", name=name, sure=True) for name in ("Jaws", "Big", "Heat")]
    assert weights(alike) == [0.0] * 3


def test_people_agree_about_what_a_mention_means() -> None:
    meant = Hint("Zorvo", "jaws")
    one, two = voice("who ran Zorvo?", "a", "p", hint=meant), voice("when was Zorvo?", "b", "q", hint=meant, sure=True)
    assert weights([one, two]) == [1.0, 0.5]
