"""`/metrics`, for a monitor on this machine or one that knows the token; Caddy lets nobody through to it."""

import hmac

from fastapi import APIRouter, HTTPException, Request, Response

from notifiers.hosts import is_this_machine
from service import metrics
from service.site import Site

router = APIRouter()

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
    shown, content_type = metrics.exposition(site)
    return Response(shown, media_type=content_type)


def _knows(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_here(request: Request) -> bool:
    """Say whether a program on this machine asks, and no page in a browser by a name that leads here."""
    peer, asked = request.client, request.url.hostname
    if peer is None or asked is None or any(name in request.headers for name in THROUGH_A_PROXY):
        return False
    return is_this_machine(peer.host) and is_this_machine(asked)
