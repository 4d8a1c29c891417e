"""One connection of a firmware to a wire that is served as a unix socket."""

import asyncio


class SocketPort(asyncio.Protocol):
    """Knows its connection, and is known in `connections` while that lives."""

    def __init__(self, connections: "set[SocketPort]") -> None:
        self._connections = connections
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a socket's is one
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._transport = None
        self._connections.discard(self)

    def send(self, data: bytes) -> None:
        """Hand bytes to whoever is there; nobody, no error."""
        if self._transport:
            self._transport.write(data)

    def cut_off(self) -> None:
        """End the connection at once."""
        if self._transport:
            self._transport.abort()
