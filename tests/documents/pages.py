"""The documents of the tree, without those of the environment and what a demo left."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOT_OURS = {".venv", ".pytest_cache", "build", "run"}
PAGES = {
    str(name): page
    for page in sorted(ROOT.glob("**/*.md"))
    if (name := page.relative_to(ROOT)).parts[0] not in _NOT_OURS
}
