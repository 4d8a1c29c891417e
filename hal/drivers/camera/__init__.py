"""A camera, asked in a short-lived process of its own."""

from hal.drivers.camera.driver import ProcessCamera

__all__ = ["ProcessCamera"]
