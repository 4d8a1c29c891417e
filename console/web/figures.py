"""Quantities as people read them. Sizes and speeds are decimal, as discs are sold."""

from datetime import datetime

from markupsafe import Markup

from console.web.words import Translate

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(size_bytes: float | None) -> str:
    """``24.6 GB``; a dash for an unknown one."""
    if size_bytes is None:
        return "–"
    value, unit = float(size_bytes), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or value >= 100 else 1
    return f"{value:,.{digits}f} {_UNITS[unit]}"


def speed(bytes_per_s: float | None) -> str:
    """``27.0 MB/s``; empty for an unknown one."""
    return "" if bytes_per_s is None else f"{size(bytes_per_s)}/s"


def count(number: int | None) -> str:
    """``12,345``; a dash for an unknown one."""
    return "–" if number is None else f"{number:,}"


def several(number: int, one: str, many: str, translate: Translate) -> str:
    """A number with its noun, which English gives a plural: the phrases name it ``{n}``."""
    return translate(one if number == 1 else many, n=count(number))


def percent(fraction: float | None) -> str:
    """``42 %``, never 100 before the end nor 0 after the beginning; empty for an unknown one."""
    if fraction is None:
        return ""
    return "< 1 %" if 0 < fraction < 0.01 else f"{int(fraction * 100)} %"


def duration(seconds: float | None, translate: Translate) -> str:
    """The two greatest units of a duration; empty for an unknown one."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return translate("{h} h {m} min", h=hours, m=minutes)
    if minutes:
        return translate("{m} min {s} s", m=minutes, s=rest)
    return translate("{s} s", s=rest)


def stamp(at: datetime | None) -> Markup:
    """A time as UTC; the page's script shows it in the reader's own zone."""
    if at is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%Y-%m-%d %H:%M")
    )


def ago(at: datetime | None) -> Markup:
    """A time that the page's script keeps showing as an age."""
    if at is None:
        return Markup("–")
    return Markup('<time class="ago" datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%H:%M:%S UTC")
    )
