"""Providers' posts: people's messages, and what became of ours. Signed, or 403 and nothing is stored."""

from datetime import datetime
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from notifiers.base import InboundParser, ReportParser
from service import inbound, receipts, storing
from service.site import Site
from service.states import AddressKind
from service.strangers import Sender

router = APIRouter(prefix="/hooks")
log = structlog.get_logger()

MOST_FIELDS = 200
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def raw_body(request: Request) -> bytes:
    """Return the body as it came; its size was limited on the way in."""
    return await request.body()


def site_of(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


Body = Annotated[bytes, Depends(raw_body)]


def signed_form(channel: str, request: Request, body: bytes) -> list[tuple[str, str]]:
    """Return all fields of a post that the channel's provider signed, blank and repeated ones too."""
    site = site_of(request)
    notifier: object = site.notifiers.get(channel)
    if not isinstance(notifier, InboundParser):
        raise HTTPException(404, "There is no such channel here.")
    try:
        form = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _not_signed(channel, "The post is no form.") from None
    base = site.settings.public_url
    if not base:
        raise _not_signed(channel, "There is no public_url here to check the signature with.")
    if not notifier.verify(_url(base, request), form, request.headers):
        raise _not_signed(channel, "The signature is missing, or not made for public_url with our token.")
    return form


def _not_signed(channel: str, why: str) -> HTTPException:
    """Tell the admin, who alone can see that public_url or the token is wrong, and refuse the post."""
    log.warning("post refused", channel=channel, why=why)
    return HTTPException(403, why)


def _url(base: str, request: Request) -> str:
    """Return the URL that the provider signed: the public one, with the path and query as they came."""
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    return f"{base}{path}?{query}" if query else f"{base}{path}"


@router.post("/{channel}/sms")
def message(channel: str, body: Body, request: Request) -> Response:
    """Keep a person's message; it is understood once the provider has its answer."""
    # Called, and no dependency: that would be one more wait for a thread.
    form = signed_form(channel, request, body)
    site = site_of(request)
    notifier: object = site.notifiers[channel]
    assert isinstance(notifier, InboundParser)
    found = notifier.parse_inbound(dict(form))
    if found is None:
        raise HTTPException(400, "The post holds no message.")
    kind = AddressKind(found.address_kind)
    now = site.now()
    if reply_id := inbound.store(site, channel, kind, found, now):
        request.app.state.behind.add(partial(_understand, site, reply_id, kind, found.sender, now))
    return Response(NOTHING_TO_SAY, media_type="text/xml")


def _understand(site: Site, reply_id: UUID, kind: AddressKind, sender: str, now: datetime) -> None:
    inbound.understand(site, reply_id, now, Sender(kind, storing.one_form(site, kind, sender)))


@router.post("/{channel}/status")
def status(channel: str, body: Body, request: Request, attempt: str = "") -> Response:
    """Keep what became of one of our messages."""
    form = signed_form(channel, request, body)
    site = site_of(request)
    notifier: object = site.notifiers[channel]
    if not isinstance(notifier, ReportParser):
        raise HTTPException(404, "There is no such channel here.")
    report = notifier.parse_status(dict(form))
    if report is None:
        raise HTTPException(400, "The post holds no report.")
    try:
        attempt_id = UUID(attempt) if attempt else None
    except ValueError:
        attempt_id = None
    receipts.record(site, channel, report, attempt_id, site.now())
    return Response(status_code=204)
