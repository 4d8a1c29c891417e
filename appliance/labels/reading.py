"""Reading whichever label is on a disc. Needs OpenCV: imported in the child process only.

An inventory does not know which label to expect, so sharpness and direction do not matter while the
code can be read.
"""

from pathlib import Path

from appliance.contract.errors import SteleError
from appliance.labels.check import SIDE_PX, check_label, ink_of, read_code
from appliance.labels.disc_finder import cut_out_disc, load_picture

BARE_MOST = 0.005
"""Part of the ring that may be dark on a disc that bears nothing: noise, scratches, a maker's mark.
The smallest label, a code alone, has 0.018."""
_SAID_BETTER = (3273, 3274)


def read_label(frame_path: str, label_path: str, code: str) -> str:
    """The content of the code on the disc. `label_path` need not exist.

    Raises:
        SteleError: 3275 black, 3278 unusable, 3276 no disc, 3270 no label, 3273 smeared, 3274
            turned, 3271 the code cannot be read.
    """
    disc = cut_out_disc(load_picture(frame_path), SIDE_PX)
    found, _ = read_code(disc)
    if found:
        return found
    printed = float(ink_of(disc).mean())
    if printed < BARE_MOST:
        raise SteleError(3270, "there is no label on the disc", f"{printed:.1%} of it is printed")
    if Path(label_path).is_file():
        try:
            return check_label(frame_path, label_path, code).code
        except SteleError as error:
            if error.code in _SAID_BETTER:
                raise
    raise SteleError(3271, "the QR code on the label cannot be read")
