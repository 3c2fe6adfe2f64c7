"""A lived-in database of the version before: refused by name, upgraded without a loss, and it goes on."""

from datetime import time, timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, text

from service import migrate, reminding, schema
from service.sealing import Sealer
from service.settings import Settings
from service.site import open_site
from service.states import NudgeKind
from service.trouble import DatabaseError
from tests.conftest import KEY
from tests.world import World

DAY = timedelta(days=1)


def counts(connection: Connection) -> dict[str, int]:
    tables = inspect(connection).get_table_names()
    return {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}


def test_what_was_lived_with_the_version_before_is_kept(world: World, settings: Settings) -> None:
    alex, sam = world.couple()
    habit = world.take_up("gratitude", "daily", "daily 19:00", alex, sam)
    reminding.edit_rescue(world.site, habit, time(20), world.at)
    reminding.add_summary(world.site, alex, "daily 12:00", world.at)
    world.goes_on(DAY * 2)
    world.says("Alex", "done")
    world.goes_on(DAY)
    with migrate.rebuilding(world.site.db) as connection:
        newest = counts(connection)
        command.downgrade(migrate.config(connection), "0001")
        before = counts(connection)
    # What has no word in the version before is gone with it: three summaries, their reminder, two rescues.
    assert newest["nudge"] - before["nudge"] >= 3
    assert newest["reminder"] - before["reminder"] == 2
    assert {name for name in newest if name not in before} == {"rest", "wording"}

    with pytest.raises(DatabaseError, match="older Attune; back it up, then run `attune db upgrade`"):
        open_site(settings, lambda: world.at)
    assert migrate.upgrade(world.site.db, Sealer(KEY)) == ("0001", schema.REVISIONS[-1])
    with world.site.db.engine.connect() as connection:
        assert counts(connection) == before | {"rest": 0, "wording": 0}

    again = World.open(settings, world.at)
    told = len(again.told(alex, NudgeKind.NUDGE))
    again.goes_on(DAY)
    assert len(again.told(alex, NudgeKind.NUDGE)) == told + 1
    again.site.db.close()


def test_a_database_of_the_first_version_gets_the_rest(world: World) -> None:
    with migrate.rebuilding(world.site.db) as connection:
        command.downgrade(migrate.config(connection), "0001")
        # As the first version wrote them: none of the new columns is named.
        connection.execute(
            text(
                "INSERT INTO person (id, name_sealed, zone, day_starts, week_starts, language, country, "
                "quiet_from, quiet_to, daily_cap, discreet) VALUES (:id, :name, 'UTC', '03:00:00', 0, 'en', "
                "'', '21:00:00', '08:00:00', 3, :no)"
            ),
            {"id": "0" * 31 + "1", "name": b"sealed", "no": False},
        )
    migrate.upgrade(world.site.db, Sealer(KEY))
    with world.site.db.engine.connect() as connection:
        assert connection.execute(text("SELECT zone, away_on FROM person")).all() == [("UTC", None)]
