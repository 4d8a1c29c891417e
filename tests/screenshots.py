"""``make screenshots``: the pictures in the documents, drawn from the running product.

A simulated rack library archives two small fonds, then burns a third while the picture is taken.
"""

import random
import sys
from pathlib import Path

from tests.console.web.browser import Browser
from tests.journeys.fleet import Fleet, fleet

IMAGES = Path(__file__).parents[1] / "docs" / "images"
AT_WORK = "document.querySelectorAll('.drive.is-burning, .drive.is-verifying').length >= 4"
UNDER_WAY = "(document.body.innerText.match(/MB.s/g) || []).length >= 4"
LOADING, SLOW = 90.0, 2.0

_DONE = (("J012", "文书档案", 6), ("J012", "照片档案", 3), ("K207", "Building permits", 4))
_UNDER_WAY = (("J031", "会议记录", 5), ("K207", "Court files", 5))


def _write_series(folder: Path, dossiers: int, file_bytes: int, rng: random.Random) -> Path:
    for dossier in range(dossiers):
        place = folder / f"{1951 + dossier}"
        place.mkdir(parents=True)
        for item in range(12):
            (place / f"{item + 1:03d}.tif").write_bytes(rng.randbytes(file_bytes))
    return folder


def _archive(
    running: Fleet, work: Path, series: tuple[tuple[str, str, int], ...], size: int
) -> None:
    rng = random.Random(1949)
    for fonds, name, dossiers in series:
        source = _write_series(work / fonds / name, dossiers, size, rng)
        running.ask("ingest", str(source), "--fonds", fonds, "--series", name)
    running.ask("plan")
    running.ask("approve", "latest")


def main() -> None:
    """Write every picture into docs/images."""
    with fleet(discs=96) as running:
        running.start()
        _archive(running, running.folder / "done", _DONE, 40_000)
        running.ask("jobs", "--watch")
        running.run_at(LOADING)
        _archive(running, running.folder / "now", _UNDER_WAY, 12_000_000)
        url = str(running.ask("status")["page_url"])
        with Browser((1280, 970), scale=1.5, wait_s=90) as browser:
            browser.open(url)
            browser.wait_for(AT_WORK)
            running.run_at(SLOW)
            browser.wait_for(f"{AT_WORK} && {UNDER_WAY}")
            browser.picture(IMAGES / "console.png")
    print(f"drawn: {IMAGES / 'console.png'}", file=sys.stderr)


if __name__ == "__main__":
    main()
