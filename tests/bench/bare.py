"""The least that a signed webhook can do: `python -m tests.bench.bare URL TOKEN PUBLIC_URL`.

The same framework, server and signature check as ours, the same store with the same settings and one writer
at a time on SQLite, and one INSERT of the words as they came. It knows nobody and understands nothing.
"""

import sys
import threading
from contextlib import nullcontext
from typing import Annotated
from urllib.parse import parse_qsl

import click
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from sqlalchemy import Column, Integer, MetaData, String, Table, insert
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from service.db import Database
from service.running.listening import listen
from service.running.web import serve

PATH = "/hooks/twilio/sms"
MESSAGES = Table(
    "bare_message",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("sid", String(40), unique=True, nullable=False),
    Column("sender", String(40), nullable=False),
    Column("body", String(1600), nullable=False),
)


async def whole_body(request: Request) -> bytes:
    return await request.body()


def create_app(url: str, token: str, public_url: str) -> FastAPI:
    """Return an application with one route."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    database, validator = Database(url), RequestValidator(token)
    MESSAGES.create(database.engine, checkfirst=True)
    turn = threading.Lock() if database.is_sqlite else nullcontext()
    statement = insert(MESSAGES)

    @app.post(PATH)
    def message(request: Request, body: Annotated[bytes, Depends(whole_body)]) -> Response:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        signature = request.headers.get("x-twilio-signature", "")
        if not validator.validate(public_url + PATH, form, signature):
            raise HTTPException(403)
        row = {"sid": form["MessageSid"], "sender": form["From"], "body": form["Body"]}
        with turn, database.writers.begin() as connection:
            connection.execute(statement, row)
        return Response("<Response/>", media_type="text/xml")

    return app


if __name__ == "__main__":
    listener = listen("127.0.0.1", 0)
    serve(create_app(*sys.argv[1:]), listener, click.echo)
