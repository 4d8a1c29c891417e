"""One console's data folder, and everything that is opened from it.

console.toml        settings
console.db          the store, unless `store.url` names another
landing/            the landing zone, unless `landing.url` names another
plans/              the encoded plan of each volume
delivered/          contents that came back from discs, kept for a while, unless
                    `landing.delivered_url` names another place; files that are coming back
policies/           the archive's own policies
token.key           signs appliances' content tokens and the pages' sessions
local.token         opens the REST API to commands on this machine
metrics/            how long requests took, one file a web process
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.config import ConsoleConfig, load_config
from console.store.engine import open_store
from console.store.landing import Landing, open_landing


@dataclass(frozen=True)
class Workspace:
    """What a command, the page or the worker works on. Parts are opened when first used."""

    data: Path
    config: ConsoleConfig

    @cached_property
    def shared(self) -> Path:
        """Where files are that all hosts of this console need: `store.folder`, or the data folder.

        These are the plans, what is being uploaded, the keys, and what has no URL of its own.
        """
        return self.data / Path(self.config.store.folder).expanduser()

    @cached_property
    def store(self) -> sa.Engine:
        """Raises SteleError 5400, 5401."""
        return open_store(self.config.store.url or f"sqlite:///{self.data / 'console.db'}")

    @cached_property
    def landing(self) -> Landing:
        """Raises LandingError 3412, 3447."""
        return self._open_landing(self.config.landing.url, "landing")

    @cached_property
    def delivered(self) -> Landing:
        """Raises LandingError 3412, 3447."""
        return self._open_landing(self.config.landing.delivered_url, "delivered")

    def _open_landing(self, url: str, folder: str) -> Landing:
        settings = self.config.landing
        return open_landing(
            url or str(self.shared / folder),
            endpoint_url=settings.endpoint_url,
            region=settings.region,
            key_file=self.data / settings.key_file if settings.key_file else None,
        )

    def plan_file(self, volume_id: str) -> Path:
        """Where the encoded plan of a volume is."""
        return self.shared / "plans" / f"{volume_id}.ndjson"

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.dispose()


def open_workspace(data: Path) -> Workspace:
    """Open a data folder; makes it if it is not there.

    Raises:
        SteleError: 5402 settings; 5403 the folder cannot be made or written.
    """
    data = data.expanduser().absolute()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SteleError(5403, f"the data folder {data} cannot be made: {error}") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise SteleError(5403, f"the data folder {data} may not be written")
    return Workspace(data, load_config(data))
