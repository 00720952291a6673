"""Untrusted text on its way into a page: labels, questions and comments are shown, never interpreted."""

import re

# Everything that HTML or Markdown could read as more than a letter. Spaces, letters, digits and the
# punctuation of ordinary names stay as they are, so that what is sent remains readable.
_SPECIAL = re.compile(r"[&<>\"'`*_{}\[\]()#+!|$~\\:@=^/%;]")
_MARKDOWN = re.compile(r"[\\&<>`*_{}\[\]()#+!|$~:@=]")
_WWW = re.compile(r"www\.", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape(text: str) -> str:
    """Text as numeric entities wherever a character could mean something to HTML or Markdown."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", visible(text))


def escape_html(text: str) -> str:
    """Text for HTML alone: only what opens a tag or an entity, so that it can still be edited by hand."""
    return visible(text).replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")


def escape_markdown(text: str) -> str:
    """Text for a line of a Markdown file that is read as it stands: no markup, no HTML, no links."""
    line = " ".join(visible(text).split())
    return _WWW.sub(r"www\\.", _MARKDOWN.sub(r"\\\g<0>", line))


def visible(text: str) -> str:
    """Text without control characters, direction overrides and lone surrogates."""
    return _INVISIBLE.sub("", text.replace("\t", " ").replace("\r", ""))


def shorten(text: str, length: int) -> str:
    """At most `length` characters, the cut marked with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
