"""A task in a sentence, for the person who does it, in English and Chinese. Pure."""

from console.tasks.kinds import TaskBody, TaskKind

_LABELS_SHOWN = 3


def sentence(kind: TaskKind, subject: str, body: TaskBody, language: str = "en") -> str:
    """What to do, where to look, which light to look for."""
    if kind in _TAKEN:
        return _do_zh(kind, subject, body) + "。" if language == "zh" else _do(kind, subject, body)
    if language == "zh":
        parts = [_do_zh(kind, subject, body), _seen_zh(body), _light_zh(body)]
        return "；".join(filter(None, parts)) + "。"
    parts = [_do(kind, subject, body) + _seen(body) + _to(kind, body), _light(body)]
    return "; ".join(filter(None, parts))


def _labels(body: TaskBody, more: str) -> str:
    shown = ", ".join(body.labels[:_LABELS_SHOWN])
    rest = len(body.labels) - _LABELS_SHOWN
    return f"{shown}{more.format(rest)}" if rest > 0 else shown


def _do(kind: TaskKind, subject: str, body: TaskBody) -> str:
    labels = _labels(body, " and {} more")
    match kind:
        case TaskKind.BRING_MAGAZINE:
            return f"put magazine {subject}"
        case TaskKind.BRING_MEDIUM:
            return f"put {labels or 'medium ' + subject}"
        case TaskKind.CARRY_MEDIUM:
            return f"carry {labels or 'medium ' + subject} to the drive whose tray opens"
        case TaskKind.TAKE_MAGAZINE:
            where = f"{body.last_appliance} {body.last_place}".rstrip()
            return f"take magazine {subject} out of {where} and put it on the shelf"
        case TaskKind.TAKE_MEDIA:
            count = f"{len(body.media)} {'medium' if len(body.media) == 1 else 'media'}"
            return f"take {count} ({labels}) out of {body.last_appliance}, as it says there"


_TAKEN = (TaskKind.TAKE_MAGAZINE, TaskKind.TAKE_MEDIA)


def _seen(body: TaskBody) -> str:
    if not body.last_appliance:
        return ""
    since = (
        f", taken out on {body.away_since[:16].replace('T', ' ')} UTC" if body.away_since else ""
    )
    return f" (last seen in {body.last_appliance} {body.last_place}".rstrip() + f"{since})"


def _to(kind: TaskKind, body: TaskBody) -> str:
    if kind is TaskKind.CARRY_MEDIUM:
        return f" at {body.to_appliance}" if body.to_appliance else ""
    if not body.to_appliance:
        return " into any appliance that is switched on and has room for it"
    if not body.to_place:
        return f" into {body.to_appliance}, where room has to be made for it first"
    return f" into {body.to_appliance} {body.to_place}"


def _light(body: TaskBody) -> str:
    if body.lit:
        return f"the light at {', '.join(body.lit)} is lit"
    return f"the light at {', '.join(body.lights)} will be lit" if body.lights else ""


def _do_zh(kind: TaskKind, subject: str, body: TaskBody) -> str:
    labels = _labels(body, " 等，另有 {} 张")
    where = f" {body.to_appliance} {body.to_place}".rstrip()
    match kind:
        case TaskKind.BRING_MAGAZINE:
            thing = f"将盘笼 {subject}"
        case TaskKind.BRING_MEDIUM:
            thing = f"将 {labels or '介质 ' + subject}"
        case TaskKind.CARRY_MEDIUM:
            return f"在{where} 将 {labels or '介质 ' + subject} 放入托盘打开的光驱"
        case TaskKind.TAKE_MAGAZINE:
            from_where = f"{body.last_appliance} {body.last_place}".rstrip()
            return f"从 {from_where} 取出盘笼 {subject}，放上库架"
        case TaskKind.TAKE_MEDIA:
            return f"按设备提示从 {body.last_appliance} 取出 {len(body.media)} 份介质（{labels}）"
    if not body.to_appliance:
        return f"{thing} 放入任一开机且有空位的设备"
    return f"{thing} 放入{where}" if body.to_place else f"{thing} 放入{where}（须先腾出位置）"


def _seen_zh(body: TaskBody) -> str:
    if not body.last_appliance:
        return ""
    since = f"，{body.away_since[:16].replace('T', ' ')} UTC 取出" if body.away_since else ""
    return f"最后所在 {body.last_appliance} {body.last_place}".rstrip() + since


def _light_zh(body: TaskBody) -> str:
    if body.lit:
        return f"{', '.join(body.lit)} 处的灯已亮"
    return f"{', '.join(body.lights)} 处的灯将亮起" if body.lights else ""
