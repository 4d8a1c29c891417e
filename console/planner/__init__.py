"""Packages into volumes by a policy: pure, no store and no clock."""
