"""What a store of the state must do, whatever keeps it: `Store`, its unit of work `Tx`, and `StateFiles`.

The promises of the repositories stand beside in a file for each aggregate, and `tests/contract/store_promises.py` tries
them on any store. Only the assembly names the store that is used.
"""

from spheresync.state.port.store import StateFiles, Store, Tx

__all__ = ["StateFiles", "Store", "Tx"]
