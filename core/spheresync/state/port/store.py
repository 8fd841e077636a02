"""The store as a whole: reading, the unit of work, backup; and the files of a state that no store has open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:  # every command imports this module, and none makes anything of these but annotations
    from spheresync.model import Digest
    from spheresync.state.port.alerts import AlertReader, AlertWriter
    from spheresync.state.port.audit import AuditReader, AuditWriter
    from spheresync.state.port.catalog import BlobReader, BlobWriter, CatalogReader, CatalogWriter
    from spheresync.state.port.change_sets import ChangeSetReader, ChangeSetWriter, PromotionReader, PromotionWriter
    from spheresync.state.port.checkpoints import (
        CheckpointReader,
        CheckpointWriter,
        FormerTableReader,
        FormerTableWriter,
        UnwrittenReader,
        UnwrittenWriter,
    )
    from spheresync.state.port.drift import DriftReader, DriftWriter
    from spheresync.state.port.jobs import JobReader, JobWriter
    from spheresync.state.port.leases import LeaseReader, LeaseWriter, RequestGrantWriter
    from spheresync.state.port.retention import RestoredStateWriter, RetentionReader, RetentionWriter
    from spheresync.state.port.runs import RunReader, RunWriter
    from spheresync.state.port.schedule import ScheduleReader, ScheduleWriter
    from spheresync.state.port.search import SearchReader, SearchWriter
    from spheresync.state.port.values import FigureReader, LedgerReader, LedgerWriter, MetaReader, MetaWriter
    from spheresync.state.records import AuditVerdict, Backup, LostRow, Restored, RestoreSource

T = TypeVar("T")


class Tx(Protocol):
    """One unit of work: the repositories, able to write.

    What is read here sees what was written before in the same unit. Valid only while `Store.write` runs the unit.
    """

    @property
    def catalog(self) -> CatalogWriter: ...

    @property
    def blobs(self) -> BlobWriter: ...

    @property
    def search(self) -> SearchWriter: ...

    @property
    def checkpoints(self) -> CheckpointWriter: ...

    @property
    def former_tables(self) -> FormerTableWriter: ...

    @property
    def unwritten(self) -> UnwrittenWriter: ...

    @property
    def drift(self) -> DriftWriter: ...

    @property
    def change_sets(self) -> ChangeSetWriter: ...

    @property
    def promotions(self) -> PromotionWriter: ...

    @property
    def runs(self) -> RunWriter: ...

    @property
    def audit(self) -> AuditWriter: ...

    @property
    def jobs(self) -> JobWriter: ...

    @property
    def schedule(self) -> ScheduleWriter: ...

    @property
    def leases(self) -> LeaseWriter: ...

    @property
    def alerts(self) -> AlertWriter: ...

    @property
    def meta(self) -> MetaWriter: ...

    @property
    def ledger(self) -> LedgerWriter: ...

    @property
    def retention(self) -> RetentionWriter: ...

    @property
    def grants(self) -> RequestGrantWriter: ...

    @property
    def restored(self) -> RestoredStateWriter: ...


class Store(Protocol):
    """The state of one installation, open in this process; several processes may have it open at once.

    What is read sees everything that was committed before, and nothing else. A row that cannot be read is left out and
    noted in `lost_rows`: it hides none of its neighbours.
    """

    @property
    def catalog(self) -> CatalogReader: ...

    @property
    def blobs(self) -> BlobReader: ...

    @property
    def search(self) -> SearchReader: ...

    @property
    def checkpoints(self) -> CheckpointReader: ...

    @property
    def former_tables(self) -> FormerTableReader: ...

    @property
    def unwritten(self) -> UnwrittenReader: ...

    @property
    def drift(self) -> DriftReader: ...

    @property
    def change_sets(self) -> ChangeSetReader: ...

    @property
    def promotions(self) -> PromotionReader: ...

    @property
    def runs(self) -> RunReader: ...

    @property
    def audit(self) -> AuditReader: ...

    @property
    def jobs(self) -> JobReader: ...

    @property
    def schedule(self) -> ScheduleReader: ...

    @property
    def leases(self) -> LeaseReader: ...

    @property
    def alerts(self) -> AlertReader: ...

    @property
    def meta(self) -> MetaReader: ...

    @property
    def ledger(self) -> LedgerReader: ...

    @property
    def retention(self) -> RetentionReader: ...

    @property
    def figures(self) -> FigureReader: ...

    @property
    def owner_id(self) -> str:
        """Names this store among all processes. What it owns (a run, a lease, a job) is free once it is closed."""

    def is_alive(self, owner_id: str | None) -> bool:
        """Whether the process that has this owner id still lives."""

    async def write(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run one unit of work and commit it.

        `work` awaits nothing but its `Tx`: while it runs, every other writer of every process waits. It cannot be
        cancelled once begun; the wait to begin can. When it raises, nothing of it is kept.

        Raises:
            StateError: the state could not be written; nothing of the unit was.
        """

    async def require_openable(self) -> None:
        """Let the state pass where another process could open it now.

        Raises:
            StateError: none could: somebody altered it since this one did.
        """

    async def check(self) -> tuple[str, ...]:
        """What is wrong with the structure of the state; empty where it is sound.

        Raises:
            StateError: it cannot be read.
        """

    async def damages(self) -> tuple[str, ...]:
        """What of the state is not as it was written, in words; empty where all of it is. Reads all of it.

        Raises:
            StateError: it cannot be read.
        """

    def exposures(self) -> tuple[str, ...]:
        """What of the state others can read or change, or could until this process opened it; in words."""

    @property
    def lost_rows(self) -> tuple[LostRow, ...]:
        """The rows that this process has met and could not read, and that were not cleared yet."""

    async def clear_lost_rows(self, *, everywhere: bool = False) -> bool:
        """Remove rows that cannot be read, so that they are made anew; answers whether there were any.

        Args:
            everywhere: look for them in the whole state, and not only among those that were met.

        Raises:
            StateError: the state could not be written; all is as it was.
        """

    async def unreferenced_contents(self, begin: str, end: str) -> list[Digest]:
        """The digests of contents, from `begin` to before `end`, that no row refers to. Holds up no writer.

        Raises:
            StateError: the state cannot be read.
        """

    async def backup(self, file: Path, *, replace: bool, before_placing: Callable[[Backup], Awaitable[None]]) -> Backup:
        """Write what is committed to a file, whole or not at all, while others go on writing.

        Args:
            file: where to; only its owner may read it.
            replace: a file that is there gives way.
            before_placing: told of the sound copy before it gets its name; what it raises leaves nothing behind.

        Raises:
            UsageError: the file is there already, is part of the state, or cannot be written there.
            StateError: the state is damaged, its audit log is broken, or the disk is full.
        """


class StateFiles(Protocol):
    """A state that is not open, as files: what is done before it is opened, or while nobody has it open."""

    def require_writable(self) -> None:
        """Accept a state that is not there yet, or every part of which this user may write.

        Raises:
            StateError: some part is read-only or cannot be reached.
        """

    async def audit_verdict(self) -> AuditVerdict:
        """Whether the audit log is intact, of a state that no store opens because its schema was altered.

        Raises:
            StateError: it cannot be read.
        """

    async def restore(
        self,
        file: Path,
        adjust: Callable[[Store, RestoreSource], Awaitable[T]],
        *,
        clock: Callable[[], datetime],
    ) -> Restored[T]:
        """Make a backup the state again; the former state stays beside it.

        Args:
            file: the backup, or a state that an earlier restore put aside.
            adjust: told of the copy, open and up to date; what it raises leaves everything as it was.
            clock: tells the time of rows.

        Raises:
            UsageError: the file is not there, or is no backup.
            RefusedError: another process has the state open, or restores it.
            StateError: the file is damaged or of a newer program, or the disk is full.
        """
