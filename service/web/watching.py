"""`/healthz`, `/readyz`, and `/metrics` for a monitor on this machine or one that knows the token.

Caddy lets nobody through to the last two. A daemon or a worker has a small server of these alone.
"""

import hmac
from collections.abc import Callable

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response

from notifiers.hosts import is_this_machine
from service import health, metrics
from service.site import Site
from service.web.guards import Headers, LastResort

router = APIRouter()
Figures = Callable[[Site], tuple[bytes, str]]

THROUGH_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of a request that came from elsewhere by way of a proxy on this machine."""


@router.get("/metrics")
def all_metrics(request: Request) -> Response:
    site: Site = request.app.state.site
    token = site.settings.metrics_token
    if token and not _knows(request, token.get_secret_value()):
        raise HTTPException(401, "This needs the token.", {"www-authenticate": "Bearer"})
    if not token and not _is_here(request):
        raise HTTPException(404)
    shown, content_type = request.app.state.figures(site)
    return Response(shown, media_type=content_type)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request, response: Response) -> dict[str, object]:
    troubles, notices = health.look(request.app.state.site, request.app.state.late_jobs)
    if troubles:
        response.status_code = 503
    status = "not ready" if troubles else "ready"
    return {"status": status, "troubles": troubles, "notices": notices}


def add_to(app: FastAPI, site: Site, late_jobs: health.LateJobs | None, figures: Figures) -> None:
    """Let an application answer here; `late_jobs` is of the engine in this process."""
    app.state.site, app.state.late_jobs, app.state.figures = site, late_jobs, figures
    app.include_router(router)


def create_app(site: Site, late_jobs: health.LateJobs) -> FastAPI:
    """Return what a process without a web server answers: how its jobs are, and what it has counted."""
    app = FastAPI(title=site.settings.brand, docs_url=None, redoc_url=None, openapi_url=None)
    add_to(app, site, late_jobs, metrics.of_this_process)
    app.add_middleware(LastResort, answer=_broken)
    app.add_middleware(Headers)
    return app


def _broken(_request: Request) -> Response:
    return Response(status_code=500)


def _knows(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_here(request: Request) -> bool:
    """Say whether a program on this machine asks, and no page in a browser by a name that leads here."""
    peer, asked = request.client, request.url.hostname
    if peer is None or asked is None or any(name in request.headers for name in THROUGH_A_PROXY):
        return False
    return is_this_machine(peer.host) and is_this_machine(asked)
