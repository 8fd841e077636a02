"""One CSN document as served: its definitions, its flows, its texts. Bounds as for EDMX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.errors import SourceError, SourceFault
from spheresync.model import JsonValue
from spheresync.model.json_document import DocumentTooLargeError, NestedTooDeepError, read_json
from spheresync.source.datasphere.csn.labels import Texts
from spheresync.source.datasphere.csn.types import Node, Types

MOST_VALUES = 1_000_000
_REMEDY = "Open the object in Datasphere's Data Builder and deploy it again; report it to SAP if it lasts."
FLOW_ROOTS = ("dataflows", "replicationflows", "transformationflows", "taskchains")


@dataclass(frozen=True, slots=True)
class CsnDocument:
    """The parts of a document that are read.

    Attributes:
        definitions: entities, views and types by name.
        business: `businessLayerDefinitions` of analytic models by name.
        flows: of each root of `FLOW_ROOTS` the flows by name.
        texts: the `i18n` block.
        types: what resolves custom types.
    """

    definitions: Mapping[str, JsonValue]
    business: Mapping[str, JsonValue]
    flows: Mapping[str, Mapping[str, JsonValue]]
    texts: Texts
    types: Types

    def definition(self, name: str) -> Node | None:
        found = self.definitions.get(name)
        return found if isinstance(found, dict) else None

    def flow(self, name: str) -> tuple[str, Node] | None:
        """A flow with the root that it stands under."""
        for root, named in self.flows.items():
            found = named.get(name)
            if isinstance(found, dict):
                return root, found
        return None


def parse_csn(body: bytes) -> CsnDocument:
    """Read a document.

    Raises:
        SourceError: TRUNCATED (JSON that does not end), TOO_LARGE, WRONG_SHAPE (no CSN, two members of one name).
    """
    document = _load(body)
    if not isinstance(document, dict):
        raise _wrong("it is no JSON object")
    roots = ("definitions", "businessLayerDefinitions", *FLOW_ROOTS)
    parts = {root: document[root] for root in roots if document.get(root) is not None}
    if not parts:
        raise _wrong("it holds neither definitions nor a flow")
    for root, part in parts.items():
        if not isinstance(part, dict):
            raise _wrong(f"its {root} are no object")
    definitions = parts.get("definitions", {})
    flows = {root: parts[root] for root in FLOW_ROOTS if root in parts}
    business = parts.get("businessLayerDefinitions", {})
    return CsnDocument(definitions, business, flows, Texts(document.get("i18n")), Types(definitions))


def _load(body: bytes) -> Any:
    try:
        return read_json(body, most_values=MOST_VALUES)
    except json.JSONDecodeError as error:
        raise SourceError(
            SourceFault.TRUNCATED,
            f"the JSON does not parse to its end ({error.msg} at {error.pos}).",
            remedy="Try again.",
        ) from error
    except DocumentTooLargeError as error:
        raise SourceError(SourceFault.TOO_LARGE, f"The CSN has {error}.", remedy=_REMEDY) from error
    except NestedTooDeepError as error:
        raise SourceError(SourceFault.TOO_LARGE, "The CSN is nested too deep.", remedy=_REMEDY) from error
    except ValueError as error:
        raise _wrong(f"it cannot be read ({str(error)[:100]})") from error


def _wrong(why: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, f"This is no CSN: {why}.", remedy=_REMEDY)
