"""Whose catalog answers, where a destination is that of whoever is signed in.

Nobody configures that account, and it changes with the credentials. So what answers say of it is held against what is
on record, and nothing is read or written in another account as if it were the one before.
"""

from __future__ import annotations

from spheresync.errors import TargetError, TargetFault
from spheresync.model import JsonValue


class OwnCatalog:
    """The catalog of one door; `known` is its id where settings say it, so that no answer needs to be looked at."""

    def __init__(self, known: str | None) -> None:
        self.seen = known
        self._configured = known is not None
        self._expected: str | None = None

    @property
    def unproven(self) -> bool:
        """Whether a certain catalog is expected and no answer has shown yet which one it is."""
        return self._expected is not None and self.seen is None

    def expect(self, catalog: str | None) -> None:
        """Refuse every other catalog from now on, also one that has answered already; None: take any."""
        if self._configured:
            return
        self._expected = catalog
        self._require()

    def answered(self, catalog: JsonValue) -> None:
        """Take in the catalog that an answer names.

        Raises:
            TargetError: CONFLICT; it is not the one that is expected.
        """
        if self._configured or not isinstance(catalog, str) or not catalog:
            return
        self.seen = catalog
        self._require()

    def may_be(self, catalog: JsonValue) -> None:
        """Take in the catalog of what may be another's: it proves something only where it is the expected one."""
        if self._expected is not None and catalog == self._expected:
            self.seen = self._expected

    def forget(self) -> None:
        """Other credentials may be in use from now on."""
        if not self._configured:
            self.seen = None

    def _require(self) -> None:
        if self._expected is None or self.seen is None or self.seen == self._expected:
            return
        raise TargetError(
            TargetFault.CONFLICT,
            f"the credentials in use are those of account {self.seen}, and what is known was written in account "
            f"{self._expected}: it says nothing of the other, so nothing was done there.",
            remedy=(
                f"Sign in to account {self._expected} (AWS_PROFILE), or give the other account a name of its own under "
                "`destinations:`, with role_arn."
            ),
            systemic=True,
        )
