"""What all rows share."""

from sqlalchemy import ForeignKey, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase

from habits.entries import Mark
from service.columns import choice
from service.states import (
    AddressKind,
    Cause,
    ConsentEvent,
    Joint,
    NudgeKind,
    NudgeState,
    Outcome,
    PulseState,
    Purpose,
    ReplyState,
    RestKind,
)

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it off the class.)
        state: choice(state)
        for state in (
            AddressKind,
            Cause,
            ConsentEvent,
            Joint,
            Mark,
            NudgeKind,
            NudgeState,
            Outcome,
            PulseState,
            Purpose,
            ReplyState,
            RestKind,
        )
    }


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index over the rows that meet a condition, on both stores."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def to(column: str, cascade: bool = True) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE" if cascade else "SET NULL")
