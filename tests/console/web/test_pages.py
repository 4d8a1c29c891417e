"""Every page shows what the store knows, in both languages, and nothing acts that should not."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from console.store import schema as s
from console.store.workspace import Workspace
from tests.console.web import rows

PAGES = (
    "/",
    "/appliances/north/rack-1",
    "/appliances/north/rack-1/slots/s001",
    "/jobs",
    "/archive/",
    "/archive/series?fonds=city-court&series=criminal-1998",
    "/archive/dossiers/k1",
    "/archive/dossiers/k1?folder=empty/deep",
    "/archive/dossiers/k4",
    "/archive/files/f3",
    "/archive/files/f4",
    "/archive/search?q=page",
    "/plans/",
    "/requests",
    "/nowhere",
)


def text_of(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_needs_nothing_from_elsewhere_and_runs_no_inline_script(
    client: FlaskClient, page: str, language: str
) -> None:
    answer = client.get(page, query_string=None, headers={"Accept-Language": language})
    assert answer.status_code == (404 if page == "/nowhere" else 200)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    addresses = re.findall(r'(?:src|href|action|hx-[a-z]+)="([^"]+)"', answer.text)
    assert addresses
    assert not [a for a in addresses if re.match(r"(?i)\s*(https?:|//|javascript:|data:)", a)]
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)
    assert not re.search(r"\s(on[a-z]+|style)=", re.sub(r"&lt;.*?&gt;", "", answer.text))
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text


def test_every_address_in_the_frame_is_served(client: FlaskClient) -> None:
    page = text_of(client, "/")
    addresses = {a for a in re.findall(r'(?:src|href)="(/[^"#]*)', page) if "/slots/" not in a}
    for address in addresses:
        with client.get(address.replace("&amp;", "&")) as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize("page", ["/", "/jobs", "/archive/", "/plans/", "/requests"])
def test_an_empty_console_says_how_to_begin(empty_app: Flask, page: str) -> None:
    text = text_of(empty_app.test_client(), page)
    assert 'class="empty"' in text
    assert "worker is not running" in text


def test_a_slot_shows_its_state_by_class_shape_and_words(client: FlaskClient) -> None:
    page = text_of(client, "/")
    assert page.count('class="slot ') == 200
    slot = re.search(r'<a id="slot-s041".*?</a>', page, re.DOTALL)
    assert slot is not None
    assert 'class="slot k-burning is-away"' in slot[0]
    assert 'href="#g-burning"' in slot[0]
    assert 'aria-label="s041: burning, in a drive, court-1998 0002"' in slot[0]


def test_a_slot_s_page_tells_volume_copies_and_history(client: FlaskClient) -> None:
    page = text_of(client, "/appliances/north/rack-1/slots/s001")
    for words in (
        "court-1998 0001",
        "1998-0001 王某诉李某",
        "sealed",
        "every sector verified in d2",
    ):
        assert words in page
    part = client.get("/appliances/north/rack-1/slots/s001", headers={"HX-Request": "true"}).text
    assert "court-1998 0001" in part
    assert "<html" not in part


def test_an_unknown_slot_or_appliance_is_a_page_that_says_so(client: FlaskClient) -> None:
    assert "no such page" in text_of(client, "/appliances/north/rack-1/slots/s999", 404)
    assert "no such page" in text_of(client, "/appliances/south/rack-9", 404)


def test_an_appliance_that_is_away_is_shown_dimmed_and_named(
    client: FlaskClient, workspace: Workspace
) -> None:
    assert "is-stale" not in text_of(client, "/")
    with workspace.store.begin() as connection:
        connection.execute(sa.update(s.appliances).values(online=False))
    page = text_of(client, "/")
    assert "is-stale" in page
    assert "north/rack-1 cannot be reached" in page
    assert "Unavailable" in page


def test_a_failed_job_says_in_words_what_to_do(client: FlaskClient) -> None:
    page = text_of(client, "/jobs")
    assert "Unexpected failure" in page
    assert "Send the log of the last minutes" in page
    assert "意外故障" in text_of(client, "/jobs?lang=zh")


def test_a_job_shows_stage_progress_speed_and_time_left(client: FlaskClient) -> None:
    page = text_of(client, "/jobs")
    assert '<li class="is-now" aria-current="step">burn</li>' in page
    for words in ("37 %", "8.6 GB of 23.2 GB", "27.0 MB/s", "9 min 1 s left", "a free drive"):
        assert words in page


def test_hostile_names_are_shown_and_do_nothing(client: FlaskClient) -> None:
    page = text_of(client, "/archive/dossiers/k1")
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "\u202e" not in page
    assert '<span class="hidden-char">U+202E</span>' in page
    assert '<span class="hidden-char">\\xE9</span>' in page
    assert rows.LONG in page


def test_a_folder_lists_what_lies_in_it_and_names_differ_by_case(client: FlaskClient) -> None:
    page = text_of(client, "/archive/dossiers/k1")
    for name in ("扫描", "scans", "empty", "index.xml", "Index.xml"):
        assert f"<bdi>{name}</bdi>" in page
    assert "page-002.tif" not in page
    assert "page-002.tif" in text_of(client, "/archive/dossiers/k1?folder=scans")
    text_of(client, "/archive/dossiers/k1?folder=SCANS", 404)


@pytest.mark.parametrize("words", ["扫描", "第一页", "PAGE-002", "１９９８ page", "王某 tif"])
def test_a_search_finds_names_in_either_script_width_or_case(
    client: FlaskClient, words: str
) -> None:
    answer = client.get("/archive/search", query_string={"q": words})
    assert "found-name" in answer.text


def test_a_search_takes_signs_as_they_are_and_says_when_nothing_is_found(
    client: FlaskClient,
) -> None:
    for words in ("100%", "_", "nothing like it", "'; DROP TABLE files; --", "\x00"):
        assert "Nothing found" in client.get("/archive/search", query_string={"q": words}).text


def test_the_language_is_kept_and_the_query_cannot_choose_a_scheme(client: FlaskClient) -> None:
    page = text_of(client, "/archive/search?q=page&lang=zh&_scheme=javascript&_external=1")
    assert 'href="/archive/search?' in page
    assert "javascript:" not in page
    assert "检索" in text_of(client, "/archive/search?q=page")


def test_failures_answer_a_program_in_json(client: FlaskClient) -> None:
    answer = client.get("/archive/files/f4/download", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "5481"
    assert "Get it back" in answer.get_json()["action"]
