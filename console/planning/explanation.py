"""Why a plan is as it is: every disc, every dossier without one, what may go wrong. Pure."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from appliance.contract.states import MediumKind
from console.planner.package import PackageSize
from console.planner.packing import PackedVolume
from console.planner.reasons import Reason
from console.planner.too_large import advise
from console.planning.capacity import Blanks, CapacityChoice
from console.planning.changes import Changes
from console.rules.problems import Problem


class CopyPlace(Struct, frozen=True):
    """Where one copy goes, and why there; without an appliance, why nowhere and what would help."""

    role: str
    medium_kind: MediumKind
    pool: str = ""
    appliance: str | None = None
    site: str = ""
    seconds: float = 0.0
    """How long it takes a drive."""
    ends_s: float = 0.0
    """When it is done, from the beginning of the plan."""
    shares: bool = False
    """Another copy of the volume is in that appliance, for want of another place."""
    reason: str = ""
    advice: str = ""
    pinned: bool = False
    """A person chose the appliance."""


class Cost(Struct, frozen=True):
    """What a plan takes. Hours are reckoned from when it begins, with the fleet as it is."""

    media: dict[MediumKind, int] = {}
    """Media by kind: a disc for each copy, of disks and tapes the copies on them."""
    drive_hours: float = 0.0
    hours: float = 0.0
    """Until the last copy is verified."""
    hours_at_least: float = 0.0
    """Nobody could be done earlier."""
    copies_placed: int = 0
    """Copies that these hours are of."""
    speeds_measured: bool = False
    """Every appliance's speed is known from its own past jobs."""


class VolumeExplanation(Struct, frozen=True):
    """One disc of a plan. `reason` says why these dossiers share it."""

    volume_id: str
    label: str
    fonds: str
    series: str
    dossiers: int
    files: int
    payload_bytes: int
    image_size_bytes: int
    capacity_bytes: int
    copies: int
    reason: str
    other_media: dict[MediumKind, int] = {}
    """How many of the copies are on something else than a disc."""
    namespace: str = "default"
    grouping: str = ""
    """What its dossiers share beside fonds and series."""
    places: list[CopyPlace] = []
    """Where each copy goes."""
    reasons: list[str] = []
    """Every decision that made this disc what it is."""

    @property
    def discs(self) -> int:
        """The discs that its copies take."""
        return self.copies - sum(self.other_media.values())

    @property
    def fill(self) -> float:
        """The part of the disc that the image takes, 0…1."""
        return self.image_size_bytes / self.capacity_bytes


class TooLarge(Struct, frozen=True):
    """A dossier that no disc can hold whole, and what would help."""

    package_id: str
    fonds: str
    series: str
    dossier: str
    needs_bytes: int
    room_bytes: int
    largest_file_bytes: int
    code: int
    advice: str


class Explanation(Struct, frozen=True):
    """Everything that was decided. `lower_bound` discs are needed whatever one does, per copy."""

    volumes: list[VolumeExplanation] = []
    too_large: list[TooLarge] = []
    discs: int = 0
    lower_bound: int = 0
    blanks: int = 0
    capacity: list[str] = []
    warnings: list[str] = []
    problems: list[Problem] = []
    """What the rules say of this plan and this fleet."""
    groups: list[str] = []
    """How many discs each series takes, beside how many it must take."""
    cost: Cost = Cost()
    changes: Changes = Changes()
    because: list[str] = []
    """Why it takes the place of the plan before it; empty for a first revision."""


def explain_volume(
    volume: PackedVolume,
    volume_id: str,
    label: str,
    image_size_bytes: int,
    kinds: Sequence[MediumKind],
    *,
    reasons: Sequence[Reason],
) -> VolumeExplanation:
    """Describe one volume; `kinds` are the media of its copies."""
    free_bytes = volume.capacity_bytes - image_size_bytes
    count = len(volume.packages)
    what = f"{count} dossier{'s' if count != 1 else ''} of {volume.group.words}"
    return VolumeExplanation(
        volume_id=volume_id,
        label=label,
        fonds=volume.fonds,
        series=volume.series,
        dossiers=count,
        files=sum(package.files for package in volume.packages),
        payload_bytes=sum(package.size_bytes for package in volume.packages),
        image_size_bytes=image_size_bytes,
        capacity_bytes=volume.capacity_bytes,
        copies=len(kinds),
        reason=f"{what}, each whole; {free_bytes} bytes stay free",
        other_media=dict(Counter(kind for kind in kinds if kind is not MediumKind.DISC)),
        namespace=volume.group.namespace,
        grouping=volume.group.shared,
        reasons=[reason.words for reason in reasons],
    )


def explain_too_large(
    package: PackageSize, choice: CapacityChoice, largest_file_bytes: int
) -> TooLarge:
    """Say how much too large a dossier is, and what would make it fit."""
    advice = advise(package, choice.sectors, largest_file_bytes)
    return TooLarge(
        package.package_id,
        package.fonds,
        package.series,
        package.dossier,
        advice.needs_bytes,
        advice.room_bytes,
        largest_file_bytes,
        5201,
        advice.words,
    )


def warnings_of(volumes: Sequence[VolumeExplanation], blanks: Blanks) -> list[str]:
    """What the person who approves should know."""
    discs = sum(volume.discs for volume in volumes)
    if blanks.count >= discs:
        return []
    return [f"the plan takes {discs} blank discs, and the fleet reports {blanks.count}"]
