"""An I2C bus: who hears a message, and what the host gets when several answer.

The lines are open drains: any chip can pull them down, none can push them up. So an address
is acknowledged when any chip acknowledges it, and when two chips send at once the host
reads a 1 only where both let go: the bitwise AND of both.

Not modelled: the time that bits take, arbitration between several hosts, clock stretching.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from simulators.devices.i2c.message import SILENCE, Answer, Message
from simulators.devices.i2c.seat import ABSENT
from simulators.devices.tca9548a import Tca9548a


class Node(Protocol):
    """Something soldered to a bus."""

    def hear(self, now_s: float, address: int, message: Message) -> list[Answer]:
        """Answers of all chips at or behind this node that have this address."""
        ...

    def stop(self) -> None:
        """The host ended its transfer."""
        ...


class Segment:
    """Nodes on the same two wires."""

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self.nodes: list[Node] = list(nodes)

    def hear(self, now_s: float, address: int, message: Message) -> list[Answer]:
        return [answer for node in self.nodes for answer in node.hear(now_s, address, message)]

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def transfer(self, now_s: float, messages: Sequence[tuple[int, Message]]) -> list[Answer]:
        """Carry messages that follow one another by repeated starts, then stop.

        The first one that nobody acknowledges is the last: the host gives up there.
        """
        answers = []
        for address, message in messages:
            answers.append(_join(self.hear(now_s, address, message)))
            if not answers[-1].acknowledged:
                break
        self.stop()
        return answers


class Branches:
    """A multiplexer with what hangs on its channels. With the fault `chip-absent` on it nobody
    answers there, nor behind it.
    """

    def __init__(
        self,
        address: int,
        has: Callable[[str], bool] = lambda fault: False,  # noqa: ARG005
    ) -> None:
        self.address = address
        self._has = has
        self.chip = Tca9548a()
        self.channels = tuple(Segment() for _ in range(8))

    def hear(self, now_s: float, address: int, message: Message) -> list[Answer]:
        if self._has(ABSENT):
            return []
        answers = []
        if address == self.address:
            answers.append(self.chip.update(now_s, message, None))
        for segment in self._joined():
            answers += segment.hear(now_s, address, message)
        return answers

    def stop(self) -> None:
        for segment in self._joined():
            segment.stop()
        self.chip.stop()

    def _joined(self) -> list[Segment]:
        mask = self.chip.channels
        return (
            [one for number, one in enumerate(self.channels) if mask >> number & 1] if mask else []
        )


def _join(answers: list[Answer]) -> Answer:
    """What the host sees of several answers at once."""
    taken = [answer for answer in answers if answer.acknowledged]
    if len(taken) < 2:
        return taken[0] if taken else SILENCE
    data = bytearray(taken[0].data)
    for other in taken[1:]:
        for at, byte in enumerate(other.data):
            data[at] &= byte
    return Answer(acknowledged=True, data=bytes(data))
