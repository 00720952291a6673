"""The dashboard of the review: how it goes, day by day, what is missed, and which model answered."""

from collections.abc import Sequence

from kgqa.chat.desk import Figures, Missed, Version
from kgqa.chat.explain import number
from kgqa.chat.frame import address, moment
from kgqa.chat.markup import escape, shorten
from kgqa.chat.plot import Series, bars, lines

PERIODS = (7, 30, 90, 365)


def dashboard(figures: Figures, days: int) -> str:
    """All plots and tables of so many days."""
    asked = [day.day for day in figures.days]
    columns = list(zip(*((d.answered, d.abstained, d.up, d.down, d.p50, d.p95) for d in figures.days), strict=True))
    answered, abstained, up, down, middle, slow = columns
    questions = bars(
        "Questions a day", asked, (Series("answered", "good", answered), Series("“I don’t know”", "mute", abstained))
    )
    thumbs = bars("Thumbs a day", asked, (Series("up", "good", up), Series("down", "bad", down)))
    latency = lines(
        "Time of an answer", asked, (Series("half of them", "good", middle), Series("95 of 100", "bad", slow)), "ms"
    )
    return (
        f"<h1>Dashboard</h1>{_periods(days)}{_tiles(figures)}"
        f'<div class="plots">{questions}{thumbs}{latency}</div>'
        f'<div class="plots">{_missed("Most-missed relations", figures.relations)}'
        f"{_missed('Most-missed entities', figures.entities)}</div>{_versions(figures.versions)}"
        '<p class="small">Days are those of UTC. Missed is an answer with a thumb down, or none at all.</p>'
    )


def _periods(days: int) -> str:
    links = "".join(
        f'<a href="{address("/dashboard", {"days": str(period)})}"{" aria-current=true" if period == days else ""}>'
        f"{period} days</a>"
        for period in PERIODS
    )
    return f'<nav class="periods" aria-label="Period">{links}</nav>'


def _tiles(figures: Figures) -> str:
    answered, abstained = (sum(getattr(day, name) for day in figures.days) for name in ("answered", "abstained"))
    up, down = (sum(getattr(day, name) for day in figures.days) for name in ("up", "down"))
    asked = answered + abstained
    tiles = (
        ("questions", number(asked)),
        ("answered", _share(answered, asked)),
        ("thumbs up", _share(up, up + down)),
        ("wait for review", number(figures.pending)),
    )
    return f'<dl class="tiles">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in tiles)}</dl>'


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "–"


def _missed(title: str, missed: Sequence[Missed]) -> str:
    most = max((each.count for each in missed), default=1)
    rows = "".join(
        f'<tr><th scope="row">{escape(shorten(each.label, 60))}</th><td class="bar"><svg width="100%" height="10" '
        f'aria-hidden="true"><rect class="bad" width="{100 * each.count / most:.0f}%" height="10" rx="3"></rect></svg>'
        f'</td><td class="amount">{each.count:,}</td></tr>'
        for each in missed
    )
    table = f'<table class="missed">{rows}</table>' if rows else "<p>Nothing was missed in this time.</p>"
    return f'<figure class="plot"><figcaption>{title}</figcaption>{table}</figure>'


def _versions(versions: Sequence[Version]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(shorten(each.name, 40))}</th><td>{moment(each.since)}</td>'
        f"<td>{each.answered + each.abstained:,}</td><td>{_share(each.answered, each.answered + each.abstained)}</td>"
        f"<td>{each.up:,}</td><td>{each.down:,}</td></tr>"
        for each in versions
    )
    heads = "".join(f'<th scope="col">{n}</th>' for n in ("Version", "Since", "Questions", "Answered", "Up", "Down"))
    inside = f"<table class='versions'><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    shown = f'<div class="scroll" tabindex="0">{inside}</div>' if rows else "<p>Nothing was asked in this time.</p>"
    return f'<figure class="plot wide"><figcaption>Model versions</figcaption>{shown}</figure>'
