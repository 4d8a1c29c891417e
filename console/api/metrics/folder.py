"""Where the web processes of one server count their requests together.

Imports nothing of prometheus_client, which looks for the folder when it is first imported.
"""

import os
import shutil
from pathlib import Path

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare_folder(data: Path, port: int) -> None:
    """An empty folder for the server that is about to start; its processes inherit it.

    Counts begin at zero with the server, as Prometheus expects of one that was started again.
    """
    folder = data / "metrics" / str(port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER_VARIABLE] = os.fspath(folder.absolute())
