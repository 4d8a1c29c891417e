"""A label is drawn in its place, in both languages, always the same; what cannot be is refused."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from appliance.contract.errors import SteleError
from appliance.labels.drawing import DPI, draw_label
from appliance.labels.fields import LabelFields
from appliance.labels.fonts import find_font, require_glyphs
from appliance.labels.lines import fit
from appliance.labels.template import load_template, parse_template

FONT = find_font()
CODE = "stele:0198f0a2-7c1e-7bb2-9d6c-8b0e7a4c1d22"
ARCHIVE = load_template("archive")


def draw(**fields: str) -> bytes:
    return draw_label(ARCHIVE, LabelFields(**{"code": CODE} | fields), FONT)


def code_of(**fields: str) -> int:
    with pytest.raises(SteleError) as caught:
        draw(**fields)
    return caught.value.code


def test_the_label_has_the_discs_size_and_its_code_is_read_by_another_program() -> None:
    png = draw(title="民事诉讼案卷 Civil cases")
    image = Image.open(io.BytesIO(png))
    assert image.width == image.height == round(117 / 25.4 * DPI)
    assert round(image.info["dpi"][0]) == DPI
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == CODE


def test_the_same_fields_give_the_same_bytes() -> None:
    assert draw(title="卷宗", series="0042") == draw(title="卷宗", series="0042")
    assert draw(title="卷宗", series="0042") != draw(title="卷宗", series="0043")


def test_nothing_is_printed_on_the_hub_nor_over_the_edge() -> None:
    long = "档案 Archive 卷宗，" * 30
    image = Image.open(io.BytesIO(draw(title=long, series=long, text=long, date="2026-11-22")))
    pixels = np.asarray(image)
    middle = image.width / 2
    across, down = np.meshgrid(np.arange(image.width), np.arange(image.width))
    away_mm = np.hypot(across - middle, down - middle) * 25.4 / DPI
    assert pixels[away_mm < 20.9].min() == 255
    assert pixels[away_mm > 58.4].min() == 255
    assert (pixels < 128).mean() > 0.02


def test_ten_thousand_characters_are_refused_by_the_fields_name() -> None:
    for field in ("title", "series", "date", "text"):
        with pytest.raises(SteleError, match=field) as caught:
            draw(**{field: "字" * 10_000})
        assert caught.value.code == 3266
    assert code_of(code="x" * 10_000) == 3277


def test_a_text_that_may_not_be_cut_is_refused_when_it_does_not_fit() -> None:
    assert code_of(date="2026-11-22 " * 20) == 3266


@pytest.mark.parametrize("code", ["", "   ", "字" * 200])
def test_a_code_that_cannot_be_is_refused(code: str) -> None:
    assert code_of(code=code) == 3277


def test_a_character_that_the_font_lacks_is_named_instead_of_a_box() -> None:
    with pytest.raises(SteleError, match=r"U\+1F600") as caught:
        draw(title="卷宗 😀")
    assert caught.value.code == 3269
    require_glyphs(FONT, "□■龘é中档 Archive")


def test_a_font_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.ttf").write_bytes(b"not a font")
    for path in (tmp_path / "no.ttf", tmp_path / "missing.ttf"):
        with pytest.raises(SteleError) as caught:
            find_font(str(path))
        assert caught.value.code == 3268


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=520), st.text(max_size=220))
def test_any_fields_are_drawn_or_refused_with_a_number(title: str, code: str) -> None:
    refused = 0
    try:
        draw(title=title, code=code)
    except SteleError as error:
        refused = error.code
    assert refused in (0, 3266, 3269, 3277)


# Lines ----------------------------------------------------------------------------------------


def measure(text: str, size: int) -> float:
    return len(text) * size


def lines_of(text: str, width: int = 10, height: int = 30) -> tuple[str, ...]:
    setting = fit(text, measure, width, height, [1], wrap=True, ellipsis=True)
    assert setting is not None
    return setting.lines


def test_words_stay_whole_and_chinese_breaks_anywhere() -> None:
    assert lines_of("civil cases of 2026") == ("civil", "cases of", "2026")
    assert lines_of("民事诉讼案卷第一百二十三卷") == ("民事诉讼案卷第一百二", "十三卷")
    assert lines_of("incomprehensibilities") == ("incomprehe", "nsibilitie", "s")


def test_a_line_does_not_begin_with_a_closing_mark() -> None:
    assert lines_of("民事诉讼案卷第一百二，十三卷") == ("民事诉讼案卷第一百", "二，十三卷")


def test_letters_shrink_before_the_end_is_cut_off() -> None:
    setting = fit("abcdef", measure, 12, 5, [4, 3, 2], wrap=False, ellipsis=True)
    assert setting is not None
    assert (setting.lines, setting.size) == (("abcdef",), 2)
    setting = fit("abcdefgh", measure, 12, 5, [4, 3, 2], wrap=False, ellipsis=True)
    assert setting is not None
    assert setting.lines == ("abcde…",)
    assert fit("abcdefgh", measure, 12, 5, [4, 2], wrap=False, ellipsis=False) is None


@given(st.text(max_size=80), st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_what_is_set_fits_its_box(text: str, width: int, height: int, wrap: bool) -> None:
    setting = fit(text, measure, width, height, [1], wrap=wrap, ellipsis=False)
    if setting is not None:
        assert all(measure(line, 1) <= width for line in setting.lines)
        assert len(setting.lines) <= height
        assert "".join("".join(setting.lines).split()) == "".join(text.split())


# Templates ------------------------------------------------------------------------------------

GOOD = """
name = "t"
[code]
x_mm = 0
y_mm = 30
size_mm = 20
"""
TITLE = """
[[text]]
field = "title"
x_mm = 0
y_mm = -30
width_mm = 40
height_mm = 10
size_mm = 5
"""


def test_a_template_is_read() -> None:
    assert parse_template((GOOD + TITLE).encode(), "t").text[0].field == "title"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = ",
        "\0",
        GOOD.replace("size_mm", "size"),
        GOOD.replace("20", "nan"),
        GOOD.replace("30", "50"),
        GOOD.replace("30", "5"),
        GOOD.replace("20", "8"),
        GOOD + TITLE.replace('"title"', '"subject"'),
        GOOD + TITLE.replace("width_mm = 40", "width_mm = 200"),
        GOOD + TITLE.replace("size_mm = 5", "size_mm = 50"),
        GOOD + TITLE + "colour = 3\n",
        GOOD + "[disc]\nouter_mm = 500\n",
        GOOD + "#" * 70_000,
    ],
    ids=range(14).__contains__,
)
def test_a_template_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(SteleError) as caught:
        parse_template(text.encode(), "t.toml")
    assert caught.value.code == 3267


def test_a_template_that_is_not_there_is_told() -> None:
    for name in ("nobodys", "/nowhere/t.toml", "../../../etc/passwd"):
        with pytest.raises(SteleError) as caught:
            load_template(name)
        assert caught.value.code == 3267
