"""An operation with what stands there of ours by now, which writes that failed or were not confirmed may have left."""

from __future__ import annotations

from dataclasses import replace

from spheresync.targets.design import TargetDesign
from spheresync.targets.protocol import Operation


def knowing(design: TargetDesign, operation: Operation, live_body: bytes) -> Operation:
    """The operation; what it is believed to be written over is that with what such writes of ours have done of it.

    One that may have been sent before a crash is such a write itself.
    """
    last = operation.last_written
    if last is None:
        return operation
    if not operation.recovering:
        return replace(operation, last_written=design.as_written(last, live_body))
    tried = None if operation.desired is None else operation.desired.body
    return replace(operation, last_written=design.as_left(last, live_body, tried))


def held_before(design: TargetDesign, operation: Operation, live_body: bytes) -> bytes:
    """What stood there before an operation that may have been sent before a crash: what its undo brings back.

    Args:
        design: of the target.
        operation: as it was asked for.
        live_body: what stands there before this process sends anything.
    """
    if not operation.recovering:
        return live_body
    if operation.last_written is not None or operation.desired is None:
        return operation.last_written or live_body
    return design.without_written(live_body, operation.desired.body)
