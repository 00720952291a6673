"""The frame of the review's pages: what stands around them, links, forms and small marks.

Everything that these functions are given as text is escaped here; what is called `inside` is markup already.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from kgqa.chat.markup import escape

PATH = "/review"
TABS = (("Queue", ""), ("Dashboard", "/dashboard"), ("Decisions", "/decisions"), ("Export", "/export"))
STATUSES = {
    "pending": "Waiting",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "lacks_fact": "Graph lacks it",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def whole(title: str, inside: str, head: str = "") -> str:
    """A whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title>"
        f'<link rel="icon" href="{PATH}/icon.png"><link rel="stylesheet" href="{PATH}/style.css">'
        f'<link rel="stylesheet" href="{PATH}/review.css"><script src="{PATH}/review.js" defer></script>{head}'
        f"</head>{inside}</html>"
    )


def page(title: str, inside: str, *, name: str, form_token: str, notice: str = "", body_class: str = "") -> str:
    """A page of somebody who has logged in: header, tabs, notice and content."""
    tabs = "".join(_tab(label, path, label == title) for label, path in TABS)
    leave = form("/logout", form_token, '<button class="quiet">Log out</button>', css="leave")
    said = f'<div class="notice" role="status">{notice}</div>' if notice else ""
    return whole(
        f"{title} · Review",
        f'<body class="review {body_class}"><a class="skip" href="#main">Skip to the content</a>'
        f'<header><p class="brand"><a href="{PATH}">Review</a></p><nav aria-label="Pages">{tabs}</nav>'
        f'<div class="who"><span class="name">{escape(name)}</span>{leave}</div></header>{said}'
        f'<main id="main">{inside}</main></body>',
    )


def plain_page(title: str, inside: str, head: str = "") -> str:
    """A page of somebody who has not."""
    return whole(title, f'<body class="review outside"><main id="main">{inside}</main></body>', head)


def _tab(label: str, path: str, here: bool) -> str:
    return f'<a href="{PATH}{path}"{" aria-current=page" if here else ""}>{label}</a>'


def form(path: str, form_token: str, inside: str, css: str = "", identifier: str = "") -> str:
    """A form that changes something."""
    named = f' id="{identifier}"' if identifier else ""
    return (
        f'<form method="post" action="{PATH}{path}" class="{css}"{named}>{hidden("token", form_token)}{inside}</form>'
    )


def hidden(name: str, value: str) -> str:
    """A field that is sent along."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def address(path: str, query: Mapping[str, str], escaped: bool = True) -> str:
    """An address of the review, escaped for an attribute."""
    given = urlencode({name: value for name, value in query.items() if value})
    plain = f"{PATH}{path}{'?' if given else ''}{given}"
    return escape(plain) if escaped else plain


def moment(at: datetime) -> str:
    """A point in time, to the minute."""
    utc = at.astimezone(UTC)
    return f'<time datetime="{utc.isoformat()}" title="UTC">{utc:%Y-%m-%d %H:%M}</time>'


def badge(status: str) -> str:
    """A review status as a small mark."""
    return f'<span class="badge {status}">{STATUSES[status]}</span>'


def people(count: int) -> str:
    """How many people."""
    return "1 person" if count == 1 else f"{count:,} people"


def key(name: str) -> str:
    """The key that does the same."""
    return f" <kbd>{name}</kbd>"


def said(text: str, css: str = "") -> str:
    """A line that says how something went."""
    return f'<p class="{css}">{escape(text)}</p>'


def trouble(error: Exception) -> str:
    """A line that says what went wrong."""
    return said(str(error)[:1].upper() + str(error)[1:], "trouble")
