#!/bin/sh
# Copies the database, also while it is in use, and keeps the newest copies:
#
#   ATTUNE_HOME=/var/lib/attune backup.sh FOLDER [KEEP]        KEEP: how many copies stay, 14 if not given
#
# FOLDER has to exist, so that a disk that is not there is noticed. PYTHON may name a Python from 3.11.
# The database is the one of Attune's own settings: ATTUNE_DATABASE_URL, secrets/attune_database_url,
# attune.toml, or attune.db in the home. The key is never copied: beside the database it would open it.
# Prints the name of the copy; on an error one sentence, and no older copy is touched.
set -eu
umask 077

fail() {
    printf 'attune backup: %s\n' "$1" >&2
    exit 1
}

# Prints three lines: sqlite or postgresql; the file or the address without its password; the password.
locate() {
    "$python" - "$1" <<'PYTHON'
import os, pathlib, sys, tomllib, urllib.parse

home = pathlib.Path(sys.argv[1])
secret, toml = home / "secrets" / "attune_database_url", home / "attune.toml"
try:
    url = os.environ.get("ATTUNE_DATABASE_URL", "")
    if not url and secret.exists():
        url = secret.read_text().strip()
    if not url and toml.exists():
        url = tomllib.loads(toml.read_text()).get("database_url", "")
    parts = urllib.parse.urlsplit(url or "sqlite:///attune.db")
    if parts.scheme == "sqlite":
        print("sqlite", home / parts.path.removeprefix("/"), "", sep="\n")
    elif parts.scheme in ("postgresql", "postgresql+psycopg"):
        user, at, place = parts.netloc.rpartition("@")
        netloc = user.partition(":")[0] + at + place
        print("postgresql", f"postgresql://{netloc}{parts.path}?{parts.query}", sep="\n")
        print(urllib.parse.unquote(parts.password or ""))
    else:
        sys.exit("attune backup: the database URL must begin with sqlite:/// or postgresql+psycopg://.")
except (OSError, ValueError):
    sys.exit(f"attune backup: the settings in {home} cannot be read; check attune.toml and secrets/.")
PYTHON
}

# The online backup of SQLite in one step: a moment of the database, whatever is written meanwhile.
copy_sqlite() {
    "$python" - "$1" "$2" <<'PYTHON'
import contextlib, pathlib, sqlite3, sys

source, copy = map(pathlib.Path, sys.argv[1:])
try:
    with (
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=30)) as live,
        contextlib.closing(sqlite3.connect(copy)) as made,
    ):
        live.backup(made)
        made.execute("PRAGMA journal_mode = DELETE")
        if not made.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("it holds no tables")
        if made.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the copy is damaged")
except sqlite3.Error as error:
    sys.exit(f"attune backup: {source} was not copied: {error}.")
PYTHON
}

copy_postgresql() {
    command -v pg_dump >/dev/null || fail "there is no pg_dump; install postgresql-client."
    if ! said=$(pg_dump --no-password --format=custom --no-owner --file="$2" --dbname="$1" 2>&1); then
        fail "the database was not copied: $(printf '%s' "$said" | head -n 1)"
    fi
    pg_restore --list "$2" >/dev/null 2>&1 || fail "the copy cannot be read back; check the disk."
}

[ $# -ge 1 ] && [ $# -le 2 ] || fail "say where to: backup.sh FOLDER [KEEP]."
keep=${2:-14}
case $keep in
    *[!0-9]* | 0) fail "KEEP is a whole number from 1." ;;
esac
python=$(command -v "${PYTHON:-python3}") || fail "there is no ${PYTHON:-python3}; set PYTHON."
home=$(cd -- "${ATTUNE_HOME:-/nonexistent}" 2>/dev/null && pwd -P) \
    || fail "set ATTUNE_HOME to the folder that holds Attune's settings."
folder=$(cd -- "$1" 2>/dev/null && pwd -P) && [ -w "$folder" ] \
    || fail "the folder $1 is not there or cannot be written; make it, or change its owner."
case $folder/ in
    "$home"/*) fail "choose a folder outside $home: the key lies there." ;;
esac

found=$(locate "$home")
kind=$(printf '%s' "$found" | sed -n 1p)
where=$(printf '%s' "$found" | sed -n 2p)
password=$(printf '%s' "$found" | sed -n 3p)

part=$folder/.attune-$$.part
trap 'rm -f -- "$part" "$part-journal"' EXIT
trap 'exit 1' HUP INT TERM
# What a killed run left behind.
find "$folder" -maxdepth 1 -name '.attune-*.part*' -mtime +0 -delete

if [ "$kind" = sqlite ]; then
    ending=db
    copy_sqlite "$where" "$part"
else
    ending=dump
    # Not on the command line, where every user of the machine could read it.
    [ -z "$password" ] || export PGPASSWORD="$password"
    copy_postgresql "$where" "$part"
fi

copy=$folder/attune-$(date -u +%Y%m%dT%H%M%SZ).$ending
mv -- "$part" "$copy"
set -- "$folder"/attune-????????T??????Z."$ending"
while [ $# -gt "$keep" ]; do
    rm -- "$1"
    shift
done
printf '%s\n' "$copy"
