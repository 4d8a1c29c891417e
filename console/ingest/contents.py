"""Many contents in one stream: a tar archive, taken into an ingest as it comes."""

from collections.abc import Callable, Iterator

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path
from console.ingest.orders import Ingest
from console.ingest.reasons import code_of
from console.ingest.refusals import Refusal
from console.ingest.report import Tally
from console.ingest.session import Session
from console.ingest.tar import Kind, Member, TarStream
from console.store.landing import LandingError
from console.store.workspace import Workspace

_LEFT_OUT = {
    Kind.LINK: (3405, "a link is not followed"),
    Kind.DEVICE: (3406, "a device or pipe has no content to archive"),
    Kind.SPARSE: (3423, "a sparse file is not taken from a tar archive"),
}


def take_tar(workspace: Workspace, ingest: Ingest, read: Callable[[int], bytes]) -> Tally:
    """Take an archive's members in; returns what became of them.

    When it turns out to be damaged, broken off or too large, what had come whole by then stays.

    Raises:
        SteleError: 3414 the ingest is over; 3420, 3421, 3422 the archive.
        LandingError: 3412.
    """
    session = Session(workspace, ingest)
    most = workspace.config.ingest.files_at_once
    try:
        try:
            for count, member in enumerate(members := _Members(session, read), 1):
                if count > most:
                    raise SteleError(3422, f"the archive holds more than {most:,} files")
                members.take(member)
                session.flush_if_full()
        finally:
            # Also of an archive that breaks off: what came whole is not sent again.
            session.flush()
    finally:
        session.discard()
    return session.tally


class _Members:
    def __init__(self, session: Session, read: Callable[[int], bytes]) -> None:
        self._session = session
        self._arrangement = session.ingest.arrangement
        self._stream = TarStream(read)

    def __iter__(self) -> Iterator[Member]:
        return self._stream.members()

    def take(self, member: Member) -> None:
        if member.kind is Kind.FOLDER:
            self._take_folder(member)
            return
        self._session.tally.count(member.size_bytes)
        try:
            if member.kind is not Kind.FILE:
                raise SteleError(*_LEFT_OUT[member.kind])
            check_path(member.path)
            place, path = self._arrangement.place(member.path)
            self._session.look(place)
        except (SteleError, VolumeError) as error:
            self._refuse(member, error)
            return
        content = self._stream.content()
        self._session.take(place, path, member.mtime_ns, content, member.path)

    def _take_folder(self, member: Member) -> None:
        try:
            if member.path:
                check_path(member.path)
            if found := self._arrangement.folder(member.path):
                self._session.look(found[0])
                self._session.add_folder(*found, member.mtime_ns)
        except (SteleError, VolumeError) as error:
            self._refuse(member, error)

    def _refuse(self, member: Member, error: SteleError | VolumeError) -> None:
        if isinstance(error, LandingError):
            raise error
        path = member.path.replace("\0", "\u2400")[:4096]
        self._session.refuse(None, Refusal(path, code_of(error), error.message))
