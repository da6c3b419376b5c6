"""Headquarters' web application."""

from importlib.metadata import version

from fastapi import FastAPI
from sqlalchemy import text

from sync.hq.boxes_api import boxes_router
from sync.hq.directives.bell import Bell
from sync.hq.directives.boxes_api import directives_router
from sync.hq.errors import add_error_handlers
from sync.hq.evidence_api import evidence_router
from sync.hq.introduction_api import introduction_router
from sync.hq.office import Office
from sync.hq.pages.site import site_router
from sync.hq.people_api import people_router
from sync.hq.releases.boxes_api import releases_router
from sync.hq.rescue.api import rescue_router


def create_app(office: Office) -> FastAPI:
    """Return the application over an open office; who opened the office closes it."""
    app = FastAPI(title="storebox headquarters", version=version("storebox"), docs_url=None, redoc_url=None)
    add_error_handlers(app)
    app.include_router(boxes_router(office))
    app.include_router(introduction_router(office))
    app.include_router(releases_router(office))
    app.include_router(rescue_router(office))
    app.state.bell = Bell(office.database, office.now_ms)
    app.include_router(directives_router(office, app.state.bell))
    app.include_router(people_router(office))
    app.include_router(evidence_router(office))
    app.include_router(site_router(office))

    @app.get("/health")
    def health() -> dict[str, str]:
        """Tell that the database answers."""
        with office.database.read() as connection:
            connection.execute(text("SELECT 1"))
        return {"status": "ok", "version": version("storebox")}

    return app
