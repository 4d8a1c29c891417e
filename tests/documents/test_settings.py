"""Every setting is described where an operator looks for it."""

from appliance.explanation import table
from console.config import setting_names
from tests.documents.pages import PAGES

SETTINGS = PAGES["docs/settings.md"].read_text("utf-8")


def test_every_setting_of_an_appliance_is_in_the_document() -> None:
    assert table() in SETTINGS, (
        "docs/settings.md is out of date: paste what `stele-appliance settings` prints"
    )


def test_every_setting_of_the_console_is_in_the_document() -> None:
    assert [name for name in setting_names() if f"`{name}`" not in SETTINGS] == []
