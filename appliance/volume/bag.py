"""The files in a volume's root, which make it a BagIt 1.0 bag (RFC 8493) that explains itself.

They are the same in every form, but for the READMEs, which say how to read this very form, and so
for the READMEs' lines in the tag manifests.
"""

from collections.abc import Callable
from hashlib import new as new_digest

import msgspec

from appliance.volume.bag_readme import readme_en, readme_zh
from appliance.volume.document import (
    VOLUME_FORMAT,
    VOLUME_JSON,
    DigestRef,
    VolumeDocument,
    encode_document,
)
from appliance.volume.errors import VOLUME_TOO_LARGE, VolumeError
from appliance.volume.form import Form
from appliance.volume.plan import VolumePlan, plan_sha256
from appliance.volume.regions import FixedBytes, LateBytes, Lines, Region, padded
from appliance.volume.tree import Tree

READ_STEP = 2**19
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
README_EN, README_ZH = "README.txt", "README.zh.txt"
NAMES_JSON = "names.json"
NAMES_BYTES_MAX = 2**29


class TagFile:
    """A file in the bag's root: its name, how many bytes it has, and the region of its sectors."""

    def __init__(self, name: str, size_bytes: int, region: Region) -> None:
        self.name, self.size_bytes, self.region = name, size_bytes, region

    def digest(self, algorithm: str) -> str:
        digest = new_digest(algorithm)
        for offset in range(0, self.size_bytes, READ_STEP):
            digest.update(self.region.read(offset, min(READ_STEP, self.size_bytes - offset)))
        return digest.hexdigest()


def tag_files(tree: Tree, form: Form = Form.DISC) -> list[TagFile]:
    """All files of the bag's root, in the order in which they lie on the medium.

    Raises:
        VolumeError: 3002, there are too many aliases.
    """
    plan = tree.plan
    aliased = len(tree.aliased_folders) + len(tree.aliased_files)
    facts = plan.identity, len(plan.files), payload_bytes(plan), form
    files = [
        _fixed(README_EN, readme_en(*facts, aliased=bool(aliased)).encode()),
        _fixed(README_ZH, readme_zh(*facts, aliased=bool(aliased)).encode()),
        _fixed("bagit.txt", BAGIT),
        _fixed("bag-info.txt", _bag_info(plan).encode()),
        _fixed(VOLUME_JSON, _volume_json(plan, aliased)),
    ]
    if aliased:
        names = _names_json(tree)
        if names.size_bytes > NAMES_BYTES_MAX:
            raise VolumeError(VOLUME_TOO_LARGE, "too many names need an alias on one volume")
        files.append(names)
    files += [_manifest(tree, algorithm) for algorithm in plan.identity.digests]
    files += [_tag_manifest(list(files), algorithm) for algorithm in plan.identity.digests]
    return files


def manifest_name(algorithm: str) -> str:
    return f"manifest-{algorithm}.txt"


def tag_manifest_name(algorithm: str) -> str:
    return f"tagmanifest-{algorithm}.txt"


def payload_bytes(plan: VolumePlan) -> int:
    return sum(file.size_bytes for file in plan.files)


def _fixed(name: str, content: bytes) -> TagFile:
    return TagFile(name, len(content), FixedBytes(content, padded(len(content))))


def _lines(
    name: str, count: int, make: Callable[[int], bytes], length: Callable[[int], int]
) -> TagFile:
    region = Lines(count, make, length)
    return TagFile(name, region.text_bytes, region)


def _manifest(tree: Tree, algorithm: str) -> TagFile:
    files = tree.plan.files
    digests: Callable[[int], bytes] = (
        (lambda index: files[index].sha256)
        if algorithm == "sha256"
        else (lambda index: files[index].sm3)
    )

    def make(index: int) -> bytes:
        return f"{digests(index).hex()}  {tree.disc_path_of_file(index)}\n".encode()

    def length(index: int) -> int:
        path = tree.disc_path_of_file(index)
        return 67 + (len(path) if path.isascii() else len(path.encode()))

    return _lines(manifest_name(algorithm), len(files), make, length)


def _tag_manifest(files: list[TagFile], algorithm: str) -> TagFile:
    """Its length is known at once; the digests, which take a pass over the manifests, when read."""
    names = sorted(files, key=lambda file: file.name)
    size = sum(67 + len(file.name) for file in names)

    def content() -> bytes:
        return "".join(f"{file.digest(algorithm)}  {file.name}\n" for file in names).encode()

    return TagFile(tag_manifest_name(algorithm), size, LateBytes(content, size))


def _bag_info(plan: VolumePlan) -> str:
    identity = plan.identity
    payload = payload_bytes(plan)
    fields = (
        ("Source-Organization", identity.organisation),
        ("External-Identifier", identity.volume_id),
        (
            "External-Description",
            f"{identity.label} (fonds {identity.fonds}, series {identity.series})",
        ),
        ("Bagging-Date", identity.created_at.strftime("%Y-%m-%d")),
        ("Bag-Size", f"{payload} bytes"),
        ("Payload-Oxum", f"{payload}.{len(plan.files)}"),
        ("Bag-Software-Agent", f"Stele ({VOLUME_FORMAT})"),
    )
    return "".join(f"{key}: {' '.join(value.split())}\n" for key, value in fields if value)


def _volume_json(plan: VolumePlan, aliased: int) -> bytes:
    document = VolumeDocument(
        format=VOLUME_FORMAT,
        identity=plan.identity,
        plan_sha256=plan_sha256(plan),
        files=len(plan.files),
        payload_bytes=payload_bytes(plan),
        digests=tuple(DigestRef(name, manifest_name(name)) for name in plan.identity.digests),
        names=NAMES_JSON if aliased else None,
    )
    return encode_document(document)


def _names_json(tree: Tree) -> TagFile:
    """One JSON array, one line an entry, so that line tools read it too; folders first."""
    folders, files = tree.aliased_folders, tree.aliased_files
    count = len(folders) + len(files)

    def make(index: int) -> bytes:
        if index < len(folders):
            number = folders[index]
            path, name = tree.disc_path_of_folder(number), tree.paths[number]
        else:
            number = files[index - len(folders)]
            path, name = tree.disc_path_of_file(number), tree.plan.files[number].path
        entry = msgspec.json.encode({"disc": path, "name": name.rpartition("/")[2]})
        opening = b"[\n" if index == 0 else b""
        return opening + entry + (b",\n" if index < count - 1 else b"\n]\n")

    return _lines(NAMES_JSON, count, make, lambda index: len(make(index)))
