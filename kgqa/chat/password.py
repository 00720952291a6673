"""Passwords: kept as a salted scrypt hash, and compared in constant time."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from kgqa.errors import InputError

SHORTEST = 12
COST, BLOCK, LANES = 2**15, 8, 1  # 32 MiB and a fraction of a second for each attempt
MEMORY = 256 * 1024 * 1024
_FORM = re.compile(r"scrypt:(\d{4,7}):(\d{1,2}):(\d{1,2}):([\w-]{22,64}=*):([\w-]{43}=*)")


@dataclass(frozen=True)
class PasswordHash:
    """A hash with the parameters it was made with; as text it has no character that a shell would touch."""

    cost: int
    block: int
    lanes: int
    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> "PasswordHash":
        """The hash of a new password.

        Raises:
            InputError: if it is shorter than `SHORTEST` characters.
        """
        if len(password) < SHORTEST:
            raise InputError(f"the password has {len(password)} characters; take at least {SHORTEST}")
        blank = cls(COST, BLOCK, LANES, secrets.token_bytes(16), b"")
        return cls(COST, BLOCK, LANES, blank.salt, blank.derive(password))

    @classmethod
    def read(cls, text: str) -> "PasswordHash":
        """The hash that `str` wrote.

        Raises:
            InputError: if the text is none; the text itself is not repeated.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise InputError(
                "KGQA_REVIEW_PASSWORD_HASH is no password hash; make one with: python -m kgqa hash-password"
            )
        cost, block, lanes = (int(number) for number in found.group(1, 2, 3))
        if cost & (cost - 1) or not 1 <= block * lanes <= 64 or 128 * cost * block > MEMORY:
            raise InputError("KGQA_REVIEW_PASSWORD_HASH: its cost is out of range; make it anew")
        salt, digest = (urlsafe_b64decode(_padded(part)) for part in found.group(4, 5))
        return cls(cost, block, lanes, salt, digest)

    def matches(self, password: str) -> bool:
        """Whether this is the password."""
        return hmac.compare_digest(self.derive(password), self.digest)

    def derive(self, password: str) -> bytes:
        """What scrypt makes of a password."""
        normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
        return hashlib.scrypt(
            normal, salt=self.salt, n=self.cost, r=self.block, p=self.lanes, maxmem=2 * MEMORY, dklen=32
        )

    def __str__(self) -> str:
        salt, digest = (urlsafe_b64encode(part).decode().rstrip("=") for part in (self.salt, self.digest))
        return f"scrypt:{self.cost}:{self.block}:{self.lanes}:{salt}:{digest}"


def _padded(text: str) -> str:
    bare = text.rstrip("=")
    return bare + "=" * (-len(bare) % 4)
