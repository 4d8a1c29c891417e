"""The kinds of value that settings have."""

from typing import Annotated

from msgspec import Meta

Level = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Timeout = Annotated[float, Meta(gt=0, le=3600)]
Text = Annotated[str, Meta(min_length=1, max_length=1024)]
Command = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=32)]
"""A program with its leading arguments."""
