"""The REST API, version 1: one module a subject, each declares its resources.

To add a subject, write `console/api/v1/<subject>.py` and name its `Resource` in `resources.py`.
"""
