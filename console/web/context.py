"""What a view may use: the data folder with its store, and the language of this answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request, url_for

from console.store.engine import reading
from console.store.workspace import Workspace
from console.web.words import DEFAULT_LANGUAGE, LANGUAGES

LANGUAGE_COOKIE = "language"
LANGUAGE_LIFETIME_S = 365 * 24 * 3600


def workspace() -> Workspace:
    """The data folder that this application shows."""
    found: Workspace = current_app.extensions["workspace"]
    return found


@contextmanager
def store_reading() -> Iterator[sa.Connection]:
    """A connection that only reads and takes no lock."""
    with reading(workspace().store).connect() as connection:
        yield connection


def language() -> str:
    """The language of this answer: ``?lang=``, the cookie, then what the browser prefers."""
    if "language" not in g:
        asked = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
        preferred = request.accept_languages.best_match(LANGUAGES, DEFAULT_LANGUAGE)
        g.language = asked if asked in LANGUAGES else preferred
    found: str = g.language
    return found


def remember_language(response: Response) -> Response:
    """Keep a language that a page was asked for by hand."""
    if "language" in g and request.args.get("lang") == g.language and request.blueprint != "live":
        response.set_cookie(
            LANGUAGE_COOKIE, g.language, LANGUAGE_LIFETIME_S, samesite="Lax", httponly=True
        )
    return response


def this_page(**changed: str | int) -> str:
    """The address of the page that is being shown, with parts of its query changed.

    Only the route's own values go through the router: a query must not choose a scheme or a host.
    """
    if request.endpoint is None:
        return f"/?{urlencode(changed)}"
    query = {name: value for name, value in request.args.items() if name not in changed}
    return url_for(request.endpoint, **(request.view_args or {})) + "?" + urlencode(query | changed)


@contextmanager
def speaking(app: Flask, chosen: str) -> Iterator[None]:
    """A context for rendering outside of any request, in the chosen language."""
    with app.test_request_context("/"):
        g.language = chosen
        yield
