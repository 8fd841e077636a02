"""The door for JSON that is handed to somebody's address: notices to webhooks, lineage to its receiver.

The address and the token may be secrets and are in no text here. Redirects are not followed: they would hand both to
whoever answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spheresync.errors import SpheresyncError

if TYPE_CHECKING:
    import ssl

    import httpx2

_TIMEOUT = 10.0


class PostError(SpheresyncError):
    """Raised when what was posted was not taken; `status` is the answer's, None where there was none."""

    def __init__(self, message: str, *, remedy: str, status: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


class JsonPost:
    """Posts JSON. `transport` replaces the network in tests."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._trust: ssl.SSLContext | None = None

    async def send(self, url: str, body: bytes, *, what: str, remedy: str, token: str = "") -> None:
        """Post once.

        Args:
            url: where to.
            body: JSON.
            what: how an error calls the receiver.
            remedy: what to do about an answer that is no success.
            token: sent as bearer token where there is one.

        Raises:
            PostError: it was not taken.
        """
        import httpx2

        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        if self._trust is None:
            self._trust = httpx2.create_ssl_context()  # which takes 50 ms
        try:
            async with httpx2.AsyncClient(
                verify=self._trust, follow_redirects=False, timeout=_TIMEOUT, transport=self._transport
            ) as client:
                answer = await client.post(url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            raise PostError(
                f"{what} gave no answer ({type(error).__name__}).", remedy="Check the network and the proxy."
            ) from None  # its text may hold the URL
        if answer.is_redirect:
            raise PostError(
                f"{what} answered {answer.status_code}, a redirect, which is not followed.",
                remedy=f"Copy the present URL of {what}.",
                status=answer.status_code,
            )
        if not answer.is_success:
            raise PostError(f"{what} answered {answer.status_code}.", remedy=remedy, status=answer.status_code)
