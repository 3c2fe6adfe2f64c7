"""The mailbox itself: many mails, bad ones, numbers that change, a server that is gone."""

from dataclasses import replace
from uuid import UUID, uuid4

from service import polling
from tests.servers import SmtpServer
from tests.servers.dovecot import Dovecot
from tests.walk.mail.conftest import CHARLIE, Post, channel, entries
from tests.walk.rows import on
from tests.world import World

LONG_AGO = on("2026-01-01T12:00")


def test_many_mails_and_a_bad_one(post: Post, alex: UUID) -> None:
    post.mailbox.deliver(*(f"From: nobody{n}\n\n".encode() for n in range(25)), b"\xff\x00 junk")
    post.says("done", post.sent[0])
    assert post.poll() == 1
    assert len(entries(post)) == 1


def test_a_mailbox_that_is_numbered_anew(world: World, mailbox: Dovecot) -> None:
    with SmtpServer() as server, mailbox.opened() as box:
        folder = f"Answers{uuid4().hex}"
        box.folder.create(folder)
        world.site = replace(world.site, notifiers={"smtp": channel(server, mailbox, imap_folder=folder)})
        old, mail, new = (f"From: {CHARLIE}\nMessage-ID: <{n}@x.org>\n\nhello\n".encode() for n in range(3))
        mailbox.deliver(old, old, folder=folder, at=LONG_AGO)
        assert polling.poll(world.site) == 0
        mailbox.deliver(mail, folder=folder, at=world.at)
        assert polling.poll(world.site) == 1
        box.folder.delete(folder)
        box.folder.create(folder)
        mailbox.deliver(old, folder=folder, at=LONG_AGO)
        mailbox.deliver(mail, folder=folder, at=world.at)
        assert polling.poll(world.site) == 0
        mailbox.deliver(new, folder=folder, at=world.at)
        assert polling.poll(world.site) == 1


def test_a_server_that_is_gone_is_asked_again(post: Post, alex: UUID) -> None:
    back = post.world.site
    post.world.site = replace(back, notifiers={"smtp": channel(post.server, post.mailbox, imap_port=9)})
    post.says("done", post.sent[0])
    assert post.poll() == 0
    post.world.site = back
    assert post.poll() == 1
