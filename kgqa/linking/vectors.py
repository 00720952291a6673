"""Names as they are compared: a normal form, and vectors of its character n-grams that survive typing errors."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

APOSTROPHES = "'\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07"
_UNIFY = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
_POSSESSIVE = re.compile(r"(?:'s)+[\W_]*$")
_SEPARATORS = re.compile(r"[\W_]+")
_INITIALS = re.compile(r"\b[^\W\d_](?: [^\W\d_]\b)+")
_ARTICLES = re.compile(r"(?:the )+(?=.)")


def normalise(text: str) -> str:
    """The form in which names are compared; the same again for its own result, never empty for non-empty input.

    Accents and case are folded, punctuation becomes a space, `&` reads "and", a possessive 's at the end and a
    leading "the" are dropped, other apostrophes close up ("o'brien", "obrien"), and so do initials ("j. r. r.", "jrr").
    A text of nothing but punctuation stays as it is, or there would be no way to ask for the band "!!!".
    """
    folded = text.lower() if text.isascii() else _fold(text)
    if not _PLAIN.fullmatch(folded):
        folded = _drop_punctuation(folded) or _bare(text)
    folded = _INITIALS.sub(lambda run: run[0].replace(" ", ""), folded)
    return _ARTICLES.sub("", folded, count=1) if folded.startswith("the ") else folded


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).translate(_UNIFY)


def _drop_punctuation(folded: str) -> str:
    closed = _POSSESSIVE.sub("", folded.strip()).replace("'", "").replace("&", " and ")
    return _SEPARATORS.sub(" ", closed).strip()


def _bare(text: str) -> str:
    """What is left of a text without a single letter or digit: its visible characters, else one blank."""
    visible = "".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return visible or " "


class NgramVectorizer:
    """Weights a name's character n-grams by how rare they are, and projects them at random to a short vector.

    A name is padded with blanks and cut into its distinct pairs and triples of neighbours, and into unordered pairs of
    characters at most two places apart: those outlive two letters that changed places, which destroy every ordered
    n-gram of a short word. Each is hashed to one of 4 million buckets: a few hundred thousand n-grams rarely collide,
    and a collision costs a little precision only. The projection is a signed hash into DIMENSIONS cells followed by
    a seeded matrix of +1 and -1. Weights are small integers, so every sum is exact in float32 and the result is the
    same on each machine.
    """

    DIMENSIONS = 512
    SEED = 20_260_101
    BUCKET_BITS = 22
    REMEMBERED = 200_000  # names whose n-grams are kept at hand
    CHUNK = 4096  # names projected at once: keeps the intermediate arrays inside the cache

    def __init__(self, weights: NDArray[np.uint8], num_names: int) -> None:
        self.weights = weights
        self.num_names = num_names
        self._recent: dict[str, tuple[NDArray[np.int32], float]] = {}
        signs = np.random.Generator(np.random.PCG64(self.SEED)).integers(0, 2, (self.DIMENSIONS, self.DIMENSIONS))
        self._rotation = (2 * signs - 1).astype(np.float32)

    @classmethod
    def fit(cls, names: Sequence[str]) -> "NgramVectorizer":
        """Learn how rare each n-gram is in these (normalised) names: 32 sqrt(1 + ln((1 + n) / (1 + df)))."""
        counts = np.zeros(1 << cls.BUCKET_BITS, dtype=np.int64)
        for _, buckets in map(cls.ngrams, _chunks(names, 16 * cls.CHUNK)):
            counts += np.bincount(buckets, minlength=len(counts))
        levels = np.arange(len(names) + 1, dtype=np.float64)  # a document frequency is at most the number of names
        table = np.rint(32 * np.sqrt(1 + np.log((1 + len(names)) / (1 + levels)))).clip(1, 255).astype(np.uint8)
        weights, seen = np.full(len(counts), table[0]), np.flatnonzero(counts)
        weights[seen] = table[np.minimum(counts[seen], len(names))]  # an n-gram that shares its bucket may exceed it
        return cls(weights, len(names))

    @classmethod
    def ngrams(cls, names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The distinct n-grams of each name as (row, bucket), sorted by row: both of shape (number of n-grams,)."""
        codes = np.frombuffer((" " + "  ".join(names) + " ").encode("utf-32-le", "replace"), dtype=np.uint32)
        lengths = np.fromiter(map(len, names), dtype=np.int64, count=len(names)) + 2
        rows = np.repeat(np.arange(len(names), dtype=np.int64), lengths)
        room = np.repeat(np.cumsum(lengths), lengths) - np.arange(
            len(rows)
        )  # characters left in the name, own included
        keys = []
        for size, hashes in _hashes(codes):
            fits = room[: len(hashes)] >= size
            keys.append((rows[: len(hashes)][fits] << cls.BUCKET_BITS) | (hashes[fits] >> (32 - cls.BUCKET_BITS)))
        return _split(np.concatenate(keys), cls.BUCKET_BITS)

    def encode(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Project names to unit vectors whose dot product estimates the cosine: shape (n, DIMENSIONS)."""
        parts = [self._project(chunk) for chunk in _chunks(names, self.CHUNK)]
        vectors = np.concatenate(parts) if parts else np.zeros((0, self.DIMENSIONS), dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(norms > 0, norms, 1)
        return vectors

    def signatures(self, names: Sequence[str]) -> NDArray[np.uint8]:
        """The signs of `encode` as packed bits, whose Hamming distance grows with the angle: (n, DIMENSIONS / 8)."""
        parts = [np.packbits(self._project(chunk) > 0, axis=1) for chunk in _chunks(names, self.CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, self.DIMENSIONS // 8), dtype=np.uint8)

    def cosines(self, name: str, others: Sequence[str]) -> NDArray[np.float32]:
        """The exact cosine, before any projection, of one name with each of the others: shape (len(others),)."""
        if not others:
            return np.zeros(0, dtype=np.float32)
        (own, norm), *rest = self._cut([name, *others])
        buckets = np.concatenate([found for found, _ in rest])
        rows = np.repeat(np.arange(len(rest)), [len(found) for found, _ in rest])
        maybe = np.zeros(1 << 16, dtype=np.bool_)  # rules most n-grams out for the price of one look
        maybe[own & 0xFFFF] = True
        hits = np.flatnonzero(maybe[buckets & 0xFFFF])
        hits = hits[own[np.searchsorted(own, buckets[hits]).clip(max=len(own) - 1)] == buckets[hits]]
        dots = np.bincount(rows[hits], weights=self._squares(buckets[hits]), minlength=len(rest))
        cosines: NDArray[np.float32] = (dots / np.sqrt(norm * np.array([one for _, one in rest]))).astype(np.float32)
        return cosines

    def _cut(self, names: Sequence[str]) -> list[tuple[NDArray[np.int32], float]]:
        """The n-grams of each name, rising, and their squared norm; those of recent names are remembered."""
        if len(self._recent) > self.REMEMBERED:
            self._recent.clear()
        missing = [name for name in dict.fromkeys(names) if name not in self._recent]
        rows, buckets = self.ngrams(missing)
        norms = np.bincount(rows, weights=self._squares(buckets), minlength=len(missing)).tolist()
        ends = np.searchsorted(rows, np.arange(1, len(missing)))
        for name, found, norm in zip(missing, np.split(buckets.astype(np.int32), ends), norms, strict=False):
            self._recent[name] = found, norm
        return [self._recent[name] for name in names]

    def _squares(self, buckets: NDArray[np.integer]) -> NDArray[np.float64]:
        squares: NDArray[np.float64] = np.square(self.weights[buckets].astype(np.float64))
        return squares

    def _project(self, names: Sequence[str]) -> NDArray[np.float32]:
        rows, buckets = self.ngrams(names)
        weights = self.weights[buckets].astype(np.float64)
        signs = 1.0 - 2.0 * ((buckets >> 9) & 1)
        cells = rows * self.DIMENSIONS + buckets % self.DIMENSIONS
        sketch = np.bincount(cells, weights=weights * signs, minlength=len(names) * self.DIMENSIONS)
        projected: NDArray[np.float32] = sketch.reshape(-1, self.DIMENSIONS).astype(np.float32) @ self._rotation
        return projected


def _hashes(codes: NDArray[np.uint32]) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    """Each family of n-grams as (characters spanned, hash of the one that starts at each character)."""
    pairs = _mix(codes[:-1] + np.uint32(1), codes[1:])
    yield 2, pairs
    yield 3, _mix(pairs[:-1], codes[2:])
    for gap in (1, 2):
        left, right = codes[:-gap], codes[gap:]
        yield gap + 1, _mix(np.minimum(left, right) ^ np.uint32(0x80000000), np.maximum(left, right))


def _mix(state: NDArray[np.uint32], character: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Fold one more character into each running hash; unsigned, so wrapping around is defined."""
    mixed = (state ^ (character * np.uint32(0x9E3779B1))) * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(13)
    return mixed


def _split(keys: NDArray[np.int64], bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    keys = np.sort(keys)
    distinct = keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys
    return distinct >> bits, distinct & ((1 << bits) - 1)


def _chunks(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))
