"""Column types that both stores share."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from sqlalchemy import DateTime, Dialect, Enum, LargeBinary, String, Uuid
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

from service.ids import new_id


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, naive refused. SQLite has no zones and would drop them."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(states: type[StrEnum]) -> Enum:
    """Return a column type that stores `states` by value and lets the database refuse all else."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=24,
        name=states.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


Id = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
Instant = Annotated[datetime, mapped_column(UTCDateTime)]
Day = date
Clock = time
Sealed = Annotated[bytes, mapped_column(LargeBinary)]
Lookup = Annotated[bytes, mapped_column(LargeBinary(32))]
Echo = Annotated[bytes, mapped_column(LargeBinary(8))]
Word = Annotated[str, mapped_column(String(40))]
Text = Annotated[str, mapped_column(String(255))]
