"""Policies in the store: every version kept as given, none ever changed, the highest in force."""

import threading
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.rules.differences import Difference
from console.rules.namespaces import find_namespace
from console.rules.policy_text import default_policy, default_text, parse_policy
from console.rules.pools import pool_history
from console.rules.register import (
    find_policy,
    names,
    policy_diff,
    policy_history,
    put_policy,
    register_policy,
)
from console.store.workspace import Workspace


def text_of(name: str = "court", version: int = 1, copies: str = '["use", "sealed"]') -> str:
    text = default_text().replace('name = "default"', f'name = "{name}"')
    text = text.replace("version = 2", f"version = {version}", 1)
    return text.replace('["use", "sealed"]', copies)


def write(workspace: Workspace, name: str, text: str) -> None:
    file = workspace.data / "policies" / f"{name}.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")


def refused(code: int, *words: str) -> "pytest.RaisesContext[SteleError]":
    return pytest.raises(SteleError, match=f"(?s){code}.*{'.*'.join(words)}")


def test_what_was_put_into_force_is_kept_as_it_was_given(workspace: Workspace) -> None:
    put_policy(workspace, text_of(), "Lin")
    put_policy(workspace, text_of(version=4, copies='["use"]'), "Wang")
    newest, first = policy_history(workspace, "court")
    assert (newest.version, newest.in_force, newest.created_by) == (4, True, "Wang")
    assert (first.version, first.in_force, first.created_by) == (1, False, "Lin")
    assert first.text == text_of()
    assert first.created_at <= newest.created_at
    assert find_policy(workspace, "court").policy.copies.value == ["use"]
    assert find_policy(workspace, "court").origin == "register"
    assert names(workspace) == ["default", "court"]


def test_a_registered_version_never_changes(workspace: Workspace) -> None:
    put_policy(workspace, text_of(), "Lin")
    with refused(5224, "still version 1", "raise it"):
        put_policy(workspace, text_of(copies='["use"]'), "Mallory")
    assert put_policy(workspace, text_of(), "Lin").version == 1
    assert [each.created_by for each in policy_history(workspace, "court")] == ["Lin"]
    assert find_policy(workspace, "court").policy.copies.value == ["use", "sealed"]


def test_other_words_around_the_same_rules_are_no_change(workspace: Workspace) -> None:
    put_policy(workspace, text_of(), "Lin")
    put_policy(workspace, "# a comment\n" + text_of(), "Wang")
    (only,) = policy_history(workspace, "court")
    assert only.text == text_of()


def test_a_version_below_the_one_in_force_is_refused(workspace: Workspace) -> None:
    put_policy(workspace, text_of(version=3), "Lin")
    with refused(5224, "version 3 of policy 'court' is in force", "version 2 is not higher"):
        put_policy(workspace, text_of(version=2), "Lin")


def test_stele_brings_a_version_of_the_default_policy_along(workspace: Workspace) -> None:
    assert find_policy(workspace, "default").origin == "built in"
    with refused(5224, "brings version 2"):
        put_policy(workspace, text_of("default", 2, '["use"]'), "Lin")
    put_policy(workspace, text_of("default", 3, '["use"]'), "Lin")
    assert find_policy(workspace, "default").policy.copies.value == ["use"]


def test_an_archives_own_default_stays_when_stele_brings_a_newer_one(
    workspace: Workspace,
) -> None:
    with workspace.store.begin() as connection:
        register_policy(connection, parse_policy(text_of("default", 1, '["use"]'), "x"))
    assert find_policy(workspace, "default").policy.copies.value == ["use"]


def test_a_file_with_a_higher_version_counts_and_is_registered_at_the_first_ingest(
    workspace: Workspace, tmp_path: Path
) -> None:
    put_policy(workspace, text_of(), "Lin")
    write(workspace, "court", text_of(version=2, copies='["use"]'))
    assert find_policy(workspace, "court").origin == "file"
    assert len(policy_history(workspace, "court")) == 1
    (tmp_path / "in" / "A").mkdir(parents=True)
    ingest(workspace, IngestOrder(tmp_path / "in", "F", "S", policy="court"))
    assert policy_history(workspace, "court")[0].text == text_of(version=2, copies='["use"]')


def test_a_file_below_the_register_is_passed_over(workspace: Workspace) -> None:
    write(workspace, "court", text_of())
    put_policy(workspace, text_of(version=2, copies='["use"]'), "Lin")
    assert find_policy(workspace, "court").policy.copies.value == ["use"]


def test_a_file_that_was_changed_without_its_version_is_an_error(workspace: Workspace) -> None:
    put_policy(workspace, text_of(), "Lin")
    write(workspace, "court", text_of(copies='["use"]'))
    with refused(5224, "still version 1"):
        find_policy(workspace, "court")


def test_versions_can_be_compared(workspace: Workspace) -> None:
    put_policy(workspace, text_of(), "Lin")
    changed = text_of(version=2, copies='["use"]').replace("every_days = 730", "every_days = 365")
    put_policy(workspace, changed, "Lin")
    found = {each.rule: each for each in policy_diff(workspace, "court", 1, 2)}
    assert list(found) == ["copies", "inspection.disk", "inspection.tape"]
    assert found["copies"] == Difference(
        "copies",
        {"value": ["use", "sealed"], "source": default_policy().copies.source},
        {"value": ["use"], "source": default_policy().copies.source},
    )
    with refused(5225, "version 9"):
        policy_diff(workspace, "court", 1, 9)


def test_of_two_who_give_one_version_other_rules_one_wins(workspace: Workspace) -> None:
    workspace.store.connect().close()
    start = threading.Barrier(2)
    answers: list[object] = []

    def put(copies: str) -> None:
        start.wait(10)
        try:
            answers.append(put_policy(workspace, text_of(copies=copies), copies))
        except SteleError as error:
            answers.append(error.code)

    both = [threading.Thread(target=put, args=(roles,)) for roles in ('["use"]', '["sealed"]')]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert answers.count(5224) == 1
    assert len(policy_history(workspace, "court")) == 1


def test_a_name_that_can_be_none_finds_nothing(workspace: Workspace) -> None:
    for name in ("../default", "a/b", "x\0", "", "A", "a" * 300, "x\n"):
        with refused(5204):
            find_policy(workspace, name)
        with refused(5204):
            policy_history(workspace, name)
        with refused(5225):
            policy_diff(workspace, name, 1, 2)
        with refused(5212):
            pool_history(workspace, name)
        with refused(5221):
            find_namespace(workspace, name)


def test_a_policy_without_a_history(workspace: Workspace) -> None:
    with refused(5204, "no version"):
        policy_history(workspace, "court")
