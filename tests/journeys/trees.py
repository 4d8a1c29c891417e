"""Folders as archives really get them, and worse."""

import os
import random
from pathlib import Path

BEFORE_1970_NS = -86_400 * 365 * 30 * 10**9
AFTER_2038_NS = 86_400 * 365 * 90 * 10**9


def make_awkward_tree(root: Path) -> Path:
    """Names, times and shapes that break lesser tools; about 3 MB in some 60 files."""
    rng = random.Random(7)
    files: dict[bytes, bytes] = {
        b"loose.txt": b"beside the dossiers\n",
        "会议记录/一九五三年/第一次.txt".encode(): "纪要\n".encode() * 100,
        "会议记录/empty.bin".encode(): b"",
        b"case/Report.TXT": b"upper",
        b"case/report.txt": b"lower",
        "norm/caf\u00e9".encode(): b"composed",
        "norm/cafe\u0301".encode(): b"decomposed",
        b"odd/new\nline": b"1",
        b"odd/percent%41": b"2",
        b"odd/not-utf8-\xff\xfe": b"3",
        b"odd/back\\slash: and trailing dot.": b"4",
        b"long/" + b"x" * 255: b"255 bytes of name",
        b"long/" + "界".encode() * 85: b"255 bytes in Chinese",
        b"long/" + b"y" * 252 + "界".encode(): b"does not fit into a UDF name",
        b"big/random.bin": rng.randbytes(2_000_003),
        b"deep/" + b"d/" * 60 + b"leaf": b"sixty folders down",
    }
    for number in range(40):
        files[b"many/%03d.dat" % number] = rng.randbytes(rng.randrange(20_000))
    for name, content in files.items():
        path = os.path.join(os.fsencode(root), name)  # noqa: PTH118 - pathlib has no bytes
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(content)
    (root / "empty" / "inside").mkdir(parents=True)
    os.utime(root / "case" / "Report.TXT", ns=(0, BEFORE_1970_NS))
    os.utime(root / "case" / "report.txt", ns=(0, AFTER_2038_NS))
    os.utime(root / "empty" / "inside", ns=(0, 10**18))
    return root


def make_plain_tree(root: Path, *, dossiers: int, files: int, file_bytes: int) -> Path:
    """Dossiers of random files, reproducible."""
    rng = random.Random(11)
    for dossier in range(dossiers):
        folder = root / f"dossier-{dossier:03d}"
        folder.mkdir(parents=True)
        for number in range(files):
            (folder / f"{number:04d}.bin").write_bytes(rng.randbytes(file_bytes))
    return root
