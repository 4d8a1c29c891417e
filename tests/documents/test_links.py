"""Links between documents lead somewhere."""

import re

import pytest

from tests.documents.pages import PAGES, ROOT

_LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_leads_to_a_file(name: str) -> None:
    page = PAGES[name]
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_tree_in_the_architecture_is_the_tree() -> None:
    """Every package of the first two levels has its line, and every line its folder."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    drawn = re.search(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert drawn is not None
    named: set[str] = set()
    top = ""
    for line in drawn[1].splitlines():
        if found := re.match(r"( {0,2})([a-z]+)/ ", line):
            top = "" if not found[1] else top
            named.add(f"{top}{found[2]}")
            top = top or f"{found[2]}/"
    there = {
        "/".join(folder.parent.relative_to(ROOT).parts)
        for name in ("hal", "simulators", "appliance", "console")
        for folder in (ROOT / name).glob("**/__init__.py")
        if len(folder.relative_to(ROOT).parts) <= 3
    }
    assert there <= named, f"not in ARCHITECTURE.md: {sorted(there - named)}"
    assert [name for name in named if not (ROOT / name).is_dir()] == []
