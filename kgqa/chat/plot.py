"""Plots of days as inline SVG: stacked bars and lines, with a title, a description and the same in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kgqa.chat.explain import number
from kgqa.chat.markup import escape

WIDTH, HEIGHT = 600, 150  # of the drawing; it is stretched to the space there is, and its words stand outside


@dataclass(frozen=True)
class Series:
    """What is plotted: its name, its colour's class, and a value for each day (None: there is none)."""

    name: str
    css: str
    values: tuple[float | None, ...]


def bars(title: str, days: Sequence[date], series: Sequence[Series], unit: str = "") -> str:
    """Bars for each day, the series on top of one another."""
    tops = [sum(each.values[place] or 0 for each in series) for place in range(len(days))]
    most = nice(max(tops, default=0))
    drawn = "".join(_bar(place, day, series, most, len(days)) for place, day in enumerate(days))
    return _figure(title, days, series, most, drawn, unit)


def lines(title: str, days: Sequence[date], series: Sequence[Series], unit: str = "") -> str:
    """A line for each series; days without a value are left out of it."""
    most = nice(max((value for each in series for value in each.values if value is not None), default=0))
    drawn = "".join(_line(each, most, len(days)) for each in series)
    return _figure(title, days, series, most, drawn, unit)


def nice(most: float) -> float:
    """A round number that is no less, for the top of an axis."""
    if most <= 0:
        return 1
    size: float = 1
    while size * 10 <= most:
        size *= 10
    while size > most and size > 1e-6:
        size /= 10
    return next(step * size for step in (1, 2, 4, 5, 6, 8, 10) if step * size >= most)


def _bar(place: int, day: date, series: Sequence[Series], most: float, count: int) -> str:
    step = WIDTH / count
    left, width, base = place * step + step * 0.12, step * 0.76, float(HEIGHT)
    parts, told = [], []
    for each in series:
        value = each.values[place] or 0
        told.append(f"{each.name} {number(value)}")
        height = HEIGHT * value / most
        base -= height
        if value:
            place_ = f'x="{left:.1f}" y="{base:.1f}" width="{width:.1f}" height="{height:.1f}"'
            parts.append(f'<rect class="{each.css}" {place_}></rect>')
    area = f'<rect class="area" x="{place * step:.1f}" y="0" width="{step:.1f}" height="{HEIGHT}"></rect>'
    return f"<g><title>{day:%Y-%m-%d}: {escape(', '.join(told))}</title>{area}{''.join(parts)}</g>"


def _line(series: Series, most: float, count: int) -> str:
    step = WIDTH / count
    points = [
        (place * step + step / 2, HEIGHT - HEIGHT * value / most)
        for place, value in enumerate(series.values)
        if value is not None
    ]
    path = " L ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    line = f'<path class="line {series.css}" d="M {path}"></path>' if len(points) > 1 else ""
    # A dot is a line of no length with round ends, which stays round when the drawing is stretched.
    dots = "".join(f'<path class="dot {series.css}" d="M {x:.1f} {y:.1f} h 0.01"></path>' for x, y in points)
    return line + dots


def _figure(title: str, days: Sequence[date], series: Sequence[Series], most: float, drawn: str, unit: str) -> str:
    name = "plot-" + "".join(letter for letter in title.lower() if letter.isalnum())
    grid = "".join(f'<path class="grid" d="M 0 {HEIGHT * part / 2:.0f} H {WIDTH}"></path>' for part in (0, 1, 2))
    description = "; ".join(_told(each, unit) for each in series)
    keys = "".join(f'<span><i class="{each.css}"></i>{escape(each.name)}</span>' for each in series)
    scale = "".join(f"<span>{escape(number(most * part))}</span>" for part in (1, 0.5, 0))
    middle = days[len(days) // 2] if len(days) > 2 else None
    dates = "".join(f"<span>{day:%d %b}</span>" for day in (days[0], middle, days[-1]) if day)
    unit_note = f' <span class="unit">{escape(unit)}</span>' if unit else ""
    return (
        f'<figure class="plot"><figcaption>{escape(title)}{unit_note}</figcaption><p class="legend">{keys}</p>'
        f'<div class="plotted"><div class="scale" aria-hidden="true">{scale}</div>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-labelledby="{name} {name}-d"><title id="{name}">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>{grid}{drawn}</svg>'
        f'<div class="dates" aria-hidden="true">{dates}</div></div>{_table(title, days, series)}</figure>'
    )


def _told(series: Series, unit: str) -> str:
    known = [value for value in series.values if value is not None]
    if not known:
        return f"{series.name}: nothing yet"
    return f"{series.name}: from {number(min(known))} to {number(max(known))} {unit}".strip()


def _table(title: str, days: Sequence[date], series: Sequence[Series]) -> str:
    heads = "".join(f'<th scope="col">{escape(each.name)}</th>' for each in series)
    rows = "".join(
        f'<tr><th scope="row">{day:%Y-%m-%d}</th>'
        + "".join(f"<td>{_cell(each.values[place])}</td>" for each in series)
        + "</tr>"
        for place, day in reversed(list(enumerate(days)))
    )
    caption = f'<caption class="hidden">{escape(title)}</caption>'
    table = f'<table>{caption}<thead><tr><th scope="col">Day</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<details><summary>As a table</summary><div class="scroll" tabindex="0">{table}</div></details>'


def _cell(value: float | None) -> str:
    return "–" if value is None else escape(number(value))
