"""The two languages say the same, and nothing is left unsaid in either."""

import re
from pathlib import Path

import pytest

import console.web
from appliance.contract.states import (
    BayState,
    DoorState,
    DriveState,
    JobStage,
    JobState,
    MediumKind,
    MediumState,
    ReadingState,
    RobotState,
)
from console.store.states import CopyState, PackageState, PlanState, RequestState, VolumeState
from console.web.appliances.faces import KINDS
from console.web.appliances.readings import QUANTITIES
from console.web.appliances.stories import PROFILE_NAMES
from console.web.failures import TITLES
from console.web.jobs.queries import PATHS, VERBS, WAITS
from console.web.presentation import NAVIGATION
from console.web.words import phrases, translate

ROOT = Path(console.web.__file__).parent
SPOKEN = re.compile(r"""(?:\b_|\btranslate)\(\s*(["'])(.+?)\1\s*[,)]""")
COUNTED = re.compile(r'several\(.*?"(\{n\} \w+)", "(\{n\} \w+)"')


def spoken() -> set[str]:
    """Every phrase that a template or a module names."""
    found: set[str] = set()
    for file in [*ROOT.rglob("*.html"), *ROOT.rglob("*.py")]:
        text = file.read_text("utf-8")
        found |= {phrase for _, phrase in SPOKEN.findall(text)}
        found |= {phrase for pair in COUNTED.findall(text) for phrase in pair}
    return found


def words() -> set[str]:
    """Every word that comes from a table or an enumeration."""
    enumerations = (MediumState, DriveState, RobotState, JobState, JobStage, MediumKind)
    enumerations += (BayState, DoorState, ReadingState)
    kept = (CopyState, PackageState, PlanState, RequestState, VolumeState)
    states = {str(member) for states in enumerations + kept for member in states}
    verbs = {*PATHS, *VERBS.values()}
    tables = {*PROFILE_NAMES.values(), *TITLES.values(), *WAITS.values(), *KINDS} | verbs
    tables |= set(QUANTITIES.values())
    return states | tables | {text for _, text in NAVIGATION} | {"use", "sealed", "off-site"}


def test_every_phrase_has_its_chinese() -> None:
    assert len(spoken()) > 100
    assert sorted((spoken() | words()) - set(phrases())) == []


def test_the_catalogue_holds_nothing_that_is_not_said() -> None:
    indirect = {"in the gripper", "outside"}
    assert sorted(set(phrases()) - spoken() - words() - indirect) == []


@pytest.mark.parametrize("english", sorted(phrases()))
def test_a_phrase_names_the_same_values_in_both_languages(english: str) -> None:
    fields = re.compile(r"\{(\w+)\}")
    assert sorted(fields.findall(english)) == sorted(fields.findall(phrases()[english]))


def test_a_value_is_never_read_as_a_phrase() -> None:
    assert translate("en", "drive {drive}", drive="{0.__class__}") == "drive {0.__class__}"
