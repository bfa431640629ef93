"""Links to kept films: signed, so that nobody can make one up, and working until a set time."""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.jobs.models import Render

PATH: Final = "/films/{job}/{expires}/{signature}/{name}"
KEY_BYTES: Final = 32


@dataclass(eq=False, repr=False, kw_only=True)
class Links:
    """Makes the addresses of kept films, and knows its own again."""

    base: str
    """Where the bot is reached from outside."""
    key: bytes
    """A secret of this bot."""

    def address(self, render: Render, name: str) -> str:
        """Return the address of a job's film until the job's link expires; `name` is for people."""
        expires = str(int(render.link_expires_at or 0))
        signature = self._sign(render.id, expires)
        name = quote(name, safe="")
        return self.base + PATH.format(
            job=render.id, expires=expires, signature=signature, name=name
        )

    def is_genuine(self, render_id: str, expires: str, signature: str) -> bool:
        """Whether we signed this, in a time that reveals nothing about the signature."""
        return hmac.compare_digest(self._sign(render_id, expires).encode(), signature.encode())

    def _sign(self, render_id: str, expires: str) -> str:
        digest = hmac.digest(self.key, f"{render_id} {expires}".encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def read_key(path: Path) -> bytes:
    """Return the key that lies at `path`, made at the first call and for its owner alone. Blocking.

    Without it every link that was made with it is dead. Raises OSError.
    """
    if len(key := _read(path)) >= KEY_BYTES:
        return key
    key = secrets.token_bytes(KEY_BYTES)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    part.replace(path)
    return key


def _read(path: Path) -> bytes:
    """Return what a file holds, nothing where there is none; a symbolic link is not followed."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            return file.read()
    return b""
