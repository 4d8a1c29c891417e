"""What the pages say, in English and Chinese: the one place where a language is chosen.

English text is its own key; `words_zh.toml` holds the Chinese. A phrase may name values in
braces. A later catalogue replaces `translate` and nothing else.
"""

import tomllib
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT_LANGUAGE = "en"

Translate = Callable[..., str]


@cache
def phrases() -> dict[str, str]:
    """Chinese by English."""
    return tomllib.loads(files(__package__).joinpath("words_zh.toml").read_text("utf-8"))


def translate(language: str, text: str, /, **values: object) -> str:
    """`text` in `language`, with its values filled in; English where no phrase is known."""
    phrase = phrases().get(text, text) if language == "zh" else text
    return phrase.format(**values) if values else phrase


def translator(language: str) -> Translate:
    """What templates call `_`."""
    return partial(translate, language)
