"""A contact, switch or detector on one input."""

from collections.abc import Callable

from hal.drivers.line.state import state_of
from hal.transports.interfaces import InputLine


class LineContact:
    """`Contact`: active when its line is; the polarity is the line's."""

    verified = "simulator"

    def __init__(self, name: str, line: InputLine) -> None:
        self._name = name
        self._line = line

    @property
    def name(self) -> str:
        return self._name

    def is_active(self) -> bool:
        """How it stands now.

        Raises:
            HalError: 1020 the line cannot be read; 1010 to 1014 its expander cannot.
        """
        return state_of(self._line, self._name)

    def watch(self, changed: Callable[[bool], None]) -> None:
        """As `Contact`. A line that cannot be read any more tells nothing: ask as well."""
        self._line.watch(changed)

    def close(self) -> None:
        self._line.close()
