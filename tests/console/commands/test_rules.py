"""Policies, pools and namespaces by typed commands: through the same REST as everybody else."""

from pathlib import Path

import pytest

from console.rules.policy_text import default_text
from tests.console.commands.test_commands import Archivist


@pytest.fixture
def archivist(tmp_path: Path) -> Archivist:
    return Archivist(tmp_path)


def policy_file(tmp_path: Path, version: int = 1, copies: str = '["use", "sealed"]') -> Path:
    text = default_text().replace('name = "default"', 'name = "court"')
    text = text.replace("version = 2", f"version = {version}", 1)
    file = tmp_path / f"court-{version}.toml"
    file.write_text(text.replace('["use", "sealed"]', copies), "utf-8")
    return file


def test_a_policy_is_put_into_force_and_filed_by(archivist: Archivist, tmp_path: Path) -> None:
    put = archivist.type("policies", "--put", policy_file(tmp_path))
    assert put.stdout == "policy court, version 1, is in force\n"
    archivist.ask("policies", "--put", policy_file(tmp_path, 2, '["use"]'))
    made = archivist.ask("namespaces", "city", "--policy", "court", "--title", "市法院")
    assert [(n["name"], n["policy"]) for n in made["namespaces"]] == [("city", "court")]
    versions = archivist.ask("policies", "court", "--versions")["versions"]
    assert [(each["version"], each["in_force"]) for each in versions] == [(2, True), (1, False)]
    assert versions[0]["created_by"]
    (first,) = archivist.ask("policies", "court", "--version", "1")["policies"]
    assert first["copies"]["value"] == ["use", "sealed"]
    (change,) = archivist.ask("policies", "court", "--changes", "1", "2")["changes"]
    assert (change["rule"], change["after"]["value"]) == ("copies", ["use"])


def test_tables_for_people_name_every_rule_and_version(
    archivist: Archivist, tmp_path: Path
) -> None:
    archivist.type("policies", "--put", policy_file(tmp_path))
    archivist.type("policies", "--put", policy_file(tmp_path, 2, '["use"]'))
    shown = archivist.type("policies", "court").stdout
    for rule in ("copies", "by_year", "inspection.disc", "tiers.offline_roles", "approval"):
        assert rule in shown
    compared = archivist.type("policies", "court", "--changes", "1", "2").stdout
    assert '["use", "sealed"]' in compared
    assert "no rule differs" in archivist.type("policies", "court", "--changes", "2", "2").stdout
    assert "yes" in archivist.type("policies", "court", "--versions").stdout


def test_a_pool_is_put_into_force(archivist: Archivist, tmp_path: Path) -> None:
    assert archivist.type("pools").stdout == "there is no pool\n"
    file = tmp_path / "p.toml"
    file.write_text('name = "p"\nkinds = ["disc"]\nsites = ["south"]')
    assert "discs in south" in archivist.type("pools", "--put", file).stdout
    file.write_text('name = "p"\nkinds = ["disc", "disk"]\nsites = ["south"]')
    (pool,) = archivist.ask("pools", "--put", file)["pools"]
    assert (pool["version"], pool["pool"]["kinds"]) == (2, ["disc", "disk"])
    versions = archivist.ask("pools", "p", "--versions")["pools"]
    assert [each["version"] for each in versions] == [2, 1]
    assert len(archivist.ask("pools", "p", "--changes", "1", "2")["changes"]) == 1


def test_what_is_not_said_of_a_namespace_stays(archivist: Archivist) -> None:
    archivist.ask("namespaces", "city", "--policy", "default", "--title", "City")
    (changed,) = archivist.ask("namespaces", "city", "--title", "City court")["namespaces"]
    assert (changed["policy"], changed["version"]) == ("default", 2)
    assert "City court" in archivist.type("namespaces").stdout
    versions = archivist.ask("namespaces", "city", "--versions")["namespaces"]
    assert [each["title"] for each in versions] == ["City court", "City"]


@pytest.mark.parametrize(
    ("words", "code", "number"),
    [
        (["policies", "none"], 1, 5204),
        (["policies", "default", "--changes", "1", "9"], 1, 5225),
        (["pools", "none"], 1, 5212),
        (["pools", "../x"], 1, 5212),
        (["namespaces", "none"], 1, 5221),
        (["namespaces", "Bad"], 1, 5221),
        (["namespaces", "city", "--policy", "none"], 1, 5222),
    ],
)
def test_a_failure_has_its_number(
    archivist: Archivist, words: list[str], code: int, number: int
) -> None:
    assert archivist.ask(*words, code=code)["error"]["code"] == number


def test_files_that_are_no_rules(archivist: Archivist, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xff\xfe")
    assert archivist.ask("policies", "--put", file, code=1)["error"]["code"] == 5203
    assert archivist.ask("pools", "--put", file, code=1)["error"]["code"] == 5211
    file.write_text("copies = 3")
    assert archivist.ask("policies", "--put", file, code=1)["error"]["code"] == 5203


@pytest.mark.parametrize(
    "words", [["policies", "--versions"], ["pools", "--versions"], ["namespaces", "--title", "x"]]
)
def test_wrong_usage_is_told(archivist: Archivist, words: list[str]) -> None:
    assert archivist.type(*words).exit_code == 2
    assert archivist.type("namespaces", "new", "--title", "x").exit_code == 2
