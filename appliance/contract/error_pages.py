"""The error table as a document for people: `docs/errors.md`."""

from collections.abc import Iterator

from appliance.contract.errors import ErrorRow, table

_CHAPTERS = {
    1: ("Communication", "通信"),
    2: ("Motion", "运动"),
    3: ("Media and integrity", "介质与完整性"),
    4: ("Access and safety", "权限与安全"),
    5: ("Software", "软件"),
}

_OPENING = """# Errors

Every defined failure has a number. The same number stands on the touchscreen, in MQTT messages, on
the web page and in logs. Each entry says what the operator should do.

每种已定义的故障都有编号；触摸屏、MQTT 消息、网页和日志使用同一编号。
每一条都说明操作人员应如何处理。

This page is made from `appliance/contract/error_table/` by `python -m appliance.contract.document`.
"""


def render() -> str:
    """The whole page."""
    return _OPENING + "".join(
        f"\n## {first}xxx {_CHAPTERS[first][0]} {_CHAPTERS[first][1]}\n" + "".join(_entries(first))
        for first in _CHAPTERS
    )


def _entries(first: int) -> Iterator[str]:
    for code, row in table().items():
        if code // 1000 == first:
            yield _entry(row)


def _entry(row: ErrorRow) -> str:
    return (
        f"\n### {row.code} {row.title}\n\n"
        f"{row.title_zh} (`{row.name}`)\n\n"
        f"- **Do:** {row.action}\n"
        f"- **处理：**{row.action_zh}\n"
    )
