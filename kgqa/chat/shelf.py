"""The shelf: a visitor's past conversations as the side bar lists them, grouped by when they were last used."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import groupby

from kgqa.chat.markup import escape
from kgqa.chat.memory import PastConversation

FARTHEST = 14 * 60  # minutes between any place on Earth and UTC


def shelf(past: list[PastConversation], current: str, clock: timezone, now: datetime) -> str:
    """The list as HTML on one line: a button to open each conversation, and one for what else can be done with it.

    Args:
        past: last used first.
        current: the id of the one that is open.
        clock: the person's.
    """
    today = now.astimezone(clock).date()
    groups = groupby(past, key=lambda each: period(each.used.astimezone(clock).date(), today))
    lists = "".join(
        f"<h3>{name}</h3><ul>{''.join(_row(each, current, clock, today) for each in group)}</ul>"
        for name, group in groups
    )
    return f'<nav class="shelf">{lists}</nav>'


def _row(each: PastConversation, current: str, clock: timezone, today: date) -> str:
    title = escape(each.title)
    marked = " current" if each.id == current else ""
    shared = ' · <span class="shared">shared</span>' if each.share_salt else ""
    return (
        f'<li><button type="button" class="open{marked}" id="open-{escape(each.id)}">'
        f'<span class="title">{title}</span>'
        f'<span class="when">{_when(each.used.astimezone(clock), today)}{shared}</span></button>'
        f'<button type="button" class="manage" id="manage-{escape(each.id)}">'
        f'<span class="unseen">Rename, share, save or delete: {title}</span>⋯</button></li>'
    )


def period(day: date, today: date) -> str:
    """The heading under which a day stands."""
    age = (today - day).days
    if age <= 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    if age < 7:
        return "Last 7 days"
    return day.strftime("%B %Y")


def _when(moment: datetime, today: date) -> str:
    return moment.strftime("%H:%M") if moment.date() == today else f"{moment.day} {moment:%b}"


def clock(minutes: object) -> timezone:
    """The time zone that is so many minutes ahead of UTC, as a browser says it; UTC if that is no such number."""
    text = minutes if isinstance(minutes, str) else ""
    ahead = int(text) if text.removeprefix("-").isdecimal() and len(text) < 6 else 0
    return timezone(timedelta(minutes=ahead)) if abs(ahead) <= FARTHEST else UTC
