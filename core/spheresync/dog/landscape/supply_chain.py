"""SUPPLY_CHAIN: suppliers, stock, purchasing, logistics. German labels for the most part."""

from __future__ import annotations

from spheresync.dog.landscape.builders import flow, hierarchy, model, parameter, table, view
from spheresync.dog.objects import DogObject, DogSpace
from spheresync.model import AssetKind


def supply_chain_space() -> DogSpace:
    """The space SUPPLY_CHAIN."""
    return DogSpace("SUPPLY_CHAIN", "Supply Chain", (*_master_data(), *_facts(), *_models(), *_unexposed()))


def _master_data() -> tuple[DogObject, ...]:
    return (
        view(
            "LIEFERANT",
            "Lieferant",
            """
            LIFNR String(10) key dim | Lieferantennummer
            NAME1 String(35) | Name
            LAND1 String(3) dim | Länderschlüssel
            ORT01 String(35) | Ort
            IBAN String(34) | IBAN
            ANSPRECHPARTNER String(60) | Ansprechpartner
            SPERRE Boolean | Zentrale Einkaufssperre
            BEWERTUNG Single | Lieferantenbewertung
            """,
            dimension="#STANDARD",
        ),
        view(
            "MATERIAL",
            "Materialstamm",
            """
            MATNR String(40) key dim | Materialnummer
            MAKTX String(40) | Materialkurztext
            MTART String(4) dim | Materialart
            MEINS String(3) Common.IsUnit | Basismengeneinheit
            BRGEW Decimal(13,3) | Bruttogewicht
            GEFAHRGUT Byte | Gefahrgutklasse
            """,
            dimension="#STANDARD",
        ),
        view(
            "WERKE",
            "Werke und Lager",
            """
            WERKS String(4) key dim | Werk
            LGORT String(4) key dim | Lagerort
            NAME String(30) | Bezeichnung
            KAPAZITÄT Int32 | Kapazität (Paletten)
            REGION String(3) dim | Region
            """,
            dimension="#STANDARD",
            hierarchies=(hierarchy("STANDORT", "Region, Werk, Lagerort", "REGION", "WERKS", "LGORT"),),
        ),
        view("CARRIERS", "Carriers", "CARRIER_ID Int16 key dim | Carrier\nNAME String(60) | Name\nSCAC String(4)"),
        view("UNITS", "Units of Measure", "UNIT String(3) key dim Common.IsUnit | Unit\nTEXT String(30) | Unit Name"),
        view("INCOTERMS", "Incoterms", "INCO1 String(3) key dim | Incoterms\nTEXT String(60) | Bezeichnung"),
    )


def _facts() -> tuple[DogObject, ...]:
    return (
        view(
            "BESTELLUNGEN",
            "Bestellungen",
            """
            EBELN String(10) key | Einkaufsbeleg
            EBELP Int32 key | Position
            LIFNR String(10) dim | Lieferant
            BEDAT Date dim Common.IsCalendarDate | Bestelldatum
            MENGE Decimal(13,3) sum | Menge
            NETWR Decimal(15,2) sum | Nettobestellwert
            WAERS String(5) dim Common.IsCurrency | Währung
            """,
            analytical=True,
        ),
        view(
            "STOCK_LEVELS",
            "Stock Levels",
            """
            MATNR String(40) key dim | Material
            WERKS String(4) key dim | Plant
            AS_OF DateTimeOffset(7) key dim | As Of
            ON_HAND Decimal(15,3) sum | On Hand
            RESERVED Decimal(15,3) sum | Reserved
            SAFETY_STOCK Decimal(15,3) avg | Safety Stock
            """,
            analytical=True,
        ),
        view(
            "DELIVERIES",
            "Lieferungen",
            """
            DELIVERY_ID Guid key | Lieferung
            CARRIER_ID Int16 dim | Spediteur
            PLANNED_AT DateTimeOffset(7) dim | Geplant
            DELIVERED_AT DateTimeOffset(7) dim | Geliefert
            DELAY_HOURS Double avg | Verspätung (h)
            """,
        ),
        view(
            "SHIPMENT_EVENTS",
            "Shipment Events",
            """
            EVENT_ID Int64 key | Event
            DELIVERY_ID Guid dim | Delivery
            EVENT_TIME DateTimeOffset(7) dim | Event Time
            EVENT_CODE String(8) dim | Event Code
            PAYLOAD String(5000) | Payload
            """,
        ),
        view(
            "INVENTUR",
            "Inventurdifferenzen",
            """
            INVENTUR_NR String(10) key | Inventurbeleg
            ZÄHLDATUM Date dim | Zähldatum
            BUCHMENGE Decimal(13,3) sum | Buchmenge
            ZÄHLMENGE Decimal(13,3) sum | Zählmenge
            """,
        ),
        view(
            "QUALITY_CHECKS",
            "Qualitätsprüfungen",
            """
            LOT_ID String(12) key | Prüflos
            RESULT SByte dim | Ergebnis
            DEFECTS Int16 sum | Fehleranzahl
            CERTIFICATE Binary | Prüfzeugnis
            """,
        ),
        view(
            "ABC_ANALYSE",
            "ABC-Analyse",
            "MATNR String(40) key dim | Material\nKLASSE String(1) dim | ABC-Klasse\nANTEIL Decimal(7,4) | Wertanteil",
            parameters=(parameter("IP_STICHTAG", "Date"),),
        ),
    )


def _models() -> tuple[DogObject, ...]:
    return (
        model(
            "AM_BESTAND",
            "Bestandsanalyse",
            """
            WERK String(4) dim | Werk
            MATERIALART String(4) dim | Materialart
            BESTAND Decimal(34,3) sum | Bestand
            REICHWEITE_TAGE Decimal(34,0) avg | Reichweite (Tage)
            """,
        ),
        model(
            "AM_SUPPLIER_PERFORMANCE",
            "Supplier Performance",
            """
            LIFNR String(10) dim | Supplier
            QUARTER String(5) dim | Calendar Quarter
            ON_TIME_RATE Double avg | On-Time Rate
            SPEND Decimal(17,2) sum | Spend
            """,
        ),
    )


def _unexposed() -> tuple[DogObject, ...]:
    return (
        table(
            "LT_STOCK",
            "Bestand (persistiert)",
            """
            MATNR String(40) key | Material
            WERKS String(4) key | Werk
            AS_OF DateTimeOffset(7) key | Stand
            ON_HAND Decimal(15,3) | Bestand
            RESERVED Decimal(15,3) | Reserviert
            SAFETY_STOCK Decimal(15,3) | Sicherheitsbestand
            """,
        ),
        table(
            "RT_EKKO",
            "Einkaufsbelegkopf",
            "EBELN String(10) key\nLIFNR String(10)\nBEDAT Date\nWAERS String(5)",
            remote=True,
        ),
        flow(AssetKind.REPLICATION_FLOW, "RF_S4_PURCHASING", "Einkauf aus S/4HANA replizieren"),
        flow(AssetKind.DATA_FLOW, "DF_SENSOR_DATA", "Load Sensor Data"),
        flow(AssetKind.TASK_CHAIN, "TC_STOCK_HOURLY", "Bestand, stündlich"),
    )
