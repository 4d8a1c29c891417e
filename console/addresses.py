"""Where a running console is reached: written by `stele-console up`, read by everything else.

The file stands in the data folder as long as it holds addresses; it says where the console was
the last time, not that it runs now.
"""

import os
from pathlib import Path

import msgspec

FILE_NAME = "addresses.json"


class Addresses(msgspec.Struct, frozen=True):
    """URLs of the page, of the content for appliances, and of the MQTT broker."""

    page_url: str
    content_url: str
    broker_url: str


def read_addresses(data: Path) -> Addresses | None:
    """The addresses of the console of this data folder, or None if none was ever started."""
    try:
        return msgspec.json.decode((data / FILE_NAME).read_bytes(), type=Addresses)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_addresses(data: Path, addresses: Addresses) -> None:
    """Replace the file in one step, so that no reader ever sees half of it."""
    draft = data / f".{FILE_NAME}.{os.getpid()}"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(addresses)) + b"\n")
    draft.replace(data / FILE_NAME)
