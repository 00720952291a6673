"""English: the few forms of a verb that a label's wordings need, checked against a list of words that exist."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kgqa.linking.encoder import NameEncoder

VOWELS = frozenset("aeiou")
NEAR, MOST_NEAR = 0.28, 4  # cosine of words that may stand for each other, and how many of them are taken
INFLECTED = ("s", "ed", "ing", "ly", "al", "ian")
DOUBLING = frozenset("bdfglmnprt")
# participle: (base, past); regular verbs are derived
IRREGULAR = {
    "begun": ("begin", "began"),
    "born": ("bear", ""),
    "bought": ("buy", "bought"),
    "broken": ("break", "broke"),
    "built": ("build", "built"),
    "chosen": ("choose", "chose"),
    "done": ("do", "did"),
    "drawn": ("draw", "drew"),
    "driven": ("drive", "drove"),
    "found": ("find", "found"),
    "given": ("give", "gave"),
    "grown": ("grow", "grew"),
    "held": ("hold", "held"),
    "kept": ("keep", "kept"),
    "known": ("know", "knew"),
    "led": ("lead", "led"),
    "left": ("leave", "left"),
    "lost": ("lose", "lost"),
    "made": ("make", "made"),
    "met": ("meet", "met"),
    "paid": ("pay", "paid"),
    "seen": ("see", "saw"),
    "sent": ("send", "sent"),
    "set": ("set", "set"),
    "shot": ("shoot", "shot"),
    "shown": ("show", "showed"),
    "sold": ("sell", "sold"),
    "spoken": ("speak", "spoke"),
    "sung": ("sing", "sang"),
    "taken": ("take", "took"),
    "taught": ("teach", "taught"),
    "told": ("tell", "told"),
    "won": ("win", "won"),
    "worn": ("wear", "wore"),
    "written": ("write", "wrote"),
}
PASTS = {base: past for base, past in IRREGULAR.values() if past}


class Words:
    """A lexicon, verb forms that are believed only if the lexicon has them, and words that are used alike.

    `vectors` (len(lexicon), D) says how words are used; without them nothing is known of that.
    """

    def __init__(self, lexicon: Iterable[str], vectors: NDArray[np.float32] | None = None) -> None:
        self._list = list(lexicon)
        self._known = {word: place for place, word in enumerate(self._list)}
        self._vectors = vectors
        self.near = lru_cache(maxsize=10_000)(self._near)

    @classmethod
    def of(cls, encoder: NameEncoder) -> "Words":
        """The whole words of an encoder's vocabulary, each with the vector that the encoder begins with."""
        tokens = encoder.tokenizer.get_vocab()
        words = sorted(token for token in tokens if token.isalpha() and len(token) > 2)
        vectors = encoder.embeddings[[tokens[word] for word in words]]
        vectors = vectors - vectors.mean(axis=0)
        return cls(words, vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-6))

    def _near(self, noun: str) -> tuple[str, ...]:
        """Words that are used like a noun and are no other form of it: profession -> occupation, career, industry."""
        if self._vectors is None or noun not in self._known:
            return ()
        cosines = self._vectors @ self._vectors[self._known[noun]]
        best = [self._list[place] for place in np.argsort(-cosines)[:40] if cosines[place] >= NEAR]
        ending = tuple(end for end in INFLECTED if not noun.endswith(end))
        return tuple(word for word in best if word[:4] != noun[:4] and noun not in word and not word.endswith(ending))[
            :MOST_NEAR
        ]

    def base(self, participle: str) -> str:
        """written -> write, produced -> produce, starred -> star; empty if no such verb is known."""
        if participle in IRREGULAR:
            return IRREGULAR[participle][0]
        if participle.endswith("ied"):
            return self._first(participle[:-3] + "y")
        return self._verb(participle[:-2])

    def base_of_ing(self, word: str) -> str:
        """starring -> star, featuring -> feature; empty if no such verb is known."""
        return self._verb(word[:-3])

    def _verb(self, stem: str) -> str:
        """The verb of which this is left when its ending is cut off."""
        if len(stem) < 2:
            return ""
        if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] in DOUBLING and stem[:-1] in self._known:
            return stem[:-1]
        short = stem[-1] not in VOWELS and stem[-2] in VOWELS and (len(stem) < 3 or stem[-3] not in VOWELS)
        return self._first(*((stem + "e", stem) if short else (stem, stem + "e")))

    def base_of_third(self, verb: str) -> str:
        """plays -> play, carries -> carry, has -> have."""
        if verb in ("has", "is", "does"):
            return {"has": "have", "is": "be", "does": "do"}[verb]
        if verb.endswith("ies") and len(verb) > 4:
            return verb[:-3] + "y"
        if verb.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
            return verb[:-2]
        return verb[:-1]

    def past(self, base: str) -> str:
        """write -> wrote, direct -> directed; empty if no such past is known."""
        if base in PASTS:
            return PASTS[base]
        if base.endswith("y") and base[-2:-1] not in VOWELS:
            return self._first(base[:-1] + "ied")
        return self._first(base + "d" if base.endswith("e") else base + base[-1:] + "ed", base + "ed")

    def ing(self, base: str) -> str:
        """play -> playing, live -> living; empty if no such form is known."""
        stem = base[:-1] if base.endswith("e") and not base.endswith("ee") else base
        return self._first(stem + "ing", base + base[-1:] + "ing")

    def agent(self, base: str) -> str:
        """direct -> director, write -> writer; empty if nobody is called so."""
        stem = base[:-1] if base.endswith("e") else base
        return self._first(stem + "or", stem + "er", stem + base[-1:] + "er")

    def verb_of_agent(self, noun: str) -> str:
        """director -> direct, writer -> write; empty where the noun names no doer."""
        if len(noun) < 6 or not noun.endswith(("or", "er")):
            return ""
        base = self._verb(noun[:-2])
        return base if base and self.past(base) else ""

    def _first(self, *candidates: str) -> str:
        return next((word for word in candidates if word in self._known), "")


def plural(noun: str) -> str:
    """city -> cities, person -> people; what ends in one s already is left as it is."""
    if noun in ("person", "people"):
        return "people"
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun if noun.endswith("s") and not noun.endswith("ss") else noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"
