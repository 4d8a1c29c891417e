"""Every way a printed label can be wrong has its own number, and a good one passes."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.contract.errors import SteleError
from appliance.labels.check import check_label
from appliance.labels.drawing import draw_label
from appliance.labels.fields import LabelFields
from appliance.labels.fonts import find_font
from appliance.labels.template import load_template
from tests.appliance.labels.discs import photograph

CODE = "stele:0198f0a2-7c1e-7bb2-9d6c-8b0e7a4c1d22"


@pytest.fixture(scope="module")
def label(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fields = LabelFields(
        code=CODE,
        title="民事诉讼案卷 Civil cases",
        series="0042 民事",
        date="2026-11-22",
        text="档案馆",
    )
    path = tmp_path_factory.mktemp("label") / "label.png"
    path.write_bytes(draw_label(load_template("archive"), fields, find_font()))
    return path


def code_of(frame: Path, label: Path, code: str = CODE) -> int:
    with pytest.raises(SteleError) as caught:
        check_label(str(frame), str(label), code)
    return caught.value.code


@pytest.mark.parametrize(
    "scene",
    [
        {},
        {"width": 640, "height": 480, "diameter": 430},
        {"width": 2592, "height": 1944, "diameter": 1700, "shift": 90},
        {"table": 245, "paper": 200},
        {"table": 10, "paper": 70, "noise": 2},
        {"noise": 12},
        {"uneven": 0.8},
        {"turned_deg": 5},
        {"turned_deg": -5},
    ],
    ids=str,
)
def test_a_good_label_passes(scene: dict[str, Any], label: Path, tmp_path: Path) -> None:
    finding = check_label(str(photograph(label, tmp_path / "f.png", **scene)), str(label), CODE)
    assert finding.code == CODE
    assert 0.45 <= finding.sharpness <= 1.2
    assert finding.turned_deg == pytest.approx(scene.get("turned_deg", 0), abs=1)


@pytest.mark.parametrize(
    ("scene", "code"),
    [
        ({"printed": False}, 3270),
        ({"smear": (15, 1)}, 3273),
        ({"smear": (1, 15)}, 3273),
        ({"smear": (61, 1)}, 3273),
        ({"smear": (25, 25)}, 3273),
        ({"turned_deg": 180}, 3274),
        ({"turned_deg": 90}, 3274),
        ({"turned_deg": -30}, 3274),
        ({"turned_deg": 180, "blur_px": 4}, 3274),
        ({"paper": 31, "table": 5, "noise": 1}, 3275),
        ({"disc": False}, 3276),
        ({"disc": False, "table": 200}, 3276),
        ({"shift": 500}, 3276),
        ({"diameter": 250}, 3276),
        ({"width": 320, "height": 240, "diameter": 200}, 3278),
    ],
    ids=str,
)
def test_a_bad_label_has_its_number(
    scene: dict[str, Any], code: int, label: Path, tmp_path: Path
) -> None:
    assert code_of(photograph(label, tmp_path / "f.png", **scene), label) == code


def test_another_discs_label_is_told_with_what_it_says(label: Path, tmp_path: Path) -> None:
    with pytest.raises(SteleError) as caught:
        check_label(str(photograph(label, tmp_path / "f.png")), str(label), "stele:another")
    assert caught.value.code == 3272
    assert CODE in caught.value.detail


def test_a_code_with_a_hole_in_it_is_unreadable(label: Path, tmp_path: Path) -> None:
    frame = cv2.imread(str(photograph(label, tmp_path / "f.png")), cv2.IMREAD_GRAYSCALE)
    assert frame is not None
    frame[690:760, 600:680] = 215
    cv2.imwrite(str(tmp_path / "f.png"), frame)
    assert code_of(tmp_path / "f.png", label) == 3271


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(100), b"\xff" * 5000], ids=len
)
def test_what_is_no_picture_is_told(data: bytes, label: Path, tmp_path: Path) -> None:
    (tmp_path / "f.png").write_bytes(data)
    assert code_of(tmp_path / "f.png", label) == 3278


@pytest.mark.parametrize("seed", range(3))
def test_noise_alone_is_no_disc(seed: int, label: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (480, 640), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "f.png"), noise)
    assert code_of(tmp_path / "f.png", label) == 3276


def test_all_white_and_all_black_are_told(label: Path, tmp_path: Path) -> None:
    for value, code in ((0, 3275), (255, 3276)):
        cv2.imwrite(str(tmp_path / "f.png"), np.full((600, 800), value, dtype=np.uint8))
        assert code_of(tmp_path / "f.png", label) == code
