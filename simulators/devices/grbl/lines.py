"""What GRBL does with each received byte: realtime commands, ring buffer, line clean-up."""

from dataclasses import dataclass, field

RX_BUFFER_BYTES = 128
LINE_BUFFER_CHARS = 80
"""Room for a line and its terminator: a line over 79 characters overflows."""

RESET = 0x18
REALTIME = frozenset((RESET, ord("?"), ord("~"), ord("!")))


def is_realtime(byte: int) -> bool:
    """Whether the byte is picked off at once and never buffered (all bytes above 0x7F are)."""
    return byte in REALTIME or byte > 0x7F


@dataclass
class LineReader:
    """Collects one line: drops blanks, control characters, `/` and comments; raises case."""

    chars: list[str] = field(default_factory=list)
    overflow: bool = False
    comment: str = ""

    def push(self, byte: int) -> bool:
        """Take one byte; return whether the line is complete."""
        char = chr(byte)
        if char in "\r\n":
            return True
        if self.comment or self.overflow:
            if char == ")" and self.comment == "(":
                self.comment = ""
        elif char <= " " or char == "/":
            pass
        elif char in "(;":
            self.comment = char
        elif len(self.chars) >= LINE_BUFFER_CHARS - 1:
            self.overflow = True
        else:
            self.chars.append(char.upper())
        return False

    def take(self) -> str | None:
        """Return the cleaned line, or None when it overflowed, and start the next one."""
        line = None if self.overflow else "".join(self.chars)
        self.__init__()  # type: ignore[misc]  # a fresh line forgets everything
        return line
