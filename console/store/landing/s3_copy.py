"""Copying within an S3 store: the bytes do not come here."""

from concurrent.futures import Executor
from typing import Any

from console.store.landing.base import LandingError
from console.store.landing.s3_place import NoSuchKeyError, S3Place

WHOLE_MAX_BYTES = 5 << 30
"""S3 copies no more with one request."""
PART_BYTES = 512 << 20


def copy_object(
    place: S3Place, threads: Executor, key: str, to: str, size_bytes: int, *, brisk: bool = False
) -> None:
    """Copy an object; not called by one of `threads` when it is larger than one request takes.

    Raises:
        LandingError: 3412 it is gone; 3443 to 3447.
    """
    source = {"Bucket": place.bucket, "Key": key}
    try:
        if size_bytes <= WHOLE_MAX_BYTES:
            place.call("copy_object", brisk=brisk, Key=to, CopySource=source)
        else:
            _copy_in_parts(place, threads, source, to, size_bytes)
    except NoSuchKeyError as error:
        message = f"the landing zone cannot be written: {key} is gone before it was committed"
        raise LandingError(3412, message) from error


def _copy_in_parts(
    place: S3Place, threads: Executor, source: dict[str, str], to: str, size_bytes: int
) -> None:
    upload_id = place.call("create_multipart_upload", Key=to)["UploadId"]
    try:
        copying = [
            threads.submit(
                place.call,
                "upload_part_copy",
                Key=to,
                UploadId=upload_id,
                PartNumber=place_in_order,
                CopySource=source,
                CopySourceRange=f"bytes={start}-{min(start + PART_BYTES, size_bytes) - 1}",
            )
            for place_in_order, start in enumerate(range(0, size_bytes, PART_BYTES), 1)
        ]
        parts: list[dict[str, Any]] = [
            {"PartNumber": number, "ETag": copied.result()["CopyPartResult"]["ETag"]}
            for number, copied in enumerate(copying, 1)
        ]
        place.call(
            "complete_multipart_upload",
            Key=to,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
        )
    except BaseException:
        place.call("abort_multipart_upload", brisk=True, Key=to, UploadId=upload_id)
        raise
