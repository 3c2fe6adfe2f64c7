"""The posts that Twilio makes to an installation: inbound messages and status callbacks, signed."""

import base64
import hmac
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from notifiers.standin.state import Record

Fields = list[tuple[str, str]]

# A proxy of the environment must not carry what is meant for this machine.
_opener = build_opener(ProxyHandler({}))


def signature(token: str, url: str, fields: Fields) -> str:
    """Return X-Twilio-Signature: HMAC-SHA1 over the URL and each name with its values, sorted, once each.

    Written from Twilio's description, apart from the library that the notifier checks with.
    """
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def post(address: str, fields: Fields, signed: str | None) -> int:
    """Post the form to `address` and return the HTTP status.

    Raises OSError when nobody listens, or the listener died in the middle of its answer.
    """
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    }
    if signed is not None:
        headers["X-Twilio-Signature"] = signed
    request = Request(address, urlencode(fields).encode(), headers)
    try:
        with _opener.open(request, timeout=10) as answer:
            answer.read()
            return int(answer.status)
    except HTTPError as refusal:
        with refusal:
            return refusal.code
    except HTTPException as error:
        raise ConnectionError("The answer broke off.") from error


def inbound_fields(record: Record, extra: dict[str, str]) -> Fields:
    """Return the form of an inbound message; `extra` fields are added to it or replace some."""
    fields = {
        "ToCountry": "US",
        "ToState": "",
        "SmsMessageSid": record.sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": record.sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": record.body,
        "FromCountry": "US",
        "To": record.to,
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": record.sid,
        "AccountSid": record.account_sid,
        "From": record.from_,
        "ApiVersion": "2010-04-01",
    }
    return list((fields | extra).items())


def status_fields(record: Record, status: str, error_code: int | None) -> Fields:
    """Return the form of a status callback."""
    fields = {
        "SmsSid": record.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": record.to,
        "MessageSid": record.sid,
        "AccountSid": record.account_sid,
        "From": record.from_,
        "ApiVersion": "2010-04-01",
    }
    if record.messaging_service_sid:
        fields["MessagingServiceSid"] = record.messaging_service_sid
    if error_code is not None:
        fields |= {"ErrorCode": str(error_code), "ErrorMessage": ""}
    return list(fields.items())


def local_address(url: str, public_url: str | None, local: str | None) -> str:
    """Return where `url` is really served: a public address behind a proxy is a local one here."""
    if public_url and local and url.startswith(public_url):
        place = urlsplit(local)
        return f"{place.scheme}://{place.netloc}{url[len(public_url) :]}"
    return url


def public_address(address: str, public_url: str | None) -> str:
    """Return the address that the outside world, and so a signature, uses for a local one."""
    place = urlsplit(address)
    if not public_url:
        return address
    return public_url + place.path + (f"?{place.query}" if place.query else "")
