"""The label of a volume: from a policy's template, never longer than a disc has room for. Pure."""

import re
import string
from collections.abc import Iterator

Part = tuple[str, str | None, str | None, str | None]
"""Of a template: text before, field, format, conversion."""

LABEL_FIELDS = ("fonds", "series", "year", "records_year", "retention", "number")
LABEL_CHARACTERS_MAX = 60
"""What a disc's label may hold, in UDF's 16-bit characters, with room to spare."""
RETENTION_CHARACTERS_MAX = 12

_NUMBERS = ("year", "number")
_NO_FORMAT = re.compile("")
_NUMBER_FORMAT = re.compile(r"(0?[1-9])?d?", re.ASCII)


def make_label(
    template: str,
    fonds: str,
    series: str,
    year: int,
    number: int,
    *,
    records_year: int | None = None,
    retention: str = "",
) -> str:
    """A volume's label; fonds and series are shortened where a disc has no room for them.

    `year` is that of the plan, `records_year` that of its packages where the policy groups by year.
    """
    rest = {
        "year": year,
        "number": number,
        "records_year": "" if records_year is None else str(records_year),
        "retention": retention[:RETENTION_CHARACTERS_MAX],
    }
    room = LABEL_CHARACTERS_MAX - len(template.format(fonds="", series="", **rest))
    short_series = series[: max(1, room - min(len(fonds), room // 2))]
    short_fonds = fonds[: max(1, room - len(short_series))]
    return template.format(fonds=short_fonds, series=short_series, **rest)


def template_problem(template: str) -> str:
    """What is wrong with a template, in words; empty when it can be used. It may be hostile."""
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        return str(error)
    return next(_problems(template, parts), "")


def _problems(template: str, parts: list[Part]) -> Iterator[str]:
    names = [name for _, name, _, _ in parts]
    if not set(names) <= set(LABEL_FIELDS):
        yield f"may hold only {', '.join(f'{{{name}}}' for name in LABEL_FIELDS)}"
    for _, name, form, conversion in parts:
        # A width of a thousand million would be one long label.
        allowed = _NUMBER_FORMAT if name in _NUMBERS else _NO_FORMAT
        if conversion or not allowed.fullmatch(form or ""):
            yield f"{{{name}}} may have no format but a number's width, such as {{number:04d}}"
    if "number" not in names:
        yield "needs {number}, or two discs would bear one label"
    if names.count("fonds") > 1 or names.count("series") > 1:
        yield "names {fonds} or {series} twice"
    shortest = template.format(
        fonds="",
        series="",
        year=9999,
        number=999_999,
        records_year=9999,
        retention="x" * RETENTION_CHARACTERS_MAX,
    )
    if len(shortest) > LABEL_CHARACTERS_MAX - 2:
        yield f"leaves no room for names in {LABEL_CHARACTERS_MAX} characters"
