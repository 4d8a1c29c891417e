"""How many appliances, how much they say, and what goes wrong on the way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """What `stele-sim fleet` is told. Shares are of 1; rates are of one appliance."""

    appliances: int = 100
    site_count: int = 4
    seed: int = 1
    connections: int = 4
    """TCP connections that share the appliances."""
    alone: int = 0
    """Appliances with a connection and a last will of their own."""
    slots: int = 20
    events_per_hour: float = 60.0
    telemetry_every_s: float = 10.0
    """0 is none."""
    status_every_s: float = 60.0
    outbox: int = 0
    """Events that wait in every outbox at the start, and arrive at once."""
    history: int = 20_000
    """Events that an appliance can replay."""
    drop_outs_per_hour: float = 0.0
    away_s: float = 30.0
    duplicates: float = 0.0
    """Share of events that are sent twice."""
    reordering: float = 0.0
    """Share of events that come after the one that follows them."""
    losses: float = 0.0
    """Share of events that never reach the broker until they are asked for."""
    job_s: float = 5.0
    """How long a job takes that a command asked for."""

    def __post_init__(self) -> None:
        """Raises ValueError, which names the option."""
        for name, least, most in (
            ("appliances", 1, 100_000),
            ("site_count", 1, 10_000),
            ("connections", 1, 64),
            ("alone", 0, 500),
            ("slots", 1, 5_200),
            ("outbox", 0, 100_000),
            ("history", 1, 1_000_000),
            ("events_per_hour", 0, 1e6),
            ("drop_outs_per_hour", 0, 1e6),
            ("duplicates", 0, 1),
            ("reordering", 0, 1),
            ("losses", 0, 1),
            ("telemetry_every_s", 0, 86_400),
            ("status_every_s", 0.1, 86_400),
            ("away_s", 0, 86_400),
            ("job_s", 0, 86_400),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} is from {least:g} to {most:g}")
        if self.alone > self.appliances:
            raise ValueError("alone is at most appliances")
