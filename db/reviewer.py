"""A reviewer: the proof that somebody has logged in, without which nothing is decided."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from db.errors import StoreError
from db.models import now
from db.text import clean_text

NAME_LENGTH = 100
_SEAL = object()


class NotAllowedError(StoreError):
    """Nobody has logged in who could do this."""


@dataclass(frozen=True)
class Reviewer:
    """Somebody whose login was checked, and until when that holds; only `admit` makes one."""

    name: str
    until: datetime
    seal: object = field(repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise NotAllowedError("a reviewer is made by a login, not by a name")


def admit(token: str, login: Callable[[str], tuple[str, datetime]]) -> Reviewer:
    """The reviewer behind a token, after the login has looked at it.

    Args:
        login: gives name and end of a login for its token, and raises where the token is no good.
    """
    name, until = login(token)
    plain = clean_text(name).strip()[:NAME_LENGTH]
    if not plain:
        raise NotAllowedError("a reviewer needs a name")
    return Reviewer(plain, until, _SEAL)


def require(reviewer: object) -> Reviewer:
    """The reviewer, if it is one and the login still holds.

    Raises:
        NotAllowedError: otherwise; nothing was done then.
    """
    if not isinstance(reviewer, Reviewer) or reviewer.seal is not _SEAL:
        raise NotAllowedError(f"a reviewer is made by a login, not {type(reviewer).__name__!r}")
    if reviewer.until <= now():
        raise NotAllowedError("the login has ended; log in again")
    return reviewer
