"""Tasks need what dispatch works on."""

from tests.console.dispatch.conftest import desk, holdings

__all__ = ["desk", "holdings"]
