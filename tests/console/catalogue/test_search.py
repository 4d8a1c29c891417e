"""Finding: in Chinese and English, whatever the case or width, with the place of every copy."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.catalogue.search import Found, find
from console.catalogue.selection import Selection, choose
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.planning.decision import approve
from console.planning.proposal import propose
from console.store.engine import reading
from console.store.schema import blobs, copies, packages
from console.store.workspace import Workspace, open_workspace

TREE = {
    "会议纪要/2025年第一次.PDF": "a",
    "会议纪要/附件/Straße.txt": "b",
    "Minutes/Summary 100%.txt": "c",
    "Minutes/under_score.txt": "d",
    "ＦＵＬＬ/１.txt": "e",
    "loose.txt": "f",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    tmp_path = tmp_path_factory.mktemp("search")
    for name, content in TREE.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    opened = open_workspace(tmp_path / "data")
    ingest(opened, IngestOrder(tmp_path / "source", "J001", "永久"))
    yield opened
    opened.close()


def search(workspace: Workspace, text: str, limit: int = 50) -> Found:
    with reading(workspace.store).connect() as connection:
        return find(connection, text, limit)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("第一次", ["2025年第一次.PDF"]),
        ("pdf", ["2025年第一次.PDF"]),
        ("STRASSE", ["附件/Straße.txt"]),
        ("summary", ["Summary 100%.txt"]),
        ("100%", ["Summary 100%.txt"]),
        ("under_score", ["under_score.txt"]),
        ("minutes summary", ["Summary 100%.txt"]),
        ("summary minutes", ["Summary 100%.txt"]),
        ("full 1", ["１.txt"]),
        ("会议 附件", ["附件/Straße.txt"]),
        ("nothing like it", []),
        ("   ", []),
    ],
)
def test_files_are_found_by_words_of_their_paths(
    workspace: Workspace, text: str, paths: list[str]
) -> None:
    assert [hit.path for hit in search(workspace, text).files] == paths


@pytest.mark.parametrize(
    ("text", "dossiers"),
    [
        ("会议", ["会议纪要"]),
        ("MINUTES", ["Minutes"]),
        ("full", ["ＦＵＬＬ"]),
        ("j001 纪要", ["会议纪要"]),
    ],
)
def test_dossiers_are_found_by_title_series_and_fonds(
    workspace: Workspace, text: str, dossiers: list[str]
) -> None:
    found = search(workspace, text)
    assert [hit.dossier for hit in found.dossiers] == dossiers
    assert not found.more


def test_a_limit_says_that_there_is_more(workspace: Workspace) -> None:
    found = search(workspace, "txt", limit=2)
    assert (len(found.files), found.more) == (2, True)


def test_where_every_copy_lies_is_shown(workspace: Workspace) -> None:
    assert search(workspace, "loose").files[0].in_landing_zone
    approve(workspace, propose(workspace).plan_id, "me")
    with workspace.store.begin() as connection:
        use = copies.c.role == "use"
        connection.execute(
            copies.update()
            .where(use)
            .values(state="verified", appliance="north/rack-1", slot="s007", medium_id="m7")
        )
        connection.execute(blobs.update().values(state="released"))
    (hit,) = search(workspace, "loose").files
    assert not hit.in_landing_zone
    found = {copy.role: (copy.state, copy.appliance, copy.slot, copy.label) for copy in hit.copies}
    assert found == {
        "use": ("verified", "north/rack-1", "s007", "J001-永久-0001"),
        "sealed": ("planned", None, None, "J001-永久-0001"),
    }


def chosen(workspace: Workspace, selection: Selection) -> tuple[set[str], set[str]]:
    with reading(workspace.store).connect() as connection:
        found = choose(connection, selection)
    prefix = {key: package.restore_prefix for key, package in found.packages.items()}
    return (
        {f"{prefix[f.package_id]}/{f.path}".strip("/") for f in found.files},
        {f"{prefix[p]}/{path}".strip("/") for p, path, _ in found.folders},
    )


def test_everything_is_chosen_with_its_folders(workspace: Workspace) -> None:
    files, folders = chosen(workspace, Selection())
    assert files == set(TREE)
    assert folders == {"", "会议纪要", "会议纪要/附件", "Minutes", "ＦＵＬＬ"}


@pytest.mark.parametrize(
    ("selection", "files"),
    [
        (Selection(dossier="Minutes"), {n for n in TREE if n.startswith("Minutes")}),
        (Selection(fonds="J001", series="永久"), set(TREE)),
        (Selection(names=("会议纪要/附件",)), {"会议纪要/附件/Straße.txt"}),
        (Selection(names=("会议纪要/附件/",)), {"会议纪要/附件/Straße.txt"}),
        (Selection(names=("Minutes",)), {n for n in TREE if n.startswith("Minutes")}),
        (
            Selection(names=("Minutes", "Minutes/under_score.txt", "loose.txt")),
            {n for n in TREE if n.startswith("Minutes")} | {"loose.txt"},
        ),
    ],
)
def test_what_is_named_is_chosen_once(
    workspace: Workspace, selection: Selection, files: set[str]
) -> None:
    assert chosen(workspace, selection)[0] == files


def test_a_file_is_chosen_by_its_id(workspace: Workspace) -> None:
    file_id = search(workspace, "loose").files[0].file_id
    assert chosen(workspace, Selection(names=(file_id,))) == ({"loose.txt"}, set())


@pytest.mark.parametrize("selection", [Selection(fonds="X"), Selection(names=("nowhere/x",))])
def test_nothing_found_is_an_error(workspace: Workspace, selection: Selection) -> None:
    with pytest.raises(SteleError, match="5412"):
        chosen(workspace, selection)


def test_an_unfinished_ingest_is_not_offered(workspace: Workspace) -> None:
    with workspace.store.begin() as connection:
        title = packages.c.dossier == "Minutes"
        connection.execute(packages.update().where(title).values(state="open"))
    with pytest.raises(SteleError, match="5412"):
        chosen(workspace, Selection(dossier="Minutes"))
    with workspace.store.begin() as connection:
        connection.execute(packages.update().where(title).values(state="planned"))


def test_the_key_of_a_search_is_the_key_of_the_store(workspace: Workspace) -> None:
    with reading(workspace.store).connect() as connection:
        keys = set(connection.scalars(sa.select(packages.c.search_key)))
    assert "j001\n永久\nfull" in keys
