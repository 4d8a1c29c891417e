"""The worked example of FORMAT.md, from a real image. Run as a module to print its blocks."""

import struct
from hashlib import sha256

from appliance.volume import (
    DossierRef,
    Image,
    PlanFile,
    PlanFolder,
    VolumePlan,
    encode_plan,
    make_plan,
)
from tests.appliance.volume.samples import CREATED_AT, identity, image_bytes, reader_of
from tests.appliance.volume.sealing import descriptors

CONTENTS = {
    "letters/1931-05-02.txt": b"Dear Sir,\n",
    "letters/50% off.txt": b"To the archive.\n",
}
_TAGS = {
    1: "primary volume descriptor",
    2: "anchor",
    4: "implementation use volume descriptor",
    5: "partition descriptor",
    6: "logical volume descriptor",
    7: "unallocated space descriptor",
    8: "terminating descriptor",
    9: "logical volume integrity descriptor",
    256: "file set descriptor",
    257: "list of a folder",
    261: "file entry",
}


def plan() -> VolumePlan:
    files = [
        PlanFile(path, len(content), -1_220_313_600_000_000_000, sha256(content).digest())
        for path, content in CONTENTS.items()
    ]
    who = identity(
        volume_id="example-1",
        label="F1-S2-0001",
        dossiers=(DossierRef("F1-S2-7", "Letters 1931 信函", "letters"),),
    )
    return make_plan(who, files, [PlanFolder("letters", int(CREATED_AT.timestamp() - 60) * 10**9)])


def blocks() -> dict[str, str]:
    """The text of each block by its title."""
    image = image_bytes(plan(), CONTENTS)
    entries = descriptors(image, 261)
    lists = descriptors(image, 257)
    return {
        "plan": b"".join(encode_plan(plan())).decode(),
        "sectors": "".join(_sectors(image)),
        "anchor": dump(image, 256 * 2048, 48),
        "file entry": dump(image, entries[-2], 184),
        "folder list": dump(image, lists[-1], 40 + 60 + 64),
        "volume.json": _tag_file(image, b'{\n "format"'),
        "names.json": _tag_file(image, b"[\n{"),
        "manifest-sha256.txt": _tag_file(image, sha256(b"Dear Sir,\n").hexdigest().encode()),
        "image": f"{Image(plan()).size_bytes} bytes, SHA-256 {sha256(image).hexdigest()}\n",
    }


def dump(image: bytes, start: int, length: int) -> str:
    """As `xxd -g1` shows it, with the offset in the image."""
    lines = []
    for at in range(start, start + length, 16):
        row = image[at : min(at + 16, start + length)]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}: {row.hex(' '):<47}  {text}\n")
    return "".join(lines)


def _tag_file(image: bytes, beginning: bytes) -> str:
    start = next(at for at in range(0, len(image), 2048) if image.startswith(beginning, at))
    return image[start : image.index(b"\0", start)].decode()


def _sectors(image: bytes) -> list[str]:
    contents = {
        tuple(extent): entry.disc_path
        for entry in reader_of(image).entries()
        if not entry.folder
        for extent in entry.extents
    }
    payload = {start // 2048: path for (start, _), path in contents.items()}
    return [
        f"{number:>5}  {payload.get(number) or _what(image[number * 2048 : (number + 1) * 2048])}\n"
        for number in range(len(image) // 2048)
        if any(image[number * 2048 : (number + 1) * 2048])
    ]


def _what(sector: bytes) -> str:
    kind, version = struct.unpack_from("<HH", sector)
    if kind in _TAGS and version == 2:
        return _TAGS[kind]
    if sector[1:6] in (b"CD001", b"BEA01", b"NSR02", b"TEA01"):
        return f"recognition: {sector[1:6].decode()}"
    if sector[0] == 1 and sector[1] == 0:
        return "ISO 9660 path table"
    if sector[0] == 34 and sector[32] == 1:
        return "ISO 9660 root folder"
    return "text: " + sector.split(b"\n", 1)[0].decode("utf-8", "replace")[:24]


if __name__ == "__main__":
    for title, text in blocks().items():
        print(f"--- {title}\n{text}")
