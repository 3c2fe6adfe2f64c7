"""The jobs that hand over what was planned, put into the very transaction that plans it."""

from procrastinate import App
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector
from sqlalchemy import text
from sqlalchemy.orm import Session

from service.engine.tables import SCHEMA

QUEUE = "attune"
A_JOB = 100
"""Messages that are worth a worker more: each carries what it claims, until nothing is left."""
SEE_JOBS = text(f"SELECT set_config('search_path', current_setting('search_path') || ', {SCHEMA}', true)")
APP = App(connector=SyncPsycopgConnector())
"""Never opened: it uses the connection of whoever plans."""


def enqueue(session: Session, messages: int) -> None:
    """Enqueue jobs for so many messages that may go now; they are there if, and when, the session commits.

    Later ones are found by the ring. Without a queueing lock: one that is taken would end the transaction.
    """
    if not messages:
        return
    session.execute(SEE_JOBS)
    connection = session.connection().connection.driver_connection
    wanted = -(-messages // A_JOB)
    APP.configure_task("send", queue=QUEUE, connection=connection).batch_defer(*[{}] * wanted)
