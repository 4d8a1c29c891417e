"""Hundreds of mutated discs are extracted: the command ends by itself and writes only inside."""

from pathlib import Path
from random import Random

from click.testing import CliRunner

from appliance.volume.tool.cli import main
from tests.appliance.volume.samples import image_bytes, plan_of
from tests.appliance.volume.sealing import reseal

CONTENTS = {"d1/a.txt": b"first" * 100, "d1/sub/c.txt": b"third", "d1/100%.txt": b"alias"}


def test_mutated_discs_never_write_outside_nor_crash(tmp_path: Path) -> None:
    """Seeded; 120 discs, every changed descriptor sealed so that it passes the checks."""
    good = image_bytes(plan_of(CONTENTS, {"d1/empty": 0}), CONTENTS)
    used = [at for at in range(0, len(good), 2048) if any(good[at : at + 2048])]
    random = Random(7)
    runner = CliRunner()
    (tmp_path / "canary").write_bytes(b"untouched")
    for number in range(120):
        mutant = bytearray(good)
        for _ in range(random.randrange(1, 12)):
            sector = random.choice(used)
            at = sector + random.randrange(16, 240)
            mutant[at : at + 3] = random.choice((b"../", b"\0\0\0", b"\xff\xff\xff", b"..\0"))
            reseal(mutant, sector)
        image, out = tmp_path / "mutant.img", tmp_path / "box" / f"out-{number}"
        image.write_bytes(mutant)
        for command in (["extract", str(image), str(out)], ["verify", str(image)]):
            done = runner.invoke(main, command)
            assert done.exit_code in (0, 1), (number, done.exception)
            assert done.exception is None or isinstance(done.exception, SystemExit)
    outside = {path.name for path in tmp_path.iterdir()}
    assert outside == {"canary", "mutant.img", "box"}
    assert all(path.name.startswith("out-") for path in (tmp_path / "box").iterdir())
    assert (tmp_path / "canary").read_bytes() == b"untouched"
