"""Sectors are known without a layout: never too few, and nearly exact."""

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.volume import (
    FIXED_SECTORS,
    DossierRef,
    Image,
    PlanFile,
    PlanFolder,
    make_plan,
    package_sectors,
)
from tests.appliance.volume.samples import AWKWARD_NAMES, identity
from tests.appliance.volume.test_image import NAMES

PATHS = st.lists(st.one_of(NAMES, st.sampled_from(AWKWARD_NAMES)), min_size=1, max_size=4).map(
    "/".join
)
DOSSIERS = st.dictionaries(
    NAMES, st.dictionaries(PATHS, st.integers(0, 10**7), max_size=6), max_size=5
)


@given(DOSSIERS, st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_sum_is_never_less_than_the_image(
    dossiers: dict[str, dict[str, int]], sm3: bool
) -> None:
    digests = ("sha256", "sm3") if sm3 else ("sha256",)
    files, folders, bound, refs = [], [], FIXED_SECTORS, []
    for folder, sizes in dossiers.items():
        kept = {p: n for p, n in sizes.items() if not any(q.startswith(f"{p}/") for q in sizes)}
        files += [
            PlanFile(f"{folder}/{path}", size, 0, bytes(32), bytes(32) if sm3 else b"")
            for path, size in kept.items()
        ]
        folders.append(PlanFolder(folder, 0))
        refs.append(DossierRef("\1" * 256, "\1" * 512, folder))
        bound += package_sectors(kept.items(), folder=folder, digests=digests)
    who = identity(
        dossiers=tuple(refs),
        digests=digests,
        fonds="\1" * 512,
        series="件" * 512,
        organisation="\U0001f600" * 512,
        label="\1" * 256,
    )
    assert Image(make_plan(who, files, folders)).size_bytes <= bound * 2048


def test_the_bound_is_within_one_percent_of_a_real_disc() -> None:
    entries = [
        (f"{d:04}/{n:04}.tif", 300_000 + d * n % 7_000) for d in range(50) for n in range(40)
    ]
    plan = make_plan(identity(), [PlanFile(path, size, 0, bytes(32)) for path, size in entries])
    bound = FIXED_SECTORS
    for d in range(50):
        inside = [(path, size) for path, size in entries if path.startswith(f"{d:04}/")]
        bound += package_sectors(inside, digests=("sha256",))
    sectors = Image(plan).size_bytes // 2048
    assert sectors <= bound <= sectors * 1.01
