"""Write a promotion to its file, and that to the audit log."""

from __future__ import annotations

import threading
from pathlib import Path

from spheresync.answers import PromotionAnswer
from spheresync.config import Promotion
from spheresync.model import JsonValue, Principal
from spheresync.runtime.context import RuntimeContext
from spheresync.state.atomic_file import AtomicFile
from spheresync.state.output_file import place_file
from spheresync.state.port import Tx
from spheresync.state.records import AuditAction, AuditEvent, AuditOutcome


async def write_promotion(
    context: RuntimeContext, promotion: Promotion, file: Path, principal: Principal, *, replace: bool
) -> PromotionAnswer:
    """Write it whole or not at all.

    Raises:
        UsageError: the file is there already and not to be replaced, or cannot be written.
    """
    digest = promotion.digest

    def write(place: Path, draft: AtomicFile, _: threading.Event) -> PromotionAnswer:
        data = promotion.spell()
        draft.path.write_bytes(data)
        draft.seal()
        return PromotionAnswer(
            file=str(place),
            size=len(data),
            digest=digest,
            change_set_id=promotion.change_set,
            environment=promotion.environment,
            installation=promotion.installation,
            rules=len(promotion.rules),
            assets=len(promotion.assets),
            exported_at=promotion.exported_at,
            exported_by=promotion.exported_by,
        )

    async def note(written: PromotionAnswer) -> None:
        detail: dict[str, JsonValue] = {
            "change_set": promotion.change_set,
            "file": written.file,
            "promotion": digest,
            "rules": written.rules,
            "assets": written.assets,
        }
        event = AuditEvent(principal, AuditAction.PROMOTE, None, None, None, AuditOutcome.DONE, detail)

        async def append(tx: Tx) -> None:
            await tx.audit.append_many([event])

        await context.store.write(append)

    return await place_file(context.settings.state_dir, file, write, note, replace=replace)
