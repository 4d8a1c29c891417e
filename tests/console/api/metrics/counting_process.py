"""A web process of its own for the tests: answers some requests, then says what /metrics tells."""

import sys
from pathlib import Path

from console.api.metrics.folder import FOLDER_VARIABLE


def main(data: Path, requests: int) -> None:
    from console.access.local import ensure_local_token
    from console.api.v1.application import create_api
    from console.store.workspace import open_workspace

    workspace = open_workspace(data)
    client = create_api(workspace).test_client()
    token = {"Authorization": f"Bearer {ensure_local_token(data)}"}
    for _ in range(requests):
        client.get("/api/v1/jobs", headers=token)
    sys.stdout.write(client.get("/metrics", headers=token).text)
    workspace.close()


if __name__ == "__main__":
    import os

    os.environ[FOLDER_VARIABLE] = sys.argv[3]
    main(Path(sys.argv[1]), int(sys.argv[2]))
