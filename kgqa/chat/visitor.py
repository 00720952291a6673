"""Who is asking: a random token that lives in the browser, and what it points to."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import asdict, dataclass

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Visitor:
    """What a browser keeps: its token (256 random bits), and the conversation it has open."""

    token: str
    conversation: str = ""

    @classmethod
    def read(cls, value: object) -> "Visitor":
        """The visitor in what a browser sent; a new one when that is nothing or no token of this form."""
        row = value if isinstance(value, dict) else {}
        token, conversation = row.get("token"), row.get("conversation")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            return cls(secrets.token_urlsafe(32))
        return cls(token, conversation if isinstance(conversation, str) else "")

    def to_dict(self) -> dict[str, str]:
        """What the browser is to keep."""
        return asdict(self)

    def link(self, salt: str) -> str:
        """The token of a shared conversation's link (256 bits), which only this browser can make from the salt."""
        digest = hmac.new(self.token.encode(), f"link {salt}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def key(self, secret: str) -> str:
        """The name under which the store knows this visitor; the token itself is never stored."""
        return hmac.new(secret.encode(), self.token.encode(), hashlib.sha256).hexdigest()
