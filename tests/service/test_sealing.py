import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sealing import KeyTrouble, Sealer, new_key, replace_key, write_key

KEY = new_key()
PREFIX, ROOT, SEAL = KEY.split(":")
OTHER_SEAL = new_key().rpartition(":")[2]
DAMAGED = [
    "",
    "attune1",
    KEY[:-1],
    KEY[1:],
    KEY.replace(":", ";"),
    KEY.replace("attune1", "attune2"),
    f"{PREFIX}:{ROOT}",
    f"{PREFIX}:{ROOT}:",
    f"{PREFIX}:{ROOT}:{SEAL},",
    f"{PREFIX}:{ROOT}:{SEAL}:{SEAL}",
    f"{PREFIX}:{ROOT[:20]}:{SEAL}",
    f"{PREFIX}:{ROOT}:{ROOT[:20]}",
    f"{PREFIX}:{ROOT[:10]}ß{ROOT[11:]}:{SEAL}",
    f"{PREFIX}:{ROOT}:{SEAL[:10]}ß{SEAL[11:]}",
    f"{KEY}\n{KEY}",
    "\x00",
]


@given(st.text())
def test_what_is_sealed_comes_back(words: str) -> None:
    assert Sealer(KEY).unseal(Sealer(KEY).seal(words)) == words


def test_the_same_words_never_look_the_same_twice() -> None:
    sealer = Sealer(KEY)
    assert len({sealer.seal("done") for _ in range(100)}) == 100


def test_sealed_words_do_not_show() -> None:
    assert b"Alex" not in Sealer(KEY).seal("Alex")


def test_a_changed_byte_is_noticed() -> None:
    sealed = bytearray(Sealer(KEY).seal("done"))
    sealed[20] ^= 1
    with pytest.raises(KeyTrouble, match="does not open with the key"):
        Sealer(KEY).unseal(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"done", b"\xff\xfe\x00"])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(KeyTrouble):
        Sealer(KEY).unseal(sealed)


def test_another_key_opens_and_finds_nothing() -> None:
    ours, theirs = Sealer(KEY), Sealer(new_key())
    with pytest.raises(KeyTrouble) as caught:
        theirs.unseal(ours.seal("done"))
    assert caught.value.__cause__ is None
    assert theirs.lookup("sms", "+12025550101") != ours.lookup("sms", "+12025550101")
    assert theirs.fingerprint != ours.fingerprint
    assert theirs.signing_key("reply") != ours.signing_key("reply")
    assert theirs.code("x") != ours.code("x")


def test_a_rotated_key_opens_the_old_seals_and_finds_the_same_addresses() -> None:
    before, after = Sealer(KEY), Sealer(f"{PREFIX}:{ROOT}:{OTHER_SEAL},{SEAL}")
    assert after.unseal(before.seal("done")) == "done"
    assert after.lookup("email", "alex@example.org") == before.lookup("email", "alex@example.org")
    assert after.fingerprint == before.fingerprint
    assert after.signing_key("reply") == before.signing_key("reply")
    with pytest.raises(KeyTrouble):
        before.unseal(after.seal("new words are sealed with the newest"))


def test_a_look_up_tells_kinds_and_values_apart() -> None:
    sealer = Sealer(KEY)
    found = {sealer.lookup(kind, value) for kind in ("sms", "email") for value in ("a", "b", "c")}
    assert len(found) == 6
    assert {len(one) for one in found} == {32}


def test_look_ups_and_signatures_have_nothing_in_common() -> None:
    sealer = Sealer(KEY)
    assert sealer.signing_key("sms:+12025550101") != sealer.lookup("sms", "+12025550101").hex()


def test_each_purpose_is_signed_with_a_key_of_its_own() -> None:
    sealer = Sealer(KEY)
    secrets = {sealer.signing_key(purpose) for purpose in ("reply", "unsubscribe")}
    assert len(secrets) == 2
    assert sealer.fingerprint not in "".join(secrets)


