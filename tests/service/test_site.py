import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from notifiers.base import ConfigError
from service import schema
from service.clock import Clock
from service.db import Database
from service.errors import AttuneError
from service.models import Meta
from service.sealing import KeyTrouble, new_key
from service.settings import Settings
from service.site import Site, open_key, open_site
from tests.conftest import KEY
from tests.world import World

PASSWORD = "hunter2-and-more"
NO_TABLES = "The database has no tables of Attune's yet; run `attune db upgrade`."


def changed(settings: Settings, **changes: object) -> Settings:
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return Settings(**(values | changes))


def refused(settings: Settings) -> str:
    with pytest.raises(AttuneError) as caught:
        open_site(settings)
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def execute(url: str, statement: str) -> None:
    database = Database(url)
    with database.write() as session:
        session.execute(text(statement))
    database.close()


def test_an_installation_opens_and_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    before = content(tmp_path)
    site = open_site(settings)
    assert isinstance(site.now, Clock)
    assert site.catch_up == timedelta(minutes=settings.catch_up_minutes)
    site.db.close()
    assert content(tmp_path) == before


def test_the_clock_is_the_one_that_was_given(world: World) -> None:
    world.at += timedelta(days=1)
    assert world.site.now() == world.at
    assert Clock()().utcoffset() == timedelta(0)


def test_an_address_goes_to_the_first_channel_that_reaches_it(settings: Settings) -> None:
    channels: dict[str, dict[str, object]] = {"console": {}, "phone": {}}
    site = open_site(changed(settings, notifiers=channels))
    first = site.notifier_for("sms")
    assert first is site.notifiers["console"]
    other = replace(site, notifiers={"phone": site.notifiers["phone"]})
    assert other.notifier_for("sms") is site.notifiers["phone"]
    assert other.notifier_for("pigeon") is None
    site.db.close()


def test_no_secret_shows(world: World) -> None:
    assert not any(part in f"{world.site!r}" for part in KEY.split(":")[1:])


def test_without_a_key(settings: Settings, tmp_path: Path) -> None:
    before = content(tmp_path)
    assert "run `attune init`" in refused(changed(settings, key=None))
    with pytest.raises(KeyTrouble, match="There is no key in"):
        open_key(changed(settings, key=None))
    assert content(tmp_path) == before


@pytest.mark.parametrize("part", [slice(-1), slice(20), slice(1, None)])
def test_with_half_a_key(settings: Settings, tmp_path: Path, part: slice) -> None:
    before = content(tmp_path)
    assert "is damaged" in refused(changed(settings, key=KEY[part]))
    assert content(tmp_path) == before


def test_with_the_key_of_another_installation(settings: Settings, tmp_path: Path) -> None:
    before = content(tmp_path)
    prefix, root, _ = KEY.split(":")
    other = new_key()
    for wrong in (other, f"{prefix}:{root}:{other.rpartition(':')[2]}"):
        assert "put back the right key, nothing was changed" in refused(changed(settings, key=wrong))
    assert content(tmp_path) == before


def test_a_channel_that_is_none(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="did you mean `phone`"):
        open_site(changed(settings, notifiers={"fone": {}}))


def test_a_database_without_tables(settings: Settings, empty_url: str) -> None:
    assert refused(changed(settings, database_url=empty_url)) == NO_TABLES


def test_a_database_that_is_not_there_is_not_made(settings: Settings, tmp_path: Path) -> None:
    for place in ("none.db", "no-folder/none.db"):
        assert refused(changed(settings, database_url=f"sqlite:///{tmp_path / place}")) == NO_TABLES
        assert not (tmp_path / place).exists()


def test_an_empty_file_stays_empty(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    file.touch()
    assert refused(changed(settings, database_url=f"sqlite:///{file}")) == NO_TABLES
    assert file.read_bytes() == b""


def test_a_database_from_a_newer_attune(settings: Settings) -> None:
    execute(settings.url, "UPDATE alembic_version SET version_num = '9999'")
    assert "from a newer Attune than this one; install the newer version" in refused(settings)


def test_a_database_from_an_older_attune(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # The next version of this code, as far as the check is concerned.
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "9999"))
    assert "from an older Attune; back it up, then run `attune db upgrade`" in refused(settings)


def test_a_database_whose_tables_were_taken_down(settings: Settings) -> None:
    execute(settings.url, "DELETE FROM alembic_version")
    assert refused(settings) == NO_TABLES


def test_a_database_that_belongs_to_no_key(settings: Settings) -> None:
    execute(settings.url, f"DELETE FROM meta WHERE key = '{schema.FINGERPRINT}'")
    assert "belongs to no key yet; run `attune db upgrade`" in refused(settings)


def test_the_key_is_not_in_the_database(world: World) -> None:
    with world.site.db.read() as session:
        kept = session.get_one(Meta, schema.FINGERPRINT).value
    assert not any(part in kept for part in KEY.split(":")[1:])
    assert world.site.sealer.fingerprint not in kept


def test_a_file_that_is_no_database(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "diary.db"
    file.write_text("Dear diary, " * 1000)
    before = content(tmp_path)
    assert "is not an SQLite database" in refused(changed(settings, database_url=f"sqlite:///{file}"))
    assert content(tmp_path) == before


def test_a_locked_file_opens_all_the_same(settings: Settings) -> None:
    """A daemon starts while a backup or a CLI writes; it waits only when it has to write itself."""
    if settings.url.startswith("sqlite"):
        with closing(
            sqlite3.connect(settings.url.removeprefix("sqlite:///"), isolation_level=None)
        ) as holder:
            holder.execute("BEGIN IMMEDIATE")
            open_site(settings).db.close()


def test_a_url_that_cannot_be_used(settings: Settings) -> None:
    url = f"mysql://attune:{PASSWORD}@localhost/attune"
    assert "ATTUNE_DATABASE_URL must look like" in refused(changed(settings, database_url=url))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"username": "guarded"}, "PostgreSQL refused the login"),
        ({"database": "not_there"}, "PostgreSQL has no such database"),
        ({"port": 1}, "PostgreSQL does not answer"),
    ],
)
def test_a_postgresql_that_cannot_be_reached(
    tmp_path: Path, postgres_url: str, changes: dict[str, str | int], told: str
) -> None:
    url = make_url(postgres_url).set(drivername="postgresql+psycopg")
    if "username" in changes or url.password is None:
        url = url.set(password=PASSWORD)
    url = url.set(**changes)  # type: ignore[arg-type]
    wrong = Settings(home=tmp_path, key=KEY, database_url=url.render_as_string(hide_password=False))
    assert told in refused(wrong)


def test_what_is_refused_holds_no_connection(settings: Settings) -> None:
    """A refused start must not keep the file, or a place at the server, until the process ends."""
    wrong = changed(settings, key=new_key())
    for _ in range(20):
        with pytest.raises(KeyTrouble):
            open_site(wrong)
    if not settings.url.startswith("sqlite"):
        name = make_url(settings.url).database
        site: Site = open_site(settings)
        with site.db.read() as session:
            mine = session.scalar(
                text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
            )
        site.db.close()
        assert mine == 1
