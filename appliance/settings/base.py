"""Who the appliance is, and how it reaches its console."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.settings.values import Level, Text, Timeout

UNREADABLE_SECRET = 5008

SCHEMES = {"mqtt": 1883, "mqtts": 8883}


class ApplianceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who this appliance is and where it keeps its state."""

    id: Annotated[Level, Meta(description="Name of the appliance, unique in its site.")]
    site: Annotated[Level, Meta(description="Site where it stands: a failure domain.")]
    state_dir: Annotated[
        Path, Meta(description="Folder of the journal, the catalogue and the waiting events.")
    ]
    profile: Annotated[Text, Meta(description="Model of the appliance.")] = "rack"


class BrokerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The MQTT broker through which the console is reached."""

    url: Annotated[Text, Meta(description="`mqtt://HOST[:PORT]`, or `mqtts://` for TLS.")]
    username: Annotated[str, Meta(description="User at the broker; empty for none.")] = ""
    password_file: Annotated[
        Path | None, Meta(description="File whose first line is the password at the broker.")
    ] = None
    ca_file: Annotated[
        Path | None, Meta(description="Certificates to trust with `mqtts`; the system's if unset.")
    ] = None
    keepalive_s: Annotated[
        int,
        Meta(ge=5, le=3600, description="A link silent for one and a half times this is dead."),
    ] = 30
    timeout_s: Annotated[
        Timeout, Meta(description="How long the broker may take for one answer.")
    ] = 10.0
    retry_longest_s: Annotated[
        Timeout, Meta(description="Longest pause between two attempts to connect.")
    ] = 30.0

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or SCHEMES[parts.scheme]

    @property
    def tls(self) -> bool:
        return urlsplit(self.url).scheme == "mqtts"

    def password(self) -> str | None:
        """The password, read now.

        Raises:
            SteleError: 5008 the file cannot be read.
        """
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text("utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise SteleError(
                UNREADABLE_SECRET,
                f"the broker's password file {self.password_file} cannot be read",
                type(error).__name__,
            ) from error


class ContentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Fetching what is to be burned and delivering what was read, over HTTP."""

    connect_timeout_s: Annotated[
        Timeout, Meta(description="How long the console may take to accept a connection.")
    ] = 10.0
    idle_timeout_s: Annotated[
        Timeout, Meta(description="A stream that brings nothing for so long is broken.")
    ] = 60.0


class TelemetrySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How often the picture of the appliance is sent."""

    shortest_s: Annotated[
        Timeout, Meta(description="Shortest time between two pictures of one group.")
    ] = 0.5
    longest_s: Annotated[
        Timeout, Meta(description="A picture is sent at least this often, changed or not.")
    ] = 10.0


class EventSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The events kept on the disk."""

    retention_events: Annotated[
        int,
        Meta(ge=100, description="Events that stay for replay after the broker has taken them."),
    ] = 20_000


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least level that is shown.")
    ] = "info"
