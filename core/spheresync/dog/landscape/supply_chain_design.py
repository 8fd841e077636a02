"""What CSN says of SUPPLY_CHAIN: remote tables that are joined, sensors that are loaded, stock and its reach."""

from __future__ import annotations

from spheresync.dog.design import (
    ChainStep,
    ColumnDesign,
    Design,
    FlowSource,
    FlowTarget,
    Measure,
    MeasureKind,
    Remote,
    Replication,
    ReplicationSystem,
)
from spheresync.dog.landscape.builders import table, view
from spheresync.dog.landscape.designing import designed, join, reads, to, translated, under
from spheresync.dog.objects import DogObject, DogSpace

_S4 = "S4H_PROD"


def with_supply_chain_design(space: DogSpace) -> DogSpace:
    """The space SUPPLY_CHAIN with all that CSN knows of it."""
    return designed(space, {**_views(), **_models(), **_flows()}, _columns(), *_below(space))


def _views() -> dict[str, Design]:
    return {
        "LIEFERANT": Design(language="de", labels=(("en", "Supplier"),), reads=(reads("RT_LFA1"),)),
        "MATERIAL": Design(
            language="de",
            labels=(("en", "Material Master"),),
            reads=(reads("LT_MATERIAL"),),
            associations=(to("UNITS", "MEINS = UNIT"),),
        ),
        "WERKE": Design(language="de", labels=(("en", "Plants and Storage Locations"),), reads=(reads("LT_WERKE"),)),
        "BESTELLUNGEN": Design(
            language="de",
            labels=(("en", "Purchase Orders"),),
            reads=(reads("RT_EKPO", join("RT_EKKO", "RT_EKPO.EBELN = RT_EKKO.EBELN")),),
            associations=(to("LIEFERANT", "LIFNR"), to("CURRENCIES", "WAERS = CURRENCY", space="SALES")),
        ),
        "STOCK_LEVELS": Design(
            labels=(("de", "Bestände"),),
            reads=(reads("LT_STOCK"),),
            associations=(to("MATERIAL", "MATNR"),),
        ),
        "DELIVERIES": Design(language="de", associations=(to("CARRIERS", "CARRIER_ID"),)),
        "SHIPMENT_EVENTS": Design(associations=(to("DELIVERIES", "DELIVERY_ID"),)),
    }


def _models() -> dict[str, Design]:
    stock = reads(
        "STOCK_LEVELS",
        join("MATERIAL", "STOCK_LEVELS.MATNR = MATERIAL.MATNR", how="left"),
        WERK="STOCK_LEVELS.WERKS",
        MATERIALART="MATERIAL.MTART",
        BESTAND="STOCK_LEVELS.ON_HAND",
        RESERVIERT="STOCK_LEVELS.RESERVED",
    )
    reach = Measure("REICHWEITE_TAGE", MeasureKind.CALCULATED, ("BESTAND",), "[BESTAND] / 30")
    return {
        "V_BESTAND": Design(language="de", reads=(stock,)),
        "AM_BESTAND": Design(
            language="de",
            labels=(("en", "Stock Analysis"),),
            reads=(reads("V_BESTAND"),),
            measures=(reach,),
        ),
    }


def _flows() -> dict[str, Design]:
    sensors = FlowTarget("LT_SENSOR_DATA", (("SENSOR_ID", '"id"'), ("MEASURED_AT", 'TO_TIMESTAMP("ts")')))
    return {
        "RT_EKKO": Design(language="de", remote=Remote(_S4, '"SAPABAP1"."EKKO"')),
        "RT_EKPO": Design(language="de", remote=Remote(_S4, '"SAPABAP1"."EKPO"')),
        "RF_S4_PURCHASING": Design(
            language="de",
            replication=Replication((("MARA", "LT_MATERIAL"),), ReplicationSystem(_S4, "ABAP", "/SLT")),
        ),
        "DF_SENSOR_DATA": Design(
            flow_reads=(FlowSource("/sensors/readings.csv", "CLOUD_STORAGE"),), flow_writes=(sensors,)
        ),
        "TC_STOCK_HOURLY": Design(
            language="de", steps=(ChainStep("DF_SENSOR_DATA"), ChainStep("STOCK_LEVELS"), ChainStep("RT_LFA1"))
        ),
    }


def _columns() -> dict[str, dict[str, ColumnDesign]]:
    return {
        "LIEFERANT": {
            **translated("en", LIFNR="Supplier Number", ORT01="City"),
            "ANSPRECHPARTNER": ColumnDesign(labels=(("en", "Contact Person"),), personal=True),
        },
        "MATERIAL": {
            "MATNR": ColumnDesign(labels=(("en", "Material Number"),), text_column="MAKTX"),
            "MAKTX": ColumnDesign(labels=(("en", "Material Description"),), is_text=True),
            "BRGEW": ColumnDesign(unit_column="MEINS"),
        },
        "BESTELLUNGEN": {
            "NETWR": ColumnDesign(labels=(("en", "Net Order Value"),), currency_column="WAERS"),
            "MENGE": ColumnDesign(labels=(("en", "Quantity"),)),
        },
        "AM_BESTAND": translated("en", WERK="Plant", BESTAND="Stock", REICHWEITE_TAGE="Days of Supply"),
    }


def _below(space: DogSpace) -> tuple[DogObject, ...]:
    positions = """
        EBELN String(10) key | Einkaufsbeleg
        EBELP Int32 key | Position
        MENGE Decimal(13,3) | Menge
        NETWR Decimal(15,2) | Nettobestellwert
        """
    return (
        under(space, "LIEFERANT", "RT_LFA1", "Lieferantenstamm", remote=Remote(_S4, '"SAPABAP1"."LFA1"')),
        table("RT_EKPO", "Einkaufsbelegposition", positions, remote=True),
        under(space, "MATERIAL", "LT_MATERIAL", "Materialstamm (persistiert)"),
        under(space, "WERKE", "LT_WERKE", "Werke (persistiert)"),
        table("LT_SENSOR_DATA", "Sensor Data", "SENSOR_ID String(20) key | Sensor\nMEASURED_AT DateTimeOffset(7) key"),
        view(
            "V_BESTAND",
            "Bestand mit Materialart",
            """
            WERK String(4) dim | Werk
            MATERIALART String(4) dim | Materialart
            BESTAND Decimal(15,3) sum | Bestand
            RESERVIERT Decimal(15,3) sum | Reserviert
            """,
            analytical=True,
            exposed=False,
        ),
    )
