"""How the work of several workers is divided: into parts, each of which is a lease.

The appliances are divided into shares by their names. A worker hears every message of the broker,
keeps those of its shares and lets the others fall before it reads them: MQTT 3.1.1 knows no shared
subscriptions, and those that some brokers have would tear an appliance's events apart. What nobody
heard while a share changed hands comes again: events because of the gap that they leave, commands
until they are answered, pictures because the next one replaces them.
"""

from zlib import crc32

SHARES = 16
GIVING_OUT = "giving-out"
"""Serving requests, giving copies to appliances."""
CHECKING = "checking"
"""Bringing back contents, and finding what is to be checked."""
HOUSEKEEPING = "housekeeping"

PARTS = (*(f"share-{n:02}" for n in range(SHARES)), GIVING_OUT, CHECKING, HOUSEKEEPING)


def share_of(site: str, name: str) -> str:
    """The share that an appliance belongs to: the same in every process and release."""
    return PARTS[crc32(f"{site}/{name}".encode()) % SHARES]


def share_of_topic(topic: str) -> str:
    """The share of the appliance that speaks on a topic; a topic of nobody has one too."""
    _, _, site, name, *_ = [*topic.split("/", 4), "", "", "", ""]
    return share_of(site, name)
