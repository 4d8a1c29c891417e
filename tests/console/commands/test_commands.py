"""The commands as a person and a script meet them: words, JSON, exit codes."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.cli import main
from console.commands.frame import shown
from console.rules.policy_text import default_text

COMMANDS = list(main.list_commands(None))  # type: ignore[arg-type]


class Archivist:
    """Types commands at a console whose data folder is empty at first."""

    def __init__(self, tmp_path: Path) -> None:
        self.data = tmp_path / "data"
        self.source = tmp_path / "source"
        for name in ("会议/一.txt", "会议/二.txt", "minutes/1.txt", "loose.txt"):
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)

    def type(self, *words: str | Path) -> Result:
        argv = ["--data", str(self.data), *map(str, words)]
        return CliRunner().invoke(main, argv, catch_exceptions=False)

    def ask(self, *words: str | Path, code: int = 0) -> Any:
        result = self.type(*words, "--json")
        assert result.exit_code == code, result.output
        assert result.stderr == ""
        return json.loads(result.stdout)

    def ingest(self, code: int = 0) -> Any:
        return self.ask("ingest", self.source, "--fonds", "J1", "--series", "S", code=code)


@pytest.fixture
def archivist(tmp_path: Path) -> Archivist:
    return Archivist(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_offers_json(archivist: Archivist, command: str) -> None:
    result = archivist.type(command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_the_way_in_and_out_again_in_json(archivist: Archivist, tmp_path: Path) -> None:
    taken = archivist.ingest()
    assert (taken["files_taken"], len(taken["packages"]), taken["refusals"]) == (4, 3, [])
    plan = archivist.ask("plan")
    assert (plan["plan_id"], plan["explanation"]["discs"]) == ("plan-1", 2)
    assert archivist.ask("approve", "1") == {"plan_id": "plan-1", "state": "approved"}
    assert archivist.ask("plans")["plans"][0]["state"] == "approved"
    work = archivist.ask("jobs")
    assert [copy["role"] for copy in work["copies"]] == ["use", "sealed"]
    found = archivist.ask("find", "一")
    assert [hit["path"] for hit in found["files"]] == ["一.txt"]
    status = archivist.ask("status")
    assert status["archive"]["files"] == 4
    assert (status["broker_url"], status["worker_running"]) == (None, False)
    restored = archivist.ask("restore", "--all", "--to", tmp_path / "out")
    assert restored["files_written"] == 4
    compared = subprocess.run(["diff", "-r", archivist.source, tmp_path / "out"], check=False)
    assert compared.returncode == 0


def test_the_way_in_and_out_again_in_words(archivist: Archivist, tmp_path: Path) -> None:
    folder = archivist.source
    assert "4 files" in archivist.type("ingest", folder, "--fonds", "J1", "--series", "S").stdout
    assert "stele-console approve plan-1" in archivist.type("plan").stdout
    assert "plan-1 is approved" in archivist.type("approve", "latest", "--by", "me").stdout
    assert "me" in archivist.type("plans").stdout
    assert "2 copies wait" in archivist.type("jobs").stdout
    assert "J1 / S / 会议" in archivist.type("find", "会议").stdout
    assert "4 files" in archivist.type("status").stdout
    out = tmp_path / "out"
    assert "1 files" in archivist.type("restore", "minutes/1.txt", "--to", out).stdout
    assert (out / "minutes" / "1.txt").read_text() == "minutes/1.txt"
    assert "GB/T 18894-2002" in archivist.type("policies").stdout
    assert "nothing was left out" in archivist.type("refused").stdout


def test_refused_files_make_it_partly_done(archivist: Archivist) -> None:
    (archivist.source / "minutes" / "link").symlink_to("1.txt")
    taken = archivist.ingest(code=3)
    assert [(r["path"], r["code"]) for r in taken["refusals"]] == [("minutes/link", 3405)]
    assert archivist.ask("refused")["refusals"] == taken["refusals"]
    assert archivist.ask("refused", taken["ingest_id"])["source"] == str(archivist.source)
    result = archivist.type("ingest", archivist.source, "--fonds", "J1", "--series", "S")
    assert result.exit_code == 3
    assert "3405  minutes/link" in result.stdout


def test_a_dossier_for_no_disc_makes_the_plan_partly_done(archivist: Archivist) -> None:
    with (archivist.source / "minutes" / "big").open("wb") as file:
        file.truncate(80 << 20)
    small = default_text().replace("25_025_314_816", "60_000_000").replace("805_306_368", "0")
    policy = archivist.data / "policies" / "small.toml"
    policy.parent.mkdir(parents=True)
    policy.write_text(small.replace('name = "default"', 'name = "small"'), "utf-8")
    source = archivist.source
    archivist.ask("ingest", source, "--fonds", "J1", "--series", "S", "--policy", "small")
    plan = archivist.ask("plan", code=3)
    (refused,) = plan["explanation"]["too_large"]
    assert (refused["dossier"], refused["code"]) == ("minutes", 5201)
    assert [volume["dossiers"] for volume in plan["explanation"]["volumes"]] == [2]
    archivist.ask("reject", "latest")
    assert "a blank disc of at least" in archivist.type("plan").stdout


@pytest.mark.parametrize(
    ("words", "code", "number"),
    [
        (["plan"], 1, 5202),
        (["approve", "plan-7"], 1, 5205),
        (["restore", "--all", "--to", "x"], 1, 5412),
        (["ingest", "/nowhere", "--fonds", "F", "--series", "S"], 1, 3410),
        (["ingest", ".", "--fonds", "F", "--series", "S", "--policy", "no"], 1, 5204),
        (["refused", "in-1"], 1, 5412),
        (["policies", "../x"], 1, 5204),
    ],
)
def test_a_failure_has_its_number_and_what_to_do(
    archivist: Archivist, words: list[str], code: int, number: int
) -> None:
    error = archivist.ask(*words, code=code)["error"]
    assert error["code"] == number
    assert error["message"]
    assert error["action"]
    result = archivist.type(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert f"error {number}: " in result.stderr


def test_a_failure_is_told_in_chinese_where_the_terminal_is(
    archivist: Archivist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "请先导入文件夹" in archivist.type("plan").stderr


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "."],
        ["restore", "--to", "x"],
        ["restore", "--all", "--series", "S", "--to", "x"],
        ["nonsense"],
        ["find"],
    ],
)
def test_wrong_usage_is_2(archivist: Archivist, words: list[str]) -> None:
    assert archivist.type(*words).exit_code == 2


def test_finding_nothing_is_1(archivist: Archivist) -> None:
    assert archivist.type("find", "x").exit_code == 1
    assert archivist.ask("find", "x", code=1) == {"dossiers": [], "files": [], "more": False}


def test_nobody_at_work_is_4(archivist: Archivist, tmp_path: Path) -> None:
    archivist.ingest()
    archivist.ask("plan")
    archivist.ask("approve", "latest")
    to = tmp_path / "out"
    for words in (["jobs", "--watch"], ["restore", "--all", "--from-media", "--to", to]):
        assert archivist.ask(*words, "--wait", "0.1", code=4)["error"]["code"] == 5411


def test_watching_ends_when_there_is_nothing_to_do(archivist: Archivist) -> None:
    assert archivist.ask("jobs", "--watch") == {"jobs": [], "copies": [], "copies_verified": 0}
    assert "nothing is left to do" in archivist.type("jobs", "--watch").stdout


def test_settings_that_are_wrong_are_told(archivist: Archivist) -> None:
    archivist.data.mkdir()
    (archivist.data / "console.toml").write_text("[webb]")
    assert "did you mean 'web'?" in archivist.ask("status", code=1)["error"]["message"]


def test_names_cannot_play_with_the_terminal(archivist: Archivist) -> None:
    evil = "\x1b[31mred\n[bold]" + os.fsdecode(b"\xff")
    (archivist.source / "minutes" / evil).write_text("x")
    archivist.ingest()
    shown_name = archivist.type("find", "bold").stdout
    assert "\x1b" not in shown_name
    assert "\\x1b[31mred" in shown_name
    assert "[bold]\\xff" in shown_name
    assert shown("a\u202eb\uf7ffc\n") == "a\\u202eb\\xffc\\x0a"


def test_a_reader_that_leaves_early_is_no_failure(archivist: Archivist) -> None:
    archivist.ingest()
    argv = [sys.executable, "-m", "console.cli", "--data", str(archivist.data)]
    command = subprocess.Popen([*argv, "policies"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert command.stdout is not None
    command.stdout.close()
    _, stderr = command.communicate()
    assert stderr == b""


def test_a_terminal_gets_a_bar(archivist: Archivist) -> None:
    screen, terminal = pty.openpty()
    argv = [sys.executable, "-m", "console.cli", "--data", str(archivist.data), "ingest"]
    command = subprocess.Popen(
        [*argv, str(archivist.source), "--fonds", "J1", "--series", "S"],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
    )
    os.close(terminal)
    bar = _all_of(screen).decode()
    answer, _ = command.communicate()
    assert command.returncode == 0
    assert "4/4 files" in bar
    assert "━" in bar
    assert b"took in 4 files" in answer


def _all_of(screen: int) -> bytes:
    """What a terminal shows until its last program ends."""
    shown_bytes = b""
    # Linux gives EIO when the other end is closed.
    with os.fdopen(screen, "rb", buffering=0) as reader, contextlib.suppress(OSError):
        while more := reader.read(1 << 16):
            shown_bytes += more
    return shown_bytes
