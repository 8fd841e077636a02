"""Every promise of CONTRACT.md and of the documentation, with the tests that hold it (DESIGN.md decision 11).

`tests/contract/test_requirements.py` checks both directions: every test named here exists, and every test that looks
at the product from outside (end to end, faults, contract) is named here. Whoever adds such a test says which promise
it holds; whoever makes a promise adds it here with its test.
"""

from __future__ import annotations

from tests.contract.promise import LaterPromise, Promise
from tests.contract.promises_approvals import APPROVALS
from tests.contract.promises_assistants import ASSISTANTS
from tests.contract.promises_bound_tables import BOUND_TABLES
from tests.contract.promises_catalog import CATALOG
from tests.contract.promises_command_line import COMMAND_LINE
from tests.contract.promises_configuration import CONFIGURATION
from tests.contract.promises_context import CONTEXT
from tests.contract.promises_datazone import DATAZONE
from tests.contract.promises_destinations import DESTINATIONS
from tests.contract.promises_documentation import DOCUMENTATION
from tests.contract.promises_drift import DRIFT
from tests.contract.promises_glue_context import GLUE_CONTEXT
from tests.contract.promises_lake_formation import LAKE_FORMATION
from tests.contract.promises_later import LATER
from tests.contract.promises_meaning import MEANING
from tests.contract.promises_observing import OBSERVING
from tests.contract.promises_personal_data import PERSONAL_DATA
from tests.contract.promises_quick_sight import QUICK_SIGHT
from tests.contract.promises_reading import READING
from tests.contract.promises_readme import README
from tests.contract.promises_removal import REMOVAL
from tests.contract.promises_runs import RUNS
from tests.contract.promises_schedule import SCHEDULE
from tests.contract.promises_search import SEARCH
from tests.contract.promises_sign_in import SIGN_IN
from tests.contract.promises_undo import UNDO
from tests.contract.promises_writing import WRITING

AREAS = frozenset(
    {
        "apply",
        "audit",
        "cli",
        "config",
        "datazone",
        "deletion",
        "docs",
        "dog",
        "glue",
        "gluecontext",
        "lakeformation",
        "mapping",
        "mcp",
        "observe",
        "quicksight",
        "plan",
        "readme",
        "runs",
        "source",
        "state",
    }
)

PROMISES: tuple[Promise, ...] = (
    *COMMAND_LINE,
    *CONFIGURATION,
    *SIGN_IN,
    *READING,
    *CATALOG,
    *WRITING,
    *BOUND_TABLES,
    *LAKE_FORMATION,
    *QUICK_SIGHT,
    *DATAZONE,
    *GLUE_CONTEXT,
    *RUNS,
    *SCHEDULE,
    *REMOVAL,
    *UNDO,
    *DRIFT,
    *APPROVALS,
    *OBSERVING,
    *PERSONAL_DATA,
    *CONTEXT,
    *DESTINATIONS,
    *SEARCH,
    *ASSISTANTS,
    *MEANING,
    *README,
    *DOCUMENTATION,
)

__all__ = ["AREAS", "LATER", "PROMISES", "LaterPromise", "Promise"]
