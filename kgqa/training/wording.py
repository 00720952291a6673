"""Wording: ways to ask along a relation, made from the form of its label and nothing else.

A label is a participle ("directed by", "located in country"), a noun phrase ("place of birth", "has genre"), a noun
of something ("capital of"), a noun by someone ("music by"), a verb ("plays for club", "borders"), an -ing form
("starring") or a preposition ("in language"). Each form has its own ways to ask, forwards and backwards.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kgqa.training.english import IRREGULAR, Words

Tokens = list[str]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PREPOSITIONS = _set(
    "about after against among as at before behind between by during for from in into inside near of on onto over "
    "since through to toward towards under until upon via with within without"
)
PLACES = _set("area birthplace city continent country county district location place region site state town")
TIMES = _set("birthday date day month time when year")
AUXILIARIES = _set("is are was were has have had")
# Verbs in the third person that stand alone, or before a noun, in the labels of relations.
VERBS = _set(
    "belongs borders causes connects contains controls creates crosses describes directs employs features flows "
    "follows governs hosts includes influences joins knows leads lives makes manages marries operates owns performs "
    "plays precedes produces publishes represents sells serves shares speaks studies supports teaches treats uses "
    "wears wins works writes"
)


@dataclass(frozen=True)
class Wording:
    """Ways to speak of what one step leads to from an entity `{a}`.

    `questions` are whole; `{wh}` in them is "who", "what", "which film" …, and `{which}` the same without "who".
    `nouns` name the answers inside another question ("the genre of {a}"). `clauses` tell of one answer, after "that"
    ("was directed by {a}"), and `plural` of several.
    """

    questions: tuple[str, ...]
    nouns: tuple[str, ...]
    clauses: tuple[str, ...]
    plural: tuple[str, ...]
    kind: str = ""  # "person", "place" or "time" where the label says what the answers are
    thing: str = ""  # what the label calls an answer


Both = tuple[Wording, Wording]  # forwards, backwards


def word(label: str, words: Words) -> Both:
    """The wordings of a relation with this label, forwards and backwards."""
    tokens = _tokens(label)
    if not tokens:
        tokens = ["related", "to"]
    if tokens[0] in AUXILIARIES and _is_participle(tokens[1:]):
        tokens = tokens[1:]
    form = next(form for test, form in FORMS if test(tokens))
    return form(tokens, words)


def _tokens(label: str) -> Tokens:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    return re.sub(r"[\W_]+", " ", spaced).lower().split()


def _fill(texts: str, **parts: str) -> tuple[str, ...]:
    """Lines of patterns with the parts put in; a line that needs a part which is empty is left out."""
    made = []
    for line in filter(None, map(str.strip, texts.splitlines())):
        needed = set(re.findall(r"<(\w+)>", line))
        if all(parts.get(name) for name in needed):
            made.append(re.sub(r"<(\w+)>", lambda match: parts[match[1]], line))
    return tuple(dict.fromkeys(made))


def _kind(noun: str) -> str:
    head = noun.split(" of ")[0].split()[-1] if noun else ""
    return "place" if head in PLACES else "time" if head in TIMES else ""


# Participles: directed by, located in country, based on, starred actors


def _is_participle(tokens: Tokens) -> bool:
    return len(tokens) > 1 and (tokens[0].endswith("ed") or tokens[0] in IRREGULAR) and tokens[1] in PREPOSITIONS


def _participle(tokens: Tokens, words: Words) -> Both:
    base = words.base(tokens[0])
    doer = base if tokens[1] == "by" else ""
    noun = " ".join(tokens[2:])
    parts = {
        "P": tokens[0],
        "R": tokens[1],
        "N": noun,
        "past": words.past(doer) or (tokens[0] if doer and tokens[0].endswith("ed") else ""),
        "base": doer,
        "agent": words.agent(doer) if doer else "",
        "where": "where" if tokens[1] in ("in", "at", "near") and _kind(noun) != "time" and not doer else "",
        "when": "when" if _kind(noun) == "time" or tokens[1] in ("since", "until") else "",
    }
    forward = Wording(
        _fill(
            """
            who <past> {a}?
            who was it that <past> {a}?
            who is the <agent> of {a}?
            {a} <agent>
            name the <agent> of {a}
            who was the <agent> behind {a}?
            {wh} was {a} <P> <R>?
            {wh} is {a} <P> <R>?
            {a} was <P> <R> {wh}?
            {a} is <P> <R> {which}?
            <R> {which} was {a} <P>?
            {a} <P> <R>
            <P> <R> {which}: {a}
            tell me {wh} {a} was <P> <R>
            which <N> is {a} <P> <R>?
            in which <N> was {a} <P>
            {a} was <P> <R> which <N>?
            <where> was {a} <P>?
            <where> is {a} <P>
            <when> was {a} <P>?
            """,
            **parts,
        ),
        _fill(
            """
            the <agent> of {a}
            {a}'s <agent>
            whoever <past> {a}
            the one who <past> {a}
            what {a} was <P> <R>
            the <N> {a} was <P> <R>
            """,
            **parts,
        ),
        _fill("<past> {a}" if parts["past"] else "{a} was <P> <R>", **parts),
        _fill("<past> {a}" if parts["past"] else "{a} was <P> <R>", **parts),
        "person" if doer else _kind(noun),
        noun,
    )
    backward = Wording(
        _fill(
            """
            {wh} was <P> <R> {a}?
            {wh} were <P> <R> {a}?
            {wh} is <P> <R> {a}?
            {wh} are <P> <R> {a}
            <P> <R> {a}
            {things} <P> <R> {a}
            name {things} <P> <R> {a}
            list all {things} that were <P> <R> {a}
            show me everything <P> <R> {a}
            {which} did {a} <base>?
            {which} has {a} <P>?
            {a} <past> {which}?
            {which} is {a} the <agent> of?
            {things} with {a} as <agent>
            {a} as a <agent>
            """,
            **parts | {"base": doer},
        ),
        _fill(
            """
            the {things} <P> <R> {a}
            {things} that were <P> <R> {a}
            what was <P> <R> {a}
            {a}'s {things} as <agent>
            the {things} {a} <past>
            """,
            **parts,
        ),
        _fill("was <P> <R> {a}\nis <P> <R> {a}\n{a} <past>", **parts),
        _fill("were <P> <R> {a}\nare <P> <R> {a}\n{a} <past>", **parts),
    )
    return forward, backward


# Nouns: genre, place of birth, has genre, starred actors


def _is_possession(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[0] in ("has", "have") and tokens[1] not in PREPOSITIONS


def _possession(tokens: Tokens, words: Words) -> Both:
    return _noun(tokens[1:], words)


def _noun(tokens: Tokens, words: Words) -> Both:
    noun = " ".join(tokens)
    verb = words.verb_of_agent(tokens[-1])
    parts = {
        "N": noun,
        "past": words.past(verb) if verb else "",
        "P": words.past(verb) if verb and words.past(verb).endswith("ed") else "",
        "base": verb,
        "where": "where" if _kind(noun) == "place" else "",
        "when": "when" if _kind(noun) == "time" else "",
        "short": tokens[-1] if len(tokens) > 1 and "of" not in tokens else "",
        "of": tokens[-1] if len(tokens) == 3 and tokens[1] == "of" else "",
    }
    forward = Wording(
        _fill(
            """
            what is the <N> of {a}?
            what's {a}'s <N>?
            who is the <N> of {a}?
            {a} <N>
            <N> of {a}
            <N> {a}
            {a}'s <N> is what?
            which <N> does {a} have?
            what <N> does {a} have
            tell me the <N> of {a}
            give me {a}'s <N>
            which is the <N> of {a}
            what are the <N> of {a}?
            what <short> does {a} have
            <where> is the <N> of {a}?
            <when> is the <N> of {a}?
            who <past> {a}?
            {a} was <P> by whom?
            """,
            **parts,
        ),
        _fill("the <N> of {a}\n{a}'s <N>\nthe <N> that {a} has\nwhoever <past> {a}", **parts),
        _fill("<past> {a}\nis the <N> of {a}" if parts["past"] else "is the <N> of {a}\n{a} has as <N>", **parts),
        _fill("<past> {a}\nare the <N> of {a}" if parts["past"] else "are the <N> of {a}\n{a} has as <N>", **parts),
        "person" if verb else _kind(noun),
        noun,
    )
    backward = Wording(
        _fill(
            """
            {wh} has the <N> {a}?
            {wh} has {a} as its <N>?
            {wh} have the <N> {a}?
            whose <N> is {a}?
            {a} is the <N> of {wh}?
            of {which} is {a} the <N>?
            what is {a} the <N> of?
            <N> {a}
            {things} with <N> {a}
            {a} {things}
            list {things} with the <N> {a}
            name {things} whose <N> is {a}
            which {things} have {a} as <N>
            {which} did {a} <base>?
            {which} has {a} <P>?
            {which} was <P> by {a}?
            """,
            **parts,
        ),
        _fill(
            """
            the {things} with <N> {a}
            {things} whose <N> is {a}
            the {things} that have {a} as <N>
            the {things} {a} <past>
            {a} {things}
            """,
            **parts,
        ),
        _fill("has {a} as its <N>\nhas the <N> {a}\n{a} <past>", **parts),
        _fill("have {a} as their <N>\nhave the <N> {a}\n{a} <past>", **parts),
    )
    return forward, backward


def _is_noun_of(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[-1] == "of"


def _noun_of(tokens: Tokens, words: Words) -> Both:
    kept = tokens[1:-1] if tokens[0] in AUXILIARIES and len(tokens) > 2 else tokens[:-1]
    forward, backward = _noun(kept, words)
    return backward, forward


def _is_noun_by(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[-1] == "by"


def _noun_by(tokens: Tokens, _words: Words) -> Both:
    parts = {"N": " ".join(tokens[:-1])}
    forward = Wording(
        _fill(
            """
            who did the <N> of {a}?
            who is the <N> of {a} by?
            who made the <N> for {a}
            {a} <N> by
            the <N> of {a} is by {wh}?
            <N> {a}
            whose <N> is it in {a}?
            """,
            **parts,
        ),
        _fill("whoever did the <N> of {a}\nthe one behind the <N> of {a}", **parts),
        _fill("did the <N> of {a}", **parts),
        _fill("did the <N> of {a}", **parts),
        "person",
    )
    backward = Wording(
        _fill(
            """
            {wh} has <N> by {a}?
            {which} did {a} do the <N> for?
            {things} with <N> by {a}
            <N> by {a}
            for {which} did {a} do the <N>?
            """,
            **parts,
        ),
        _fill("the {things} with <N> by {a}\nwhat {a} did the <N> for", **parts),
        _fill("has <N> by {a}", **parts),
        _fill("have <N> by {a}", **parts),
    )
    return forward, backward


# Verbs: plays for club, borders, flows through, starring; and prepositions: in language


def _is_verb(tokens: Tokens) -> bool:
    first = tokens[0]
    goes_on = len(tokens) > 1 and tokens[1] in PREPOSITIONS and first.endswith("s") and not first.endswith("ss")
    return first not in AUXILIARIES and (first in VERBS or goes_on)


def _verb(tokens: Tokens, words: Words) -> Both:
    preposition = tokens[1] if len(tokens) > 1 and tokens[1] in PREPOSITIONS else ""
    noun = " ".join(tokens[2:] if preposition else tokens[1:])
    base = words.base_of_third(tokens[0])
    parts = {
        "V": " ".join(filter(None, [tokens[0], preposition])),
        "B": " ".join(filter(None, [base, preposition])),
        "base": base,
        "R": preposition,
        "N": noun,
        "agent": words.agent(base) if preposition else "",
        "where": "where" if preposition in ("in", "at") else "",
    }
    forward = Wording(
        _fill(
            """
            {which} does {a} <B>?
            which <N> does {a} <B>?
            what <N> does {a} <B>
            {a} <V> {which}?
            {a} <V> which <N>?
            {a} <V>
            <R> which <N> does {a} <base>?
            <R> {which} does {a} <base>?
            <where> does {a} <base>?
            tell me {which} {a} <V>
            what is the <N> of {a}?
            what's {a}'s <N>
            {a} <N>
            which <N> is it that {a} <V>?
            """,
            **parts,
        ),
        _fill("the <N> of {a}\n{a}'s <N>\nthe <N> that {a} <V>\nwhat {a} <V>", **parts),
        _fill("{a} <V>\nis the <N> of {a}", **parts),
        _fill("{a} <V>\nare the <N> of {a}", **parts),
        _kind(noun),
        noun,
    )
    backward = Wording(
        _fill(
            """
            {wh} <V> {a}?
            {wh} <V> <N> {a}?
            which {things} <B> {a}?
            which {things} <B> <N> {a}?
            {things} that <B> {a}
            name {things} that <B> {a}
            who are the <agent>s <R> {a}?
            <agent>s <R> {a}
            who all <B> {a}
            list everything that <V> {a}
            whose <N> is {a}?
            {wh} has the <N> {a}
            {things} with <N> {a}
            """,
            **parts,
        ),
        _fill(
            """
            the {things} that <B> {a}
            the one that <V> {a}
            {things} with <N> {a}
            whoever <V> {a}
            {a}'s <agent>s
            """,
            **parts,
        ),
        _fill("<V> {a}\nhas {a} as <N>\n<V> <N> {a}", **parts),
        _fill("<B> {a}\nhave {a} as <N>\n<B> <N> {a}", **parts),
    )
    return forward, backward


def _is_ing(tokens: Tokens) -> bool:
    return tokens[0].endswith("ing") and len(tokens[0]) > 5 and (len(tokens) == 1 or tokens[1] in PREPOSITIONS)


def _ing(tokens: Tokens, words: Words) -> Both:
    parts = {"G": " ".join(tokens), "B": words.base_of_ing(tokens[0])}
    parts["past"] = words.past(parts["B"]) if parts["B"] else ""
    forward = Wording(
        _fill(
            """
            who is <G> in {a}?
            who <past> in {a}?
            who <B>s in {a}
            {which} does {a} <B>?
            {a} <G> {wh}?
            {a} <G>
            {wh} is {a} <G>?
            who are the <B>s of {a}?
            """,
            **parts,
        ),
        _fill("the <B>s of {a}\nthose <G> in {a}\nwhoever <past> in {a}", **parts),
        _fill("<past> in {a}\n<B>s in {a}" if parts["B"] else "{a} is <G>", **parts),
        _fill("<past> in {a}\n<B> in {a}" if parts["B"] else "{a} is <G>", **parts),
    )
    backward = Wording(
        _fill(
            """
            {wh} is <G> {a}?
            {things} <G> {a}
            {which} has {a} <past> in?
            {which} did {a} <B> in?
            {a} <past> in {which}?
            name {things} <G> {a}
            {which} <B>s {a}
            <G> {a}
            """,
            **parts,
        ),
        _fill("the {things} <G> {a}\n{things} that <B> {a}\nthe {things} {a} <past> in", **parts),
        _fill("<B>s {a}\nis <G> {a}", **parts),
        _fill("<B> {a}\nare <G> {a}", **parts),
    )
    return forward, backward


def _is_preposition(tokens: Tokens) -> bool:
    kept = tokens[1:] if tokens[0] in AUXILIARIES else tokens
    return bool(kept) and kept[0] in PREPOSITIONS


def _preposition(tokens: Tokens, _words: Words) -> Both:
    kept = tokens[1:] if tokens[0] in AUXILIARIES else tokens
    noun = " ".join(kept[1:])
    parts = {
        "R": kept[0],
        "N": noun,
        "where": "where" if kept[0] in ("in", "at", "near") and _kind(noun) == "place" else "",
    }
    forward = Wording(
        _fill(
            """
            which <N> is {a} <R>?
            what <N> is {a} <R>
            <R> which <N> is {a}?
            {which} is {a} <R>?
            {a} is <R> which <N>?
            {a} <N>
            what is the <N> of {a}?
            <where> is {a}?
            {a} is <where>?
            what's {a}'s <N>
            """,
            **parts,
        ),
        _fill("the <N> that {a} is <R>\nthe <N> of {a}\nwhat {a} is <R>", **parts),
        _fill("{a} is <R>\nis the <N> of {a}", **parts),
        _fill("{a} is <R>\nis the <N> of {a}", **parts),
        _kind(noun),
        noun,
    )
    backward = Wording(
        _fill(
            """
            {wh} is <R> {a}?
            {wh} are <R> {a}?
            which {things} are <R> {a}
            {things} <R> {a}
            <R> {a}
            {a} {things}
            list everything that is <R> {a}
            {wh} has the <N> {a}?
            {things} with <N> {a}
            """,
            **parts,
        ),
        _fill("the {things} <R> {a}\n{things} that are <R> {a}\nwhat is <R> {a}", **parts),
        _fill("is <R> {a}\nhas the <N> {a}", **parts),
        _fill("are <R> {a}\nhave the <N> {a}", **parts),
    )
    return forward, backward


def _is_state(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[0] in AUXILIARIES


def _state(tokens: Tokens, _words: Words) -> Both:
    """is aged, is tall: what is said of an entity, its value being the object."""
    parts = {"A": " ".join(tokens[1:])}
    forward = Wording(
        _fill("how <A> is {a}?\n{a} is how <A>?\n{a} is <A> what?\nwhat is {a} <A>\n{a} <A>", **parts),
        _fill("what {a} is <A>", **parts),
        _fill("{a} is <A>", **parts),
        _fill("{a} is <A>", **parts),
    )
    backward = Wording(
        _fill("{wh} is <A> {a}?\n{wh} are <A> {a}?\n{things} <A> {a}\n<A> {a}\nwho are <A> {a}?", **parts),
        _fill("the {things} <A> {a}\nwhoever is <A> {a}\n{things} that are <A> {a}", **parts),
        _fill("is <A> {a}", **parts),
        _fill("are <A> {a}", **parts),
    )
    return forward, backward


FORMS: tuple[tuple[Callable[[Tokens], bool], Callable[[Tokens, Words], Both]], ...] = (
    (_is_possession, _possession),
    (_is_participle, _participle),
    (_is_noun_of, _noun_of),
    (_is_noun_by, _noun_by),
    (_is_verb, _verb),
    (_is_ing, _ing),
    (_is_preposition, _preposition),
    (_is_state, _state),
    (lambda tokens: True, _noun),
)
