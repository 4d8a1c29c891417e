"""The web application: pages for people, the API for programs, the content for appliances."""

from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect

from console.api.content import blueprint as content
from console.api.content import register_content
from console.api.v1.application import register_api
from console.store.workspace import open_workspace
from console.web.appliances import views as appliances
from console.web.archive import views as archive
from console.web.context import remember_language
from console.web.failures import explain_failures
from console.web.hosts import guard_host
from console.web.jobs import views as jobs
from console.web.live import views as live
from console.web.live.hub import Hub
from console.web.plans import views as plans
from console.web.presentation import prepare_templates
from console.web.requests import views as requests
from console.web.security import CSRF_LIFETIME_S, protect, session_key

ASSET_LIFETIME_S = 7 * 24 * 3600
MAX_FORM_BYTES = 1 << 20


def create_app(data_dir: Path) -> Flask:
    """The application on one data folder. Nothing is started before the first page needs it.

    Raises:
        SteleError: 5400, 5401, 5402, 5403 the folder, its settings or its store; 4003 its key;
            4080 its token.
    """
    workspace = open_workspace(data_dir)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=session_key(workspace.shared),
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=ASSET_LIFETIME_S,
        SESSION_COOKIE_NAME="stele",
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=CSRF_LIFETIME_S,
    )
    app.extensions["workspace"] = workspace
    hub = app.extensions["live"] = Hub()
    protection = CSRFProtect(app)
    protection.exempt(content)  # appliances show a token instead, and have no session
    register_content(app, workspace)
    protection.exempt(register_api(app, workspace))  # so do programs
    for feature in (live, appliances, jobs, archive, plans, requests):
        feature.register(app, hub)
    prepare_templates(app)
    explain_failures(app)
    protect(app)
    guard_host(app, workspace.config.web)
    app.after_request(remember_language)
    return app
