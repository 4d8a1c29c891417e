"""Settings: strict, with defaults, and errors that name the place and the nearest key."""

from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.config import ConsoleConfig, load_config, parse_config


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path) == ConsoleConfig()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text(
        '[archive]\norganisation = "市档案馆"\n[web]\nport = 0\n'
    )
    config = load_config(tmp_path)
    assert config.archive.organisation == "市档案馆"
    assert config.web.port == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[web]\nprot = 1\n", "unknown key 'prot' in [web]; did you mean 'port'?"),
        ("[wbe]\n", "unknown key 'wbe' at top level; did you mean 'web'?"),
        (
            "[web]\nzzz = 1\n",
            "unknown key 'zzz' in [web]; valid are: host, port, content_url",
        ),
        ("[web]\nport = 70000\n", "`web.port`"),
        ("[web]\nport = 'x'\n", "`web.port`"),
        ("[web]\nhosts = ['http://x']\n", "`web.hosts"),
        ("[web", "Expected ']'"),
    ],
)
def test_an_error_names_the_place(text: str, says: str) -> None:
    with pytest.raises(SteleError) as caught:
        parse_config(text, "console.toml")
    assert caught.value.code == 5402
    assert says in caught.value.message
    assert caught.value.message.startswith("console.toml: ")


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SteleError, match="5402"):
        load_config(tmp_path)
