"""What to do about a state that is damaged, altered, or open to others: texts that several commands show."""

from __future__ import annotations

from spheresync.model import to_the_second

DAMAGED_FILE_REMEDY = (
    "`spheresync restore FILE` brings it back from a backup. Without one, move the file away and sync again: the state "
    "is rebuilt from AWS; the audit log is not."
)
"""What to do about a damaged state file."""
DAMAGED_ROWS_REMEDY = (
    "What was read of an asset and what was written last is read anew by `spheresync sync --full`; a change set needs "
    "a new preview. Look at the disk, and at who may write to the state folder."
)
"""What to do about single contents or rows that are damaged or were altered."""
LOST_TABLES_REMEDY = "`spheresync sync --full` looks at every database of this installation and takes them in again."
EXPOSED_FOLDER_REMEDY = (
    "Look who had access, and whether `spheresync audit verify` finds the log intact; then give the folder and all that"
    " is in it to the user who runs this program alone (chown, chmod go-w), or set SPHERESYNC_STATE_DIR to a folder of"
    " its own."
)
TABLES_LOST = "tables_lost"
"""Name of the value that says since when tables may be known to nobody: what the state knew of some was taken out.

A table whose asset is listed is found by the next plan; others only by a look at every database of this installation.
"""


def lost_tables_message(since: str) -> str:
    """That tables of ours may be known to nobody, since what the state knew of some was damaged and taken out."""
    return (
        f"What the state knew of some tables was damaged and taken out ({to_the_second(since)}): one whose asset is "
        "not listed any more, or has another table by now, may be known to nobody."
    )
