"""SALES: orders, customers, stores, e-commerce. English labels, some German."""

from __future__ import annotations

from spheresync.dog.landscape.builders import flow, model, parameter, table, view
from spheresync.dog.landscape.time_dimension import time_tables, time_views
from spheresync.dog.objects import DogObject, DogSpace
from spheresync.model import AssetKind


def sales_space() -> DogSpace:
    """The space SALES."""
    return DogSpace("SALES", "Sales", (*time_views(), *_master_data(), *_facts(), *_models(), *_unexposed()))


def _master_data() -> tuple[DogObject, ...]:
    return (
        view(
            "CUSTOMERS",
            "Customers",
            """
            CUSTOMER_ID String(10) key dim | Customer
            FIRST_NAME String(40) | First Name
            LAST_NAME String(40) | Last Name
            EMAIL String(241) | E-Mail Address
            PHONE String(30) | Phone Number
            BIRTH_DATE Date | Date of Birth
            STREET String(60) | Street
            POSTAL_CODE String(10) | Postal Code
            CITY String(40) dim | City
            COUNTRY String(3) dim | Country
            LOYALTY_TIER Byte dim | Loyalty Tier
            CONSENT_MARKETING Boolean | Marketing Consent
            CREATED_AT DateTimeOffset(7) required | Created At
            """,
            dimension="#STANDARD",
        ),
        view(
            "KUNDENSTAMM",
            "Kundenstamm",
            """
            KUNNR String(10) key dim | Kundennummer
            NAME1 String(35) | Name
            NAME2 String(35) | Namenszusatz
            STRAS String(35) | Straße
            ORT01 String(35) dim | Ort
            LAND1 String(3) dim | Länderschlüssel
            TELF1 String(16) | Telefonnummer
            SMTP_ADDR String(241) | E-Mail-Adresse
            STCEG String(20) | Umsatzsteuer-Identifikationsnummer
            ERDAT Date | Anlagedatum
            LOEVM Boolean | Löschvormerkung
            """,
            dimension="#STANDARD",
        ),
        view(
            "PRODUCTS",
            "Products",
            """
            PRODUCT_ID String(18) key dim | Product
            EAN Int64 | European Article Number
            DESCRIPTION String(5000) | Description
            CATEGORY String(20) dim | Category
            BRAND String(40) dim | Brand
            WEIGHT_KG Double | Weight (kg)
            LIST_PRICE Decimal(15,2) | List Price
            CURRENCY String(5) Common.IsCurrency | Currency
            PICTURE Binary | Picture
            THUMBNAIL Binary(5000) | Thumbnail
            """,
            dimension="#STANDARD",
        ),
        view(
            "PRODUCT_CATEGORIES",
            "Product Categories",
            """
            CATEGORY String(20) key dim | Category
            PARENT_CATEGORY String(20) dim | Parent Category
            CATEGORY_TEXT String(60) | Category Name
            """,
        ),
        view(
            "STORES",
            "Stores",
            """
            STORE_ID Int16 key dim | Store
            STORE_NAME String(60) | Store Name
            OPENS_AT TimeOfDay | Opens At
            CLOSES_AT TimeOfDay | Closes At
            LATITUDE Double | Latitude
            LONGITUDE Double | Longitude
            LOCATION String(1000) | Location
            FLOOR_SPACE Single | Floor Space (m²)
            """,
            dimension="#STANDARD",
        ),
        view(
            "Regions",
            "Vertriebsregionen",
            """
            "/BIC/ZREGION" String(4) key dim | Vertriebsregion
            "Region Name" String(40) dim | Bezeichnung
            _LANGU String(2) | Sprache
            """,
        ),
        view("CURRENCIES", "Currencies", "CURRENCY String(5) key dim Common.IsCurrency | Currency\nDECIMALS SByte"),
    )


