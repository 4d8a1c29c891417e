"""What is on a disc: plan, image, stream, verification, reading. Pure: nothing here does I/O.

`appliance.volume.tool` does, and nothing else here imports it. FORMAT.md describes the bytes.
"""

from appliance.volume.errors import VolumeError
from appliance.volume.image import Image
from appliance.volume.plan import (
    DossierRef,
    Identity,
    PlanFile,
    PlanFolder,
    VolumePlan,
    decode_plan,
    encode_plan,
    make_plan,
    plan_sha256,
)
from appliance.volume.reader import VolumeReader
from appliance.volume.sizing import FIXED_SECTORS, package_sectors
from appliance.volume.stream import ImageStream
from appliance.volume.verifier import ImageVerifier, VerifyReport

__all__ = [
    "FIXED_SECTORS",
    "DossierRef",
    "Identity",
    "Image",
    "ImageStream",
    "ImageVerifier",
    "PlanFile",
    "PlanFolder",
    "VerifyReport",
    "VolumeError",
    "VolumePlan",
    "VolumeReader",
    "decode_plan",
    "encode_plan",
    "make_plan",
    "package_sectors",
    "plan_sha256",
]