@given(st.text())
def test_a_code_has_six_digits_and_stays(subject: str) -> None:
    assert re.fullmatch("[0-9]{6}", Sealer(KEY).code(subject))
    assert Sealer(KEY).code(subject) == Sealer(KEY).code(subject)


def test_codes_are_spread() -> None:
    sealer = Sealer(KEY)
    codes = [int(sealer.code(str(subject))) for subject in range(1000)]
    assert len(set(codes)) > 990
    assert min(codes) < 50_000
    assert max(codes) > 950_000


def test_keys_are_never_the_same() -> None:
    keys = [new_key() for _ in range(50)]
    assert len({part for key in keys for part in key.split(":")[1:]}) == 100
    assert all(len(key.splitlines()) == 1 for key in keys)


def test_a_key_with_white_space_around_it_is_the_same() -> None:
    assert Sealer(f"\n {KEY} \r\n").fingerprint == Sealer(KEY).fingerprint


@pytest.mark.parametrize("damaged", DAMAGED, ids=[str(number) for number in range(len(DAMAGED))])
def test_a_damaged_key_is_told_and_not_shown(damaged: str) -> None:
    with pytest.raises(KeyTrouble) as caught:
        Sealer(damaged)
    told = str(caught.value)
    assert "is damaged; put back the copy" in told
    assert caught.value.__cause__ is None
    assert not any(part in told for part in (ROOT[:10], SEAL[:10]))


def test_a_sealer_does_not_show_its_key() -> None:
    assert not any(part in repr(vars(Sealer(KEY))) for part in (ROOT, SEAL))


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "attune_key"
    write_key(path, KEY)
    assert path.read_text() == f"{KEY}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "attune_key"
    write_key(path, KEY)
    with pytest.raises(KeyTrouble, match="left as it is"):
        write_key(path, new_key())
    assert path.read_text() == f"{KEY}\n"


def rotated(*seals: str) -> str:
    return f"{PREFIX}:{ROOT}:{','.join(seals)}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "attune_key"
    write_key(path, KEY)
    return path


def test_a_sealer_follows_its_file(file: Path) -> None:
    """One that has read, and one that has not, what `attune key rotate` makes of the file."""
    daemon, web = Sealer(KEY, file), Sealer(KEY, file)
    old = daemon.seal("done")
    replace_key(file, rotated(OTHER_SEAL, SEAL))
    newest = Sealer(rotated(OTHER_SEAL))
    assert newest.unseal(web.seal("sealed with the new one")) == "sealed with the new one"
    assert daemon.unseal(newest.seal("opens")) == "opens"
    replace_key(file, rotated(OTHER_SEAL))
    assert newest.unseal(daemon.seal("later")) == "later"
    assert daemon.unseal(old) == web.unseal(old) == "done", "They may hold what they read before."


def test_a_key_that_was_replaced_between_its_reading_and_its_use(file: Path) -> None:
    read = file.read_text()
    replace_key(file, rotated(OTHER_SEAL, SEAL))
    sealer = Sealer(read, file)
    assert Sealer(rotated(OTHER_SEAL)).unseal(sealer.seal("done")) == "done"


@pytest.mark.parametrize(
    "content", [new_key(), "", "\x00", KEY[:-1], None], ids=["another", "empty", "none", "half", "gone"]
)
def test_a_file_that_is_not_ours_is_not_followed(file: Path, content: str | None) -> None:
    sealer = Sealer(KEY, file)
    sealer.seal("It has looked at the file.")
    if content is None:
        file.unlink()
    else:
        replace_key(file, content)
    assert Sealer(KEY).unseal(sealer.seal("done")) == "done"
    with pytest.raises(KeyTrouble):
        sealer.unseal(Sealer(new_key()).seal("done"))


def test_a_key_file_is_replaced_whole(file: Path) -> None:
    file.with_name("new_attune_key").write_text("left by one that was killed")
    replace_key(file, rotated(OTHER_SEAL))
    assert file.read_text() == f"{rotated(OTHER_SEAL)}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["attune_key"]