def _facts() -> tuple[DogObject, ...]:
    return (
        view(
            "Orders",
            "Sales Orders",
            """
            OrderID Guid key | Order
            CustomerID String(10) dim | Customer
            OrderDate Date dim Common.IsCalendarDate | Order Date
            Channel String(10) dim | Channel
            "Sold to party" String(10) dim | Sold-to Party
            GrossAmount Decimal(15,2) sum | Gross Amount
            NetAmount Decimal(15,2) sum | Net Amount
            Currency String(5) dim Common.IsCurrency | Currency
            ChangedAt DateTimeOffset(7) | Changed At
            """,
            analytical=True,
        ),
        view(
            "ORDERS",
            "Sales Orders (legacy extract)",
            """
            VBELN String(10) key | Verkaufsbeleg
            AUDAT Date | Belegdatum
            NETWR Decimal(15,2) sum | Nettowert
            WAERK String(5) Common.IsCurrency | Währung
            """,
        ),
        view(
            "ORDER_ITEMS",
            "Sales Order Items",
            """
            ORDER_ID Guid key | Order
            ITEM_NO Int32 key | Item
            PRODUCT_ID String(18) dim | Product
            QUANTITY Decimal(13,3) sum | Quantity
            UNIT String(3) Common.IsUnit | Unit
            NET_AMOUNT Decimal(15,2) sum | Net Amount
            DISCOUNT_PCT Decimal(5,2) avg | Discount (%)
            """,
            analytical=True,
        ),
        view(
            "POS_RECEIPTS",
            "Kassenbons",
            """
            BON_ID Int64 key | Bonnummer
            STORE_ID Int16 dim | Filiale
            BON_DATE Date dim Common.IsCalendarDate | Bondatum
            BON_TIME TimeOfDay | Uhrzeit
            BETRAG Decimal(13,2) sum | Betrag
            RABATT Decimal(13,2) sum | Rabatt
            MWST Decimal(13,2) sum | Mehrwertsteuer
            """,
            analytical=True,
        ),
        view(
            "WEB_SESSIONS",
            "Web Shop Sessions",
            """
            SESSION_ID Guid key | Session
            CUSTOMER_ID String(10) dim | Customer
            STARTED_AT DateTimeOffset(7) dim | Started At
            IP_ADDRESS String(45) | IP Address
            PAGE_VIEWS Int32 sum | Page Views
            CONVERTED Boolean dim | Converted
            """,
        ),
        view(
            "RETURNS",
            "Retouren",
            """
            RETURN_ID String(12) key | Retoure
            ORDER_ID Guid dim | Auftrag
            REASON String(4) dim | Rückgabegrund
            AMOUNT Decimal(15,2) sum | Erstattungsbetrag
            """,
        ),
        view(
            "REVENUE_BY_PERIOD",
            "Revenue by Period",
            """
            CALMONTH String(6) key dim Common.IsCalendarYearMonth | Calendar Month
            REVENUE Decimal(17,2) sum | Revenue
            """,
            parameters=(parameter("IP_FROM_DATE", "Date"), parameter("IP_CURRENCY", "String(5)")),
        ),
    )


def _models() -> tuple[DogObject, ...]:
    return (
        model(
            "AM_SALES",
            "Sales Analysis",
            """
            OrderDate Date dim | Order Date
            CustomerID String(10) dim | Customer
            Country String(3) dim | Country
            Category String(20) dim | Product Category
            NetAmount Decimal(34,2) sum | Net Amount
            Quantity Decimal(34,0) sum | Quantity
            OrderCount Int64 count | Number of Orders
            """,
        ),
        model(
            "AM_UMSATZ",
            "Umsatz nach Filiale",
            """
            FILIALE Int16 dim | Filiale
            KALENDERMONAT String(6) dim | Kalendermonat
            UMSATZ Decimal(17,2) sum | Umsatz
            KUNDENZÄHLER Int64 count | Kundenzähler
            """,
        ),
    )


def _unexposed() -> tuple[DogObject, ...]:
    return (
        *time_tables(),
        table(
            "LT_ORDERS",
            "Orders (persisted)",
            """
            ORDER_ID Guid key | Order
            CUSTOMER_ID String(10) | Customer
            ORDER_DATE Date | Order Date
            CHANNEL String(10) | Channel
            SOLD_TO String(10) | Sold-to Party
            NET_AMOUNT Decimal(15,2) | Net Amount
            TAX_AMOUNT Decimal(15,2) | Tax Amount
            CURRENCY String(5) | Currency
            CHANGED_AT DateTimeOffset(7) | Changed At
            """,
        ),
        table(
            "RT_VBAK",
            "Verkaufsbeleg: Kopfdaten",
            "VBELN String(10) key\nAUDAT Date\nNETWR Decimal(15,2)\nWAERK String(5)",
            remote=True,
        ),
        view("V_ORDERS_STAGING", "Orders (staging)", "ORDER_ID Guid key | Order", exposed=False),
        flow(AssetKind.REPLICATION_FLOW, "RF_S4_SALES", "Replicate Sales from S/4HANA"),
        flow(AssetKind.DATA_FLOW, "DF_CLEAN_CUSTOMERS", "Clean Customers"),
        flow(AssetKind.TRANSFORMATION_FLOW, "TF_ORDERS_DELTA", "Orders Delta"),
        flow(AssetKind.TASK_CHAIN, "TC_SALES_DAILY", "Sales, daily"),
    )
