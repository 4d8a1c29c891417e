"""Who plays: for each profile, the cabinet of the demo and the rules by which it keeps copies."""

from dataclasses import dataclass

DISC, DISK, TAPE = "disc", "disk", "tape"
POLICY = "demo"


@dataclass(frozen=True)
class Cast:
    """One profile's part."""

    profile: str
    title: str
    options: tuple[str, ...]
    """Of `stele-sim cabinet`."""
    copies: dict[str, str]
    """Role to kind of medium."""
    blanks: int
    """Blank discs that the firmware has to know of before anything is archived."""
    prints: bool = False
    """The policy asks for printed labels."""
    has_person: bool = False
    """Somebody stands at the cabinet and follows its lights."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of medium that hold a copy of everything, in the order of the roles."""
        return tuple(dict.fromkeys(self.copies.values()))

    @property
    def policy(self) -> str:
        """The policy's file."""
        roles = ", ".join(f'"{role}"' for role in self.copies)
        media = ", ".join(f'{role} = "{kind}"' for role, kind in self.copies.items())
        rules = {
            "copies": f"[{roles}]",
            "digests": '["sha256"]',
            "release_landing": "true",
            "nominal_capacity_bytes": "25_025_314_816",
            "capacity_margin_bytes": "805_306_368",
            "label": '"{fonds}-{series}-{number:04d}"',
            "media": f"{{ {media} }}",
            "print_labels": "true" if self.prints else "false",
        }
        lines = [f'name = "{POLICY}"', "version = 1"]
        for name, value in rules.items():
            lines += ["", f"[{name}]", f"value = {value}", 'source = "the demo"']
        return "\n".join(lines) + "\n"


TWO_DISCS = {"use": DISC, "sealed": DISC}

CASTS = {
    cast.profile: cast
    for cast in (
        Cast(
            "desktop",
            "A desktop library (100 slots, 2 drives, turntable)",
            ("--discs", "30"),
            TWO_DISCS,
            30,
        ),
        Cast(
            "rack",
            "A rack library (200 slots, 4 drives, turntable, 8 bays)",
            ("--discs", "60", "--disks", "2"),
            {"use": DISC, "sealed": DISK},
            60,
        ),
        Cast(
            "hybrid",
            "A hybrid cabinet (200 slots, 4 drives, printer, 32 bays, tape unit)",
            ("--discs", "20", "--disks", "2", "--tapes", "2"),
            {"use": DISC, "sealed": DISK, "off-site": TAPE},
            20,
            prints=True,
        ),
        Cast(
            "disk-library",
            "A disk library (32 bays, every disk off until it is wanted)",
            ("--disks", "3"),
            {"use": DISK, "sealed": DISK},
            0,
        ),
        Cast(
            "disc-cabinet",
            "A disc cabinet (720 slots, each with light and sensor; a person carries)",
            ("--modules", "1", "--discs", "12"),
            TWO_DISCS,
            12,
            has_person=True,
        ),
        Cast(
            "pb-library",
            "A PB library (main node and one expansion node, 400 slots and 4 drives each)",
            ("--nodes", "2", "--discs", "20", "--spread"),
            TWO_DISCS,
            20,
        ),
    )
}
