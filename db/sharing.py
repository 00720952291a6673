"""Shared conversations: whoever has the link can read them, until the link is revoked."""

import hashlib
import re
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.conversations import get_conversation
from db.errors import NotFoundError, StoreInputError
from db.models import Conversation, Turn, now

TOKEN = re.compile(r"[A-Za-z0-9_-]{43,128}")
SALT = re.compile(r"[A-Za-z0-9_-]{16,64}")


def share_conversation(
    *, session: Session, conversation_id: UUID, visitor: str, token: str, salt: str = ""
) -> Conversation:
    """Let a conversation be read by whoever has the token; an earlier token stops working.

    Args:
        token: 43 to 128 characters of base64url, which is at least 256 random bits; only its SHA-256 is stored.
        salt: what the token can be made from again, with a secret that is not in the store; kept as it is.
    Raises:
        NotFoundError: if the conversation is not this visitor's.
        StoreInputError: for a token or salt of another form.
    """
    if not TOKEN.fullmatch(token) or (salt and not SALT.fullmatch(salt)):
        raise StoreInputError("a share token has 43 to 128 letters, digits, - or _; make one of 32 random bytes")
    conversation = get_conversation(session=session, conversation_id=conversation_id, visitor=visitor, lock=True)
    conversation.share_digest, conversation.share_salt, conversation.shared_at = digest(token), salt or None, now()
    session.flush()
    return conversation


def revoke_share(*, session: Session, conversation_id: UUID, visitor: str) -> None:
    """Make the link of a conversation useless; one that is not shared stays so."""
    conversation = get_conversation(session=session, conversation_id=conversation_id, visitor=visitor, lock=True)
    conversation.share_digest = conversation.share_salt = conversation.shared_at = None
    session.flush()


def find_shared(*, session: Session, token: str) -> tuple[str, list[Turn]]:
    """The title of the conversation that this token shares, and the turns that it shows, in order.

    Raises:
        NotFoundError: if there is none, be it that there never was or that it is no longer shared.
    """
    shared = session.scalar(select(Conversation).where(Conversation.share_digest == digest(token)))
    if shared is None:
        raise NotFoundError("no conversation is shared by this link; ask whoever sent it for a new one")
    shown = select(Turn).where(Turn.conversation_id == shared.id, Turn.replaced_at.is_(None))
    return shared.title, list(session.scalars(shown.order_by(Turn.position)))


def digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
