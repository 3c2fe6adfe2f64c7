"""Rows given to a statement as one value, so that it is the same statement however many they are.

PostgreSQL takes an array for each column (`unnest`), SQLite one JSON text for all of them (`json_each`).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import Any, TypeVarTuple, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    CursorResult,
    FromClause,
    Insert,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    Update,
    Uuid,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

Cells = TypeVarTuple("Cells")
Values = Sequence[Mapping[str, object]]
"""Rows by the names of their columns, the same for all of them."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that statements join: ids and days. Its table has the `place` of each besides, from 0 on."""

    name: str
    types: Mapping[str, TypeEngine[Any]]

    def table(self, on_sqlite: bool) -> FromClause:
        """Return what statements select from."""
        if on_sqlite:
            each = func.json_each(bindparam(self.name)).table_valued("key", "value")
            cells = [
                func.json_extract(each.c.value, f"$[{number}]", type_=of).label(name)
                for number, (name, of) in enumerate(self.types.items())
            ]
            return select(each.c.key.label("place"), *cells).subquery(self.name)
        arrays = [
            bindparam(f"{self.name}_{name}", type_=String).cast(ARRAY(_whole(of)))
            for name, of in self.types.items()
        ]
        columns = [column(name, of) for name, of in self.types.items()]
        rows = func.unnest(*arrays).table_valued(*columns, with_ordinality="nth").render_derived()
        return select((rows.c.nth - 1).label("place"), *[rows.c[name] for name in self.types]).subquery(
            self.name
        )

    def values(self, on_sqlite: bool, rows: Sequence[Sequence[object]]) -> dict[str, object]:
        """Return the parameters that stand for these rows."""
        cells = list(zip(*rows, strict=True)) or [()] * len(self.types)
        if on_sqlite:
            plain = [[_plain(cell) for cell in of] for of in cells]
            return {self.name: json.dumps(list(zip(*plain, strict=True)))}
        return {f"{self.name}_{name}": _array(of) for name, of in zip(self.types, cells, strict=True)}


def _whole(of: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type without a length: what is too long is to be refused and not cut."""
    return String() if isinstance(of, String) else of


def _plain(value: object) -> object:
    """Return an id or a day as SQLite stores it."""
    if isinstance(value, UUID):
        return value.hex
    return value.isoformat() if isinstance(value, date) else value


def _array(cells: Iterable[object]) -> str:
    """Return an array as PostgreSQL reads it; the driver would take as long as everything else for it."""
    return "{" + ",".join([_CELLS.get(type(cell), _quoted)(cell) for cell in cells]) + "}"


def _quoted(cell: object) -> str:
    return '"' + str(cell).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _instant(cell: datetime) -> str:
    if cell.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return cell.isoformat()


_CELLS: dict[type[object], Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    UUID: lambda cell: cell.hex,
    bytes: lambda cell: f'"\\\\x{cell.hex()}"',
    datetime: _instant,
    date: date.isoformat,
    int: str,
    float: repr,
}


def on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def read(session: Session, statement: Select[*Cells], given: Mapping[str, object]) -> Sequence[Row[*Cells]]:
    """Return the rows that a statement finds, past the session: it would look at each for what it tracks."""
    return session.connection().execute(statement, given).all()


def insert_many(session: Session, row: type[DeclarativeBase], values: Values) -> int:
    """Insert rows, skip those whose unique key is taken, and return how many were new; one statement.

    Value by value and row by row, it would take several times as long.
    """
    table = cast(Table, row.__table__)
    defaults = {name: make for name, make in _defaults(table).items() if name not in values[0]}
    whole = [{**value, **{name: make() for name, make in defaults.items()}} for value in values]
    names = tuple(whole[0])
    if on_sqlite(session):
        marks = ", ".join("?" * len(names))
        into = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 (Names of ours.)
        return _each(session, f"{into} ON CONFLICT DO NOTHING", [table.c[name] for name in names], whole)
    options = {"preserve_rowcount": True}  # Without it the count is gone before it can be asked for.
    given = {f"rows_{name}": _array([value[name] for value in whole]) for name in names}
    added = session.execute(_insert_all(table, names), given, execution_options=options)
    return cast(CursorResult[object], added).rowcount


def update_many(
    session: Session, row: type[DeclarativeBase], values: Values, keys: tuple[str, ...] = ("id",)
) -> None:
    """Set columns of the rows that have these keys; one statement."""
    if not values:
        return
    table = cast(Table, row.__table__)
    names = (*(name for name in values[0] if name not in keys), *keys)
    if on_sqlite(session):
        cells = ", ".join(f"{name} = ?" for name in names if name not in keys)
        found = " AND ".join(f"{key} = ?" for key in keys)
        _each(session, f"UPDATE {table.name} SET {cells} WHERE {found}", [table.c[n] for n in names], values)  # noqa: S608
    else:
        given = {f"rows_{name}": _array([value[name] for value in values]) for name in names}
        session.execute(_update_all(table, names, keys), given)


class _Stored(dict[object, object]):
    """What SQLite stores for a value: worked out once, as most rows of a batch share times and words."""

    def __init__(self, process: Callable[[Any], object]) -> None:
        self._process = process

    def __missing__(self, value: object) -> object:
        self[value] = stored = self._process(value)
        return stored


def _each(session: Session, statement: str, columns: Sequence[Column[Any]], values: Values) -> int:
    """Run a statement of SQLite for each row, and return how many rows it changed."""
    connection = session.connection()
    cells: list[Iterable[object]] = []
    for each in columns:
        given = [value[each.name] for value in values]
        process = each.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process:
            # No two of these are alike, and to look for one takes as long as to write it.
            found = process if isinstance(each.type, Uuid | LargeBinary) else _Stored(process).__getitem__
            given = list(map(found, given))
        cells.append(given)
    options = {"preserve_rowcount": True}
    return connection.exec_driver_sql(statement, list(zip(*cells, strict=True)), options).rowcount


@cache
def _rows(table: Table, names: tuple[str, ...]) -> FromClause:
    return Batch("rows", {name: table.c[name].type for name in names}).table(on_sqlite=False)


@cache
def _defaults(table: Table) -> Mapping[str, Callable[[], object]]:
    """Return what makes a value for the columns that get one where none is given."""
    found: dict[str, Callable[[], object]] = {}
    for each in table.columns:
        default = each.default
        if isinstance(default, CallableColumnDefault):
            found[each.name] = partial(default.arg, cast(Any, None))
        elif isinstance(default, ScalarElementColumnDefault):
            found[each.name] = partial(_same, default.arg)
    return found


def _same(value: object) -> object:
    return value


@cache
def _insert_all(table: Table, names: tuple[str, ...]) -> Insert:
    rows = _rows(table, names)
    made = insert(table).from_select(names, select(*[rows.c[name] for name in names]), include_defaults=False)
    return made.on_conflict_do_nothing()


@cache
def _update_all(table: Table, names: tuple[str, ...], keys: tuple[str, ...]) -> Update:
    rows = _rows(table, names)
    found = [table.c[key] == rows.c[key] for key in keys]
    return update(table).where(*found).values({name: rows.c[name] for name in names if name not in keys})
