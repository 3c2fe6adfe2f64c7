"""The web server: providers' hooks, people's own pages, health; the phones in the demo only."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from service import schema
from service.db import explain
from service.errors import AttuneError
from service.site import Site
from service.web import hooks, pages
from service.web.guards import BodyLimit, Headers

log = structlog.get_logger()

STATIC = Path(str(resources.files("service.web") / "static"))


def create_app(site: Site, late_jobs: Callable[[], list[str]] = list) -> FastAPI:
    """Return the web application of one installation; `late_jobs` names jobs of this process that hang."""
    app = FastAPI(title=site.settings.brand, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    app.include_router(hooks.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(BodyLimit)
    app.add_middleware(Headers)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz(response: Response) -> dict[str, object]:
        troubles = _troubles(site, late_jobs())
        if troubles:
            response.status_code = 503
        return {"status": "not ready" if troubles else "ready", "troubles": troubles}

    app.add_exception_handler(AttuneError, _told)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _broken)
    return app


def _troubles(site: Site, late: list[str]) -> list[str]:
    """Return what keeps this process from its work, a sentence each."""
    troubles = [f"The job {name} has not run for too long." for name in late]
    try:
        with site.db.read() as session:
            schema.check(session)
    except AttuneError as error:
        troubles.append(str(error))
    except DBAPIError as error:
        troubles.append(explain(error))
    return troubles


def _wants_page(request: Request) -> bool:
    return request.url.path.startswith(("/r/", "/u/"))


def _sentence(request: Request, status: int, title: str, sentence: str) -> Response:
    if _wants_page(request):
        page = pages.TEMPLATES.get_template("message.html").render(title=title, sentence=sentence)
        return HTMLResponse(page, status_code=status)
    return JSONResponse({"error": sentence}, status_code=status)


def _told(request: Request, error: Exception) -> Response:
    return _sentence(request, 400, "That did not work", str(error))


def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    log.error("request failed", route=_route(request), why=explain(error))
    return _sentence(request, 503, "Please try again", "This service cannot reach its database right now.")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _sentence(request, error.status_code, "Not here", str(error.detail))


def _broken(request: Request, error: Exception) -> Response:
    log.error("request failed", route=_route(request), error=type(error).__name__)
    return _sentence(request, 500, "That did not work", "Something went wrong on our side.")


def _route(request: Request) -> str:
    """Return the route's pattern: the path itself may hold a token."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
