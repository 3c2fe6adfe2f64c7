"""The ten practices: what is in the catalogue, finding one by name, drawing a prompt."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits import catalogue as texts
from habits import practices, pulse, schedule, words
from habits.goals import parse_goal
from habits.practices import Kind, Practice, Prompt
from notifiers.segments import Encoding, count

SLUGS = (
    "active-listening",
    "inner-world",
    "quality-time",
    "empathy",
    "vulnerability",
    "safe-space",
    "gratitude",
    "open-communication",
    "professional-help",
    "patience",
)
ALL = practices.catalogue()
PROMPTS = [prompt for practice in ALL.values() for prompt in practice.prompts]
LONGEST_HINT = " Reply 12 when done."
WEEKS = 52


def test_ten_practices_in_the_order_of_the_source_text() -> None:
    assert tuple(ALL) == SLUGS
    assert [practice.kind for practice in ALL.values()] == [Kind.PRACTICE] * 7 + [Kind.BARRIER] * 3


@pytest.mark.parametrize("practice", ALL.values(), ids=lambda practice: practice.slug)
def test_a_practice_is_complete(practice: Practice) -> None:
    assert len(practice.prompts) == 12
    assert practice.title
    assert practice.why.endswith(".")
    assert practice.how.endswith(".")
    assert len([prompt for prompt in practice.prompts if prompt.depth == 1]) >= 4, (
        "too few for the first weeks"
    )


def test_ids_and_texts_of_prompts_are_unique() -> None:
    assert len({prompt.id for prompt in PROMPTS}) == 120
    assert len({prompt.text for prompt in PROMPTS}) == 120


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.id)
def test_a_prompt_with_its_reply_hint_is_one_segment(prompt: Prompt) -> None:
    counted = count(prompt.text + LONGEST_HINT)
    assert (counted.encoding, counted.segments) == (Encoding.GSM7, 1)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.id)
def test_a_prompt_is_a_sentence_that_names_no_gender(prompt: Prompt) -> None:
    assert prompt.text[0].isupper()
    assert prompt.text[-1] in ".?"
    said = {word.strip(".,:;'?").lower() for word in prompt.text.split()}
    assert not said & {"he", "she", "his", "her", "him", "husband", "wife", "boyfriend", "girlfriend"}


def due(practice_schedule: str) -> list[datetime]:
    """Every time a schedule is due in a year that begins on a Monday."""
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 1, 4, 23, tzinfo=UTC)
    at: datetime | None = start
    found: list[datetime] = []
    while (
        at := schedule.next_at(schedule.parse(practice_schedule), at or start, zone, date(2026, 1, 5), 7)
    ) and at < start + timedelta(weeks=WEEKS):
        found.append(at.astimezone(zone))
    return found


def test_the_defaults_are_kind() -> None:
    schedules = [practice.schedule for practice in ALL.values()] + [pulse.items().schedule]
    times = [at for each in schedules for at in due(each)]
    assert all(len(due(each)) <= 3 * WEEKS for each in schedules), "three a week are plenty for one practice"
    assert max(Counter(at.date() for at in times).values()) <= 3, "all together pass the usual daily cap"
    assert all(time(8) <= at.time() <= time(21) for at in times), "nobody is nudged in quiet hours"


@pytest.mark.parametrize("practice", ALL.values(), ids=lambda practice: practice.slug)
def test_who_follows_the_default_nudges_keeps_the_default_goal(practice: Practice) -> None:
    goal = parse_goal(practice.goal)
    assert len(due(practice.schedule)) >= goal.times * (WEEKS if goal.days == 7 else 12)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("gratitude", "gratitude"),
        ("Quality Time", "quality-time"),
        ("  SAFE_space ", "safe-space"),
        ("date night", "quality-time"),
        ("therapy", "professional-help"),
    ],
)
def test_a_practice_is_found_by_slug_title_or_alias(name: str, slug: str) -> None:
    assert practices.find(name).slug == slug


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ValueError, match=r"^There is no practice of that name\. Did you mean gratitude\?$"):
        practices.find("gratitud")


@pytest.mark.parametrize("name", ["", "  ", "xyzzy"])
def test_a_name_like_no_other_gets_the_list(name: str) -> None:
    with pytest.raises(ValueError, match="There are: active-listening, inner-world,"):
        practices.find(name)


def test_every_name_belongs_to_one_practice() -> None:
    for practice in ALL.values():
        for name in (practice.slug, practice.title, *practice.aliases):
            assert practices.find(name) is practice


def test_a_prompt_has_a_depth_from_1_to_3() -> None:
    with pytest.raises(ValueError, match="The depth of prompt x-01 must be 1, 2 or 3"):
        Prompt("x-01", 4, practices.Act.DO, "Text.")


@pytest.mark.parametrize("language", ["xx", "../..", "", "EN", "en_GB", "en-US"])
def test_an_unknown_language_is_english(language: str) -> None:
    assert practices.catalogue(language) is practices.catalogue("en")


def test_every_language_is_listed_once_and_english_first() -> None:
    assert texts.languages()[0] == "en"
    assert len(set(texts.languages())) == len(texts.languages())


def test_what_is_not_translated_is_english_id_by_id() -> None:
    english = {
        "title": "Gratitude",
        "why": "Thanks help.",
        "defaults": {"goal": "daily", "schedule": "daily 20:00"},
        "prompts": [{"id": "gr-01", "depth": 1, "text": "One."}, {"id": "gr-02", "depth": 2, "text": "Two."}],
        "aliases": ["grateful"],
    }
    spanish = {
        "title": "Gratitud",
        "defaults": {"goal": "3 a week"},
        "prompts": [{"id": "gr-02", "text": "Dos."}],
        "aliases": ["gracias"],
    }
    assert texts.overlaid(english, spanish) == {
        "title": "Gratitud",
        "why": "Thanks help.",
        "defaults": {"goal": "3 a week", "schedule": "daily 20:00"},
        "prompts": [{"id": "gr-01", "depth": 1, "text": "One."}, {"id": "gr-02", "depth": 2, "text": "Dos."}],
        "aliases": ["gracias"],
    }


GRATITUDE = practices.find("gratitude")
LIGHT = [prompt.id for prompt in GRATITUDE.prompts if prompt.depth == 1]


def test_no_prompt_comes_twice_before_the_bank_is_used_up() -> None:
    rng, used = Random(1), list[str]()
    for _ in range(3):
        rounds = []
        for left in range(12, 0, -1):
            prompt, chance, first = practices.draw(GRATITUDE, used, 3, rng)
            assert chance == pytest.approx(1 / left)
            assert first == (left == 12)
            used.append(prompt.id)
            rounds.append(prompt.id)
        assert len(set(rounds)) == 12


def test_each_free_prompt_has_the_same_chance() -> None:
    rng = Random(2)
    used = LIGHT[:6]
    drawn = Counter(practices.draw(GRATITUDE, used, 1, rng)[0].id for _ in range(3000))
    assert set(drawn) == set(LIGHT) - set(used)
    expected = 3000 / len(drawn)
    assert all(abs(times - expected) < 5 * expected**0.5 for times in drawn.values())


@given(
    st.lists(st.sampled_from([*(prompt.id for prompt in GRATITUDE.prompts), "xx-99"]), max_size=40),
    st.integers(1, 3),
    st.integers(0, 2**32),
)
def test_a_drawn_prompt_is_never_too_deep_nor_used_in_this_round(
    used: list[str], deepest: int, seed: int
) -> None:
    prompt, chance, first = practices.draw(GRATITUDE, used, deepest, Random(seed))
    bank = {each.id for each in GRATITUDE.prompts if each.depth <= deepest}
    assert prompt.id in bank
    assert 1 / len(bank) <= chance <= 1
    # The ids of a round are used up once as many different ones have come as the bank holds.
    now: set[str] = set()
    for each in used:
        now = (now | {each}) & bank
        now = set() if now == bank else now
    assert prompt.id not in now
    assert chance == 1 / (len(bank) - len(now))
    assert first == (not now)


def test_a_practice_without_light_prompts_refuses_to_draw() -> None:
    deep = Practice("d", "D", (), Kind.PRACTICE, "", "", "", "", (Prompt("d-1", 3, practices.Act.DO, "D."),))
    with pytest.raises(ValueError, match="No prompt of d has a depth of 2 or less"):
        practices.draw(deep, [], 2, Random(0))


OTHERS = [language for language in texts.languages() if language != texts.ENGLISH]
TRANSLATED = [(language, slug) for language in OTHERS for slug in SLUGS]


@pytest.mark.parametrize(("language", "slug"), TRANSLATED)
def test_every_prompt_is_translated_by_its_id_and_keeps_its_depth(language: str, slug: str) -> None:
    english, other = ALL[slug], practices.catalogue(language)[slug]
    own = texts.read_own(slug, language)
    assert [row["id"] for row in own["prompts"]] == [prompt.id for prompt in english.prompts]
    assert all(set(row) == {"id", "text"} for row in own["prompts"])
    assert {"title", "aliases", "why", "how"} <= set(own)
    assert [(p.id, p.depth, p.kind) for p in other.prompts] == [
        (p.id, p.depth, p.kind) for p in english.prompts
    ]
    assert (other.goal, other.schedule, other.kind) == (english.goal, english.schedule, english.kind)
    assert not {p.text for p in other.prompts} & {p.text for p in english.prompts}


@pytest.mark.parametrize(("language", "slug"), TRANSLATED)
def test_a_translated_prompt_is_a_sentence_of_one_segment_or_two_beyond_gsm(language: str, slug: str) -> None:
    for prompt in practices.catalogue(language)[slug].prompts:
        assert prompt.text.lstrip("¿¡")[0].isupper()
        assert prompt.text[-1] in ".?!"
        counted = count(prompt.text + LONGEST_HINT)
        assert counted.segments <= (1 if counted.encoding is Encoding.GSM7 else 2)
        assert language == "es" or counted.encoding is Encoding.GSM7


def test_spanish_prompts_stay_within_gsm_where_the_language_allows_it() -> None:
    prompts = [prompt.text for one in practices.catalogue("es").values() for prompt in one.prompts]
    plain = [text for text in prompts if count(text).encoding is Encoding.GSM7]
    assert len(set(prompts)) == 120
    assert len(plain) >= 100


@pytest.mark.parametrize("language", OTHERS)
def test_names_belong_to_one_practice_in_each_language(language: str) -> None:
    names = [name for one in practices.catalogue(language).values() for name in (one.title, *one.aliases)]
    folded = [tuple(sorted(words.forms(name))) for name in names]
    assert len(set(folded)) == len(names)


@pytest.mark.parametrize("language", OTHERS)
def test_each_file_says_where_it_comes_from(language: str) -> None:
    for file in (texts.FOLDER / language).glob("*.toml"):
        first = file.read_text("utf-8").splitlines()[0]
        assert first.startswith("# ")
        assert "written for Attune" in first


@pytest.mark.parametrize("language", OTHERS)
def test_the_check_in_is_translated_item_by_item(language: str) -> None:
    english, other = pulse.items(), pulse.items(language)
    for here, there in zip((*english.fixed, *english.rotating), (*other.fixed, *other.rotating), strict=True):
        assert (here.id, here.lowest, here.serves) == (there.id, there.lowest, there.serves)
        assert here.text != there.text
        assert here.label != there.label
    assert len(other.scale) == len(english.scale)
