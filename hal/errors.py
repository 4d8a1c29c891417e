"""The failures that hardware has. The numbers are rows of the project's error table."""


class HalError(Exception):
    """A defined hardware failure; `message` names the device and what happened to it."""

    def __init__(self, code: int, message: str, detail: str = "") -> None:
        super().__init__(f"[{code}] {message}")
        self.code = code
        self.message = message
        self.detail = detail
