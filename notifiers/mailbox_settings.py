"""The settings of the mailbox that answers come to, beside those of the server that takes our mails."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from notifiers.hosts import is_this_machine


class Security(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"


class MailboxSettings(BaseModel):
    """Where answers are read by IMAP; without `imap_host` nothing is read."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    imap_host: str | None = Field(
        default=None,
        pattern=r"^[^\s/@]+$",
        description="The name of the IMAP server whose mailbox gets the answers; without it none are read.",
    )
    imap_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The IMAP server's port: 993 for tls and 143 otherwise, if not given.",
    )
    imap_security: Security = Field(
        default=Security.TLS, description="One of tls, starttls or plain; plain only on this very machine."
    )
    imap_username: str | None = Field(
        default=None, min_length=1, description="The login at the IMAP server; that of `username` if missing."
    )
    imap_password: SecretStr | None = Field(
        default=None, min_length=1, description="The password that belongs to imap_username."
    )
    imap_folder: str = Field(
        default="INBOX",
        min_length=1,
        pattern=r'^[^\r\n"\\]+$',
        description="The folder that answers and bounces arrive in.",
    )

    @model_validator(mode="after")
    def _mailbox_can_be_read(self) -> "MailboxSettings":
        if (self.imap_username is None) != (self.imap_password is None):
            missing = "imap_password" if self.imap_password is None else "imap_username"
            raise ValueError(f"The setting `{missing}` of the channel `smtp` is missing: give both or none.")
        if self.imap_host is None:
            named = (name for name in sorted(self.model_fields_set) if name.startswith("imap_"))
            given = [name for name in named if getattr(self, name) is not None]
            if given:
                raise ValueError(
                    f"The setting `{given[0]}` of the channel `smtp` needs `imap_host`: "
                    "give the name of the IMAP server."
                )
        elif self.imap_security is Security.PLAIN and not is_this_machine(self.imap_host):
            raise ValueError(
                "The setting `imap_security` of the channel `smtp` may be plain only on this machine: "
                "give tls or starttls."
            )
        return self
