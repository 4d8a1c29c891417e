"""Types for what comes in: each has bounds, so that nothing larger gets further.

A test refuses request and query structs with a text, number, list or time that has none.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Key = Annotated[str, Meta(min_length=1, max_length=128)]
"""An id or a name."""
Line = Annotated[str, Meta(max_length=1024)]
"""A text that a person reads in one go."""
Paragraph = Annotated[str, Meta(max_length=65_536)]
"""A longer text, such as a policy document."""
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A number of bytes or things; JavaScript holds it exactly."""
Instant = Annotated[datetime, Meta(tz=True)]
"""A time with its zone."""
