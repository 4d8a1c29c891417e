"""Take the README's picture of a running console.

    PYTHONPATH=. .venv/bin/python docs/images/take_picture.py http://127.0.0.1:8480/

Waits until a drive burns or verifies, so that the picture shows work, and gives up when none does
within `--wait` seconds. Needs chromium and chromedriver.
"""

import argparse
from pathlib import Path

from tests.console.web.browser import Browser

AT_WORK = "document.querySelectorAll('.drive.is-burning, .drive.is-verifying').length >= {drives}"
UNDER_WAY = "document.querySelector('.drive .fill[width]')?.width.baseVal.value > 20"


def main() -> None:
    """Write the picture beside this file, or where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("console.png"))
    parser.add_argument("--drives", type=int, default=1, help="how many must be at work")
    parser.add_argument("--wait", type=float, default=60, help="seconds")
    parser.add_argument("--dark", action="store_true")
    wanted = parser.parse_args()
    with Browser((1280, 970), scale=1.5, dark=wanted.dark, wait_s=wanted.wait) as browser:
        browser.open(wanted.url)
        browser.wait_for(f"{AT_WORK.format(drives=wanted.drives)} && {UNDER_WAY}")
        browser.picture(wanted.out)


if __name__ == "__main__":
    main()
