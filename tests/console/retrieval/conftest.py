"""Requests need what dispatch works on."""

from tests.console.dispatch.conftest import desk, holdings, rack

__all__ = ["desk", "holdings", "rack"]
