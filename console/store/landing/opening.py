"""Which kind of landing zone a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from console.store.landing.base import Landing, LandingError
from console.store.landing.folder import FolderLanding


def open_landing(
    url: str, *, endpoint_url: str = "", region: str = "", key_file: Path | None = None
) -> Landing:
    """A folder's path or ``file://`` URL, or ``s3://bucket/prefix``; the rest is for S3 alone.

    Raises:
        LandingError: 3412 the folder cannot be made; 3447 the URL or the key file is no good.
    """
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme == "s3":
        # Reading a service's description takes a quarter of a second that a folder need not wait.
        from console.store.landing.s3 import S3Landing  # noqa: PLC0415
        from console.store.landing.s3_place import S3Access, S3Place  # noqa: PLC0415

        return S3Landing(S3Place(url, S3Access(endpoint_url, region, key_file)))
    if scheme in ("", "file"):
        return FolderLanding(Path(unquote(urlsplit(url).path) if scheme else url))
    message = f"a landing zone is a folder or s3://bucket/prefix; {scheme}:// is not known"
    raise LandingError(3447, message)
