"""The web server: providers' hooks, people's own pages, health; the phones in the demo only."""

from importlib import resources
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from starlette.exceptions import HTTPException

from service import health, metrics
from service.errors import AttuneError
from service.site import Site
from service.trouble import DatabaseError, explain
from service.web import behind, hooks, pages, watching
from service.web.guards import BodyLimit, Headers, LastResort
from service.web.stopwatch import Stopwatch

log = structlog.get_logger()

RETRY_SECONDS = 30
"""What a request is told to wait before it comes again."""
STATIC = Path(str(resources.files("service.web") / "static"))


def create_app(site: Site, late_jobs: health.LateJobs | None = None) -> FastAPI:
    """Return the web application of one installation; `late_jobs` is of the engine in this process."""
    app = FastAPI(
        title=site.settings.brand, docs_url=None, redoc_url=None, openapi_url=None, lifespan=behind.running
    )
    app.include_router(hooks.router)
    app.include_router(pages.router)
    watching.add_to(app, site, late_jobs, metrics.exposition)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    # The last one added is the first that a request meets.
    app.add_middleware(BodyLimit)
    app.add_middleware(LastResort, answer=_broken)
    app.add_middleware(Headers)
    app.add_middleware(Stopwatch, channels=frozenset(site.notifiers))
    app.add_exception_handler(AttuneError, _told)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(DatabaseError, _database)
    app.add_exception_handler(NoneFree, _database)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    return app


def _sentence(request: Request, status: int, title: str, sentence: str) -> Response:
    if request.url.path.startswith(("/r/", "/u/")):
        values = {"title": title, "sentence": sentence, "brand": request.app.state.site.settings.brand}
        up = "/".join(".." for _ in request.url.path.split("/")[2:])
        page = pages.TEMPLATES.get_template("message.html").render(values, root=up)
        return HTMLResponse(page, status_code=status)
    return JSONResponse({"error": sentence}, status_code=status)


def _told(request: Request, error: Exception) -> Response:
    return _sentence(request, 400, "That did not work", str(error))


def _unreadable(request: Request, error: Exception) -> Response:
    """Name what is wrong, and not what was given: FastAPI's own answer repeats it."""
    assert isinstance(error, RequestValidationError)
    place = error.errors()[0]["loc"]
    named = f"`{place[1]}`" if len(place) > 1 and isinstance(place[1], str) else "The request"
    return _sentence(request, 422, "That did not work", f"{named} is missing or cannot be read here.")


def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError | DatabaseError | NoneFree)
    why = "No connection became free in time." if isinstance(error, NoneFree) else explain(error)
    log.error("request failed", route=_route(request), why=why)
    sentence = "This service cannot reach its database right now."
    answer = _sentence(request, 503, "Please try again", sentence)
    answer.headers["retry-after"] = str(RETRY_SECONDS)
    return answer


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _sentence(request, error.status_code, "Not here", str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _broken(request: Request) -> Response:
    return _sentence(request, 500, "That did not work", "Something went wrong on our side.")


def _route(request: Request) -> str:
    """Return the route's pattern: the path itself may hold a token."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
