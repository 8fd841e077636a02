"""The words that documents are made of, those that readers look for and some that they do not."""

from __future__ import annotations

CSN = [
    *("kind", "entity", "type", "elements", "query", "projection", "SELECT", "SET", "from", "columns", "args", "ref"),
    *("as", "func", "xpr", "list", "val", "join", "on", "mixin", "target", "key", "keys", "items", "params", "param"),
    *("where", "having", "inline", "expand", "excluding", "*", "T", "V", "U", "A", "$self", "$projection", "op"),
    *("union", "intersect", "id", "=", "#", "and", "cds.String", "cds.Association", "cds.Composition", "length"),
    *("precision", "scale", "floating", "cardinality", "max", "notNull", "enum", "i18n", "{i18n>A}", "sum", "max"),
    *("@EndUserText.label", "@Aggregation.default", "@Hierarchy.leveled", "@Hierarchy.parentChild", "levels"),
    *("recurse", "parent", "child", "@ObjectModel.foreignKey.association", "@Analytics.navigationAttributeRef"),
    *("@ObjectModel.modelingPattern", "ANALYTICAL_CUBE", "@DataWarehouse.remote.connection", "measures", "variables"),
    *("@DataWarehouse.remote.entity", "@DataWarehouse.sqlEditor.query", "measureType", "formula", "attributes", "text"),
    *("contents", "processes", "metadata", "config", "dwcEntity", "component", "connections", "src", "tgt", "process"),
    *("com.sap.database.table.consumer", "com.sap.database.table.producer", "hanaConnection", "connectionID", "$DWC"),
    *("replicationTasks", "sourceSystem", "targetSystem", "connectionId", "container", "sourceObject", "targetObject"),
    *("name", "nodes", "taskIdentifier", "objectId", "spaceId", "attributeMappings", "expression", '"A"', 'f("A")'),
]
ELEMENTS = [
    *("EntityType", "EntityContainer", "EntitySet", "ComplexType", "EnumType", "TypeDefinition", "Key", "PropertyRef"),
    *("Property", "NavigationProperty", "ReferentialConstraint", "Annotations", "Annotation", "Record", "Collection"),
    *("PropertyValue", "String", "Path", "PropertyPath", "EnumMember", "Null", "Bool", "Int", "Singleton", "Member"),
]
ATTRIBUTES = [
    *("Name", "Type", "EntityType", "BaseType", "Nullable", "MaxLength", "Precision", "Scale", "Target", "Term"),
    *("String", "Path", "PropertyPath", "EnumMember", "Bool", "Property", "Alias", "UnderlyingType", "Qualifier"),
    *("Abstract", "Partner", "ReferencedProperty", "SRID", "Unicode", "Int", "AnnotationPath"),
]
NAMES = [
    *(
        "V",
        "T",
        "S.V",
        "S.T",
        "A",
        "B",
        "C",
        "S.C/V",
        "S.V/A",
        "S",
        "true",
        "false",
        "max",
        "variable",
        "-1",
        "0",
        "10",
    ),
    *("com.sap.vocabularies.Common.v1.Label", "com.sap.vocabularies.Analytics.v1.Measure", "Common.Label"),
    *(
        "Org.OData.Aggregation.V1.default",
        "com.sap.vocabularies.Hierarchy.v1.RecursiveHierarchy",
        "Analytics.Dimension",
    ),
    *("VParameters", "VType", "Set", "Results", "", "SUM", "#SUM"),
]
TYPES = [
    *("Edm.String", "Edm.Int32", "Edm.Decimal", "Edm.Date", "Edm.Guid", "Collection(Edm.String)", "Collection(S.T)"),
    *("S.V", "S.T", "Edm.Nothing", "Collection(Collection(S.V))"),
]
