"""What happened to a disc, and where it is, in words."""

from collections.abc import Mapping
from typing import Any

from console.web.figures import several, size
from console.web.words import Translate

PROFILE_NAMES = {
    "desktop": "Desktop disc library",
    "rack": "Rack disc library",
    "hybrid": "Hybrid cabinet",
    "disk-library": "Smart disk library",
    "disc-cabinet": "Smart disc cabinet",
    "pb-library": "PB library",
}


def profile_name(profile: str, translate: Translate) -> str:
    """The appliance's kind; an unknown profile by its own name."""
    return translate(PROFILE_NAMES.get(profile, profile))


def place(where: str, translate: Translate) -> str:
    """A medium's place (``slot:s001``, ``drive:d1``, ``robot``, ``outside``) in words."""
    kind, _, name = where.partition(":")
    if kind == "slot":
        return translate("Slot {slot}", slot=name)
    if kind == "drive":
        return translate("drive {drive}", drive=name)
    return translate({"robot": "in the gripper", "outside": "outside"}.get(kind, where))


def robot_task(doing: str, translate: Translate) -> str:
    """What the robot does, from the firmware's short form: ``? s074``, ``m1 → d2``, ``homing``."""
    if doing.startswith("? "):
        return translate("looks into {slot}", slot=doing[2:])
    left, arrow, right = doing.partition(" → ")
    if arrow:
        target = translate("its slot") if right == "slot" else right
        return f"{left or translate('a disc')} → {target}"
    return translate(doing)


def story(event: Mapping[str, Any], translate: Translate) -> str:
    """One event of a disc's life."""
    body = event["body"]
    match event["kind"]:
        case "medium_changed":
            state = translate(body.get("state", "unknown"))
            return f"{state} · {place(body.get('place', ''), translate)}"
        case "copy_verified":
            return translate(
                "every sector verified in {drive}, {size} read back",
                drive=body.get("verify_drive", ""),
                size=size(body.get("bytes_read")),
            )
        case "copy_lost":
            return translate("its copy can no longer be relied on")
        case "job_changed":
            verb, state = translate(body.get("verb", "")), translate(body.get("state", ""))
            return f"{verb}: {state}"
        case "files_delivered":
            files = several(body.get("files", 0), "{n} file", "{n} files", translate)
            return translate("{files} read and delivered", files=files)
        case kind:
            return str(kind)
