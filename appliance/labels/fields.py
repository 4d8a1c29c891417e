"""What is written on one label."""

import unicodedata

import msgspec

from appliance.contract.errors import SteleError

TEXT_MAX = 500
"""Characters of one field. More is no label but a text, whatever the template."""
CODE_MAX = 200
"""Characters of the QR code: more cannot be read from a disc at arm's length."""


class LabelFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields that a template may show. All may be empty but the code."""

    code: str
    """The content of the QR code: what the disc is, for a machine."""
    title: str = ""
    series: str = ""
    date: str = ""
    text: str = ""
    """Free text, such as the organisation's name."""


def clean(fields: LabelFields) -> LabelFields:
    """The fields as they are drawn: composed characters, one space for any white space.

    Raises:
        SteleError: 3266 a text is too long; 3277 the code is empty or too long.
    """
    code = fields.code.strip()
    if not code or len(code) > CODE_MAX:
        raise SteleError(
            3277,
            "the label's QR code cannot be made",
            f"its text has {len(code)} characters; 1 to {CODE_MAX} are possible",
        )
    return LabelFields(
        code=code,
        title=_text("title", fields.title),
        series=_text("series", fields.series),
        date=_text("date", fields.date),
        text=_text("text", fields.text),
    )


def _text(name: str, value: str) -> str:
    if len(value) > TEXT_MAX:
        raise SteleError(
            3266,
            f"the field {name!r} is too long for a label",
            f"it has {len(value)} characters; {TEXT_MAX} are the most",
        )
    return " ".join(unicodedata.normalize("NFC", value).split())
