"""The calls of Glue's business context for `examples.py`. Ids are those that come of the time of each call there."""

from __future__ import annotations

from typing import Any

from spheresync.dog.services.double import Call
from tests.unit.dog.services.example_times import member_of, time_of

Json = dict[str, Any]

TABLE = {"AssetIdentifier": "arn:aws:glue:eu-central-1:123456789012:table/d/t"}
COLUMN = {**TABLE, "IterableFormName": "columns", "ItemIdentifier": "a"}
GLUE_CONTEXT: list[tuple[str, Json]] = []


def _add(operation: str, kind: str = "", **parameters: Any) -> str:
    """Add a call; the id of what it makes."""
    call = Call(operation, {}, time_of(len(GLUE_CONTEXT)))
    GLUE_CONTEXT.append((operation, parameters))
    return call.new_id(kind, 14)


_GLOSSARY = _add("CreateGlossary", "glossary", Name="SAP", Description="d", ClientToken="t1")
_OTHER = _add("CreateGlossary", "glossary", Name="other")
_add("UpdateGlossary", Identifier=_GLOSSARY, Name="SAP Datasphere", Description="e", ClientToken="t2")
_add("GetGlossary", Identifier=_GLOSSARY)
_add("ListGlossaries", MaxResults=1)
_add("ListGlossaries", NextToken="MQ==")
_add("DeleteGlossary", Identifier=_OTHER)
_TEXTS = {"ShortDescription": "s", "LongDescription": "l"}
_TERM = _add("CreateGlossaryTerm", "term", GlossaryIdentifier=_GLOSSARY, Name="Customer", **_TEXTS, ClientToken="t3")
_GONE = _add("CreateGlossaryTerm", "term", GlossaryIdentifier=_GLOSSARY, Name="gone")
_add("CreateGlossaryTerm", GlossaryIdentifier=_GLOSSARY, Name="kept")
_add("UpdateGlossaryTerm", Identifier=_TERM, Name="Customers", **_TEXTS, ClientToken="t4")
_add("GetGlossaryTerm", Identifier=_TERM)
_add("ListGlossaryTerms", GlossaryIdentifier=_GLOSSARY, MaxResults=1)
_add("ListGlossaryTerms", GlossaryIdentifier=_GLOSSARY, NextToken="MQ==")
_TERMS = {"GlossaryTermIdentifiers": [_TERM, _GONE]}
_add("AssociateGlossaryTerms", **TABLE, **_TERMS, ClientToken="t5")
_add("AssociateGlossaryTerms", **COLUMN, **_TERMS)
_add("DisassociateGlossaryTerms", **COLUMN, GlossaryTermIdentifiers=[_GONE], ClientToken="t6")
_add("DeleteGlossaryTerm", Identifier=_GONE)
_SCHEMA = {"Name": "SapForm", "Schema": "structure SapForm { object: String }"}
_add("PutFormType", **_SCHEMA, ClientToken="t7")
_add("PutFormType", Name="Unused", Schema="structure Unused {}")
_add("GetFormType", Identifier="SapForm")
_add("ListFormTypes", MaxResults=1)
_add("ListFormTypes", NextToken="MQ==")
_add("DeleteFormType", Identifier="Unused")
FORM_TYPE = member_of("glue", "PutAttachment", "FormTypeIdentifier", "FormTypeId")
_FORM = {"AttachmentName": "sap", "Content": '{"object": "o"}', FORM_TYPE: "SapForm"}
_add("PutAttachment", **TABLE, **_FORM, ClientToken="t8")
_add("PutAttachment", **COLUMN, **_FORM)
_add("GetAsset", Identifier=TABLE["AssetIdentifier"])
_add("ListIterableForms", **TABLE, IterableFormName="columns", MaxResults=1)
_add("ListIterableForms", **TABLE, IterableFormName="columns", NextToken="MQ==")
_add("BatchGetIterableForms", **TABLE, IterableFormName="columns", ItemIdentifiers=["a", "b", "absent"])
_add("DeleteAttachment", **TABLE, AttachmentName="sap")
_add("DeleteAttachment", **COLUMN, AttachmentName="sap")
_add("DisassociateGlossaryTerms", **TABLE, GlossaryTermIdentifiers=[_TERM])
