"""What a person types when the cause of a failure has been mended: `inventory` and `retry`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance.contract.messages import ErrorInfo
from console.cli import main
from console.dispatch.copies import ATTEMPTS_MAX
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

BROKEN = ErrorInfo(3206, "drive d1 could not write the disc")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    holdings = Holdings(tmp_path / "data")
    yield Desk(holdings)
    holdings.workspace.close()


def ask(desk: Desk, *words: str, code: int = 0) -> Any:
    argv = ["--data", str(desk.holdings.workspace.data), *words, "--json"]
    result = CliRunner().invoke(main, argv, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def say(desk: Desk, *words: str) -> str:
    argv = ["--data", str(desk.holdings.workspace.data), *words]
    return CliRunner().invoke(main, argv, catch_exceptions=False).stdout


def failed_copy(desk: Desk, rack: PaperAppliance) -> str:
    volume = desk.holdings.volume(desk.holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    for _ in range(ATTEMPTS_MAX):
        (command,) = desk.burns(rack)
        desk.hear(rack.failed(command, BROKEN))
    copy: str = desk.holdings.row(schema.copies, volume_id=volume).copy_id
    return copy


def test_a_copy_that_was_given_up_is_shown_and_burned_after_a_retry(desk: Desk) -> None:
    rack = PaperAppliance()
    copy_id = failed_copy(desk, rack)
    shown = say(desk, "jobs")
    assert copy_id in shown
    assert BROKEN.message in shown
    assert ask(desk, "retry") == {"copies": [copy_id]}
    desk.archive(rack)
    assert desk.holdings.row(schema.copies, copy_id=copy_id).state == "verified"


def test_a_copy_may_be_named_and_only_one_that_failed(desk: Desk) -> None:
    copy_id = failed_copy(desk, PaperAppliance())
    assert ask(desk, "retry", copy_id, "cp-unknown", code=1)["error"]["code"] == 5262
    assert desk.holdings.row(schema.copies, copy_id=copy_id).state == "failed"
    assert ask(desk, "retry", copy_id) == {"copies": [copy_id]}
    assert ask(desk, "retry", code=1)["error"]["code"] == 5262


def test_an_inventory_is_kept_for_the_worker_to_send(desk: Desk) -> None:
    rack = PaperAppliance()
    assert ask(desk, "inventory", code=1)["error"]["code"] == 5263
    desk.meet(rack)
    assert list(ask(desk, "inventory")["inventories"]) == [rack.appliance]
    assert "takes an inventory" in say(desk, "inventory", rack.appliance, "--slot", "s001")
    assert len(desk.send()[rack.appliance]) == 2
