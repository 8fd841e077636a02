"""A person's browser, as far as signing in needs one; and an installation in which a person signs in."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spheresync.dog.authorization import PERSONS_CLIENT, PersonsClient
from tests.simulators.forked import Forked
from tests.simulators.installation import Ended, Installation

_ADDRESS = re.compile(r"(https?://\S+/oauth/authorize\?\S+)")
_SECONDS = 60


@dataclass(frozen=True)
class Page:
    """What a browser shows in the end: under which address, with which status."""

    status: int
    text: str
    address: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def visit(address: str, *, follow: bool = True) -> Page:
    """Go to an address; where it leads elsewhere, on to there or not."""
    opener = urllib.request.build_opener(*([] if follow else [_NoRedirects()]))
    try:
        with opener.open(address, timeout=_SECONDS) as answer:
            return Page(answer.status, answer.read().decode(), answer.url)
    except urllib.error.HTTPError as error:
        with error:
            return Page(error.code, error.read().decode(), error.headers.get("location", error.url))


@dataclass
class SigningIn:
    """A `spheresync login` that waits for its browser."""

    process: Forked
    address: str

    @property
    def redirect_uri(self) -> str:
        return parse_qs(urlsplit(self.address).query)["redirect_uri"][0]

    def callback(self) -> str:
        """Where the sign-in page sends the browser back to."""
        return visit(self.address, follow=False).address

    def end(self) -> Ended:
        out, err = self.process.communicate(timeout=_SECONDS)
        return Ended(self.process.wait(), out, err)


def begin(installation: Installation, *arguments: str) -> SigningIn:
    """Begin to sign in, up to where a browser is needed."""
    process = installation.start("login", "--no-browser", "--port", "0", *arguments)
    said = ""
    for line in process.stderr:
        said += line
        if (found := _ADDRESS.search(line)) is not None:
            return SigningIn(process, found[1])
    raise AssertionError(f"no address was said, exit {process.wait()}: {said}{process.stdout.read()}")


def sign_in(installation: Installation, *arguments: str) -> Ended:
    """Sign in, as a person who says yes to everything."""
    signing_in = begin(installation, *arguments)
    visit(signing_in.address)
    return signing_in.end()


def interactive(
    installation: Installation, folder: Path, client: PersonsClient = PERSONS_CLIENT, **extra: str
) -> Installation:
    """The installation, whose tenant a person signs in to; the key lies in `folder`."""
    environment = {
        **installation.environment,
        "SPHERESYNC_DATASPHERE__SIGN_IN": "interactive",
        "SPHERESYNC_DATASPHERE__CLIENT_ID": client.client_id,
        "SPHERESYNC_DATASPHERE__CLIENT_SECRET": client.client_secret,
        "XDG_CONFIG_HOME": str(folder / "config"),
        **extra,
    }
    installation.environment = environment
    return installation
