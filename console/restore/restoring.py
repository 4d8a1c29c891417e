"""Bringing files back into a folder: what is at hand at once, the rest as discs deliver it.

Every file is checked against its digest while it is written and appears only when it is whole.
A file that is there already and right is left alone, so that a restore can be run again.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.tool.destination import Destination
from console.catalogue.selection import Chosen, ChosenFile, choose
from console.overview.worker import WorkerWatch
from console.restore.layout import below, places
from console.restore.report import (
    RestoreFailure,
    RestoreOrder,
    RestoreProgress,
    RestoreReport,
    Tally,
)
from console.retrieval.requests import create_request
from console.store.engine import reading
from console.store.landing import CHUNK_BYTES, Landing
from console.store.schema import request_files
from console.store.states import RequestFileState
from console.store.workspace import Workspace

POLL_S = 0.3


@dataclass(slots=True)
class _Target:
    file: ChosenFile
    path: str


def restore(
    workspace: Workspace,
    order: RestoreOrder,
    progress: Callable[[RestoreProgress], None] = lambda _: None,
) -> RestoreReport:
    """Bring files back; returns when each is written, was there, or failed.

    Raises:
        SteleError: 5412 nothing of it is archived; 5410 no worker runs, 5411 nothing came in time:
            what was written stays, and running it again goes on.
        VolumeError: 3109 the destination cannot be made.
    """
    with reading(workspace.store).connect() as connection:
        chosen = choose(connection, order.selection)
    with Destination(order.to, overwrite=order.overwrite) as destination:
        return _Restore(workspace, order, destination, chosen, progress).run()


class _Restore:
    def __init__(
        self,
        workspace: Workspace,
        order: RestoreOrder,
        destination: Destination,
        chosen: Chosen,
        progress: Callable[[RestoreProgress], None],
    ) -> None:
        self._workspace = workspace
        self._order = order
        self._destination = destination
        self._chosen = chosen
        self._progress = progress
        self._places = places(chosen.packages)
        self._request_id: str | None = None
        self._settled = 0
        self._tally = Tally(len(chosen.files), sum(file.size_bytes for file in chosen.files))

    def run(self) -> RestoreReport:
        self._make_folders()
        missing = [target for target in self._targets() if not self._is_there(target)]
        self._fetch([target for target in missing if not self._take_at_hand(target)])
        self._set_folder_times()
        return self._tally.report(self._request_id)

    def _targets(self) -> Iterator[_Target]:
        """In the order of packages and paths, so that neighbours are written together."""
        for file in sorted(self._chosen.files, key=lambda f: (self._places[f.package_id], f.path)):
            yield _Target(file, below(self._places[file.package_id], file.path))

    def _is_there(self, target: _Target) -> bool:
        """Whether the destination holds the right file already; a wrong one is in the way."""
        try:
            found = self._destination.sha256_of(target.path)
        except VolumeError as error:
            return self._fail(target, error)
        if found is not None and found.hex() == target.file.sha256:
            self._tally.files_there += 1
            self._report(target, "there already")
            return True
        return False

    def _take_at_hand(self, target: _Target) -> bool:
        """Whether the landing zone had it; it may have let go of it a moment ago."""
        landing = self._workspace.landing
        if self._order.reads_media or not target.file.in_landing_zone:
            return False
        if landing.size(target.file.sha256) is None:
            return False
        self._write(target, landing, "landing zone")
        return True

    def _write(self, target: _Target, source: Landing, stage: str) -> None:
        try:
            chunks = self._counted(_checked(source, target.file), target, stage)
            self._destination.write_file(target.path, chunks, target.file.mtime_ns)
        except (SteleError, VolumeError) as error:
            self._fail(target, error)
            return
        self._tally.files_written += 1
        self._tally.bytes_written += target.file.size_bytes
        self._report(target, stage)

    def _counted(self, chunks: Iterator[bytes], target: _Target, stage: str) -> Iterator[bytes]:
        """Show how a large file comes back."""
        done = 0
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            if done < target.file.size_bytes:
                self._progress(self._tally.progress(stage, done))

    def _fail(self, target: _Target, error: SteleError | VolumeError) -> bool:
        self._tally.fail(RestoreFailure(target.path, error.code, error.message))
        self._report(target, "failed")
        return True

    def _report(self, target: _Target, stage: str) -> None:
        self._tally.bytes_done += target.file.size_bytes
        self._show(stage)

    def _show(self, stage: str) -> None:
        self._progress(self._tally.progress(stage))

    def _fetch(self, targets: list[_Target]) -> None:
        """Ask for files that are on discs, and write each as soon as it was delivered."""
        if not targets:
            return
        waiting = {target.file.file_id: target for target in targets}
        self._request_id = create_request(
            self._workspace.store,
            list(waiting),
            self._order.selection.text,
            from_media=self._order.reads_media,
            medium_kind=self._order.medium_kind,
        )
        watch = WorkerWatch(self._workspace.data, self._order.wait_s)
        while True:
            for file_id, state, code in self._news(set(waiting)):
                target = waiting.pop(file_id)
                if state == RequestFileState.READY:
                    self._write(target, self._delivered(target.file), "delivered")
                else:
                    self._fail(target, SteleError(code or 5300, "no disc could deliver it"))
            if not waiting:
                return
            self._show("waiting for the discs")
            watch.check(len(waiting))
            time.sleep(POLL_S)

    def _news(self, waiting: set[str]) -> list[tuple[str, str, int | None]]:
        """Files of the request that are ready or failed by now."""
        settled = (request_files.c.request_id == self._request_id) & (
            request_files.c.state != RequestFileState.WAITING
        )
        columns = (request_files.c.file_id, request_files.c.state, request_files.c.error_code)
        with reading(self._workspace.store).connect() as connection:
            count = connection.scalar(sa.select(sa.func.count()).where(settled)) or 0
            if count == self._settled:
                return []
            rows = connection.execute(sa.select(*columns).where(settled)).all()
        self._settled = count
        return [(row[0], row[1], row[2]) for row in rows if row[0] in waiting]

    def _delivered(self, file: ChosenFile) -> Landing:
        if self._workspace.delivered.size(file.sha256) is not None:
            return self._workspace.delivered
        return self._workspace.landing

    def _make_folders(self) -> None:
        for package_id, path, _ in self._chosen.folders:
            place = below(self._places[package_id], path)
            if place:
                self._destination.make_folder(place)

    def _set_folder_times(self) -> None:
        """Inner folders first: writing into a folder changes its time."""
        times = {
            below(self._places[package_id], path): mtime_ns
            for package_id, path, mtime_ns in self._chosen.folders
        }
        for place in sorted(times, key=lambda place: -place.count("/")):
            if place:
                self._destination.set_folder_mtime(place, times[place])
        if "" in times:
            os.utime(self._order.to, ns=(times[""], times[""]))


def _checked(source: Landing, file: ChosenFile) -> Iterator[bytes]:
    """A file's content, and an error at its end when it is not what was archived.

    Raises:
        SteleError: 3401 it is gone; 5413 it has another digest.
    """
    digest = hashlib.sha256()
    with source.open(file.sha256) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != file.sha256:
        raise SteleError(5413, "its content no longer has the digest that was archived")
