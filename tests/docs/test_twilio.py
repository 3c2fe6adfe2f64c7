"""docs/twilio.md says of each of Twilio's codes what the channel does."""

from notifiers.twilio_errors import KINDS
from notifiers.twilio_records import LOOK_BACK, LOOK_BACK_EVERY, OLDEST, OVERLAP
from service.jobs import PERIODIC
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "twilio.md").read_text("utf-8")


def test_the_table_of_codes_is_that_of_the_channel() -> None:
    kinds = {kind.value for kind in KINDS.values()}
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    told = [(code, row[0]) for row in rows if row[0] in kinds for code in row[1].split(", ")]
    assert sorted(told) == sorted((code, kind.value) for code, kind in KINDS.items())


def test_its_figures_are_those_of_the_channel() -> None:
    (every,) = [job.every_seconds for job in PERIODIC if job.name == "poll"]
    assert f"Each {every} seconds Twilio is asked" in PAGE
    assert f"The last {OVERLAP.seconds // 60} minutes are read again each time" in PAGE
    again = f"the last {LOOK_BACK.seconds // 3600} hours every {LOOK_BACK_EVERY.seconds // 60} minutes"
    assert again in PAGE
    assert f"back to {OLDEST.days} days" in PAGE
