"""What CSN says of SALES: tables and flows under the views, two languages, personal data, and a view that is broken."""

from __future__ import annotations

from dataclasses import replace

from spheresync.dog.design import (
    ChainStep,
    ColumnDesign,
    Design,
    FlowSource,
    FlowTarget,
    Path,
    Pick,
    Remote,
    Replication,
    ReplicationSystem,
    Use,
)
from spheresync.dog.landscape.builders import table, view
from spheresync.dog.landscape.designing import (
    both,
    calculated,
    designed,
    join,
    path_of,
    picked,
    reads,
    to,
    translated,
    under,
)
from spheresync.dog.objects import DogObject, DogSpace
from spheresync.model import Hierarchy

_S4 = "S4H_PROD"
_DAY = "SAP.TIME.VIEW_DIMENSION_DAY"
_TIME = "SAP.TIME.M_TIME_DIMENSION"
_PERSONAL = ColumnDesign(personal=True)


def with_sales_design(space: DogSpace) -> DogSpace:
    """The space SALES with all that CSN knows of it."""
    made = designed(space, {**_master(), **_facts(), **_models(), **_flows(), **_time()}, _columns(), *_below(space))
    return replace(made, objects=tuple(_with_tree(item) for item in made.objects))


def _with_tree(item: DogObject) -> DogObject:
    """The categories have a hierarchy of parents and children, which EDMX does not tell."""
    if item.name != "PRODUCT_CATEGORIES":
        return item
    tree = Hierarchy("CATEGORY_TREE", (("", "Category Tree"),), parent=("PARENT_CATEGORY",), child=("CATEGORY",))
    return replace(item, hierarchies=(*item.hierarchies, tree))


def _master() -> dict[str, Design]:
    return {
        "CUSTOMERS": Design(
            labels=(("de", "Kunden"),),
            description="Customers of the web shop and the loyalty programme.",
            folder="Master Data",
            reads=(reads("LT_CUSTOMERS"),),
            personal_data="DATA_SUBJECT",
            data_subject_role="Customer",
        ),
        "KUNDENSTAMM": Design(language="de", labels=(("en", "Customer Master"),), reads=(reads("RT_KNA1"),)),
        "PRODUCTS": Design(
            labels=(("de", "Artikel"),),
            reads=(reads("LT_PRODUCTS"),),
            associations=(to("PRODUCT_CATEGORIES", "CATEGORY"), to("CURRENCIES", "CURRENCY")),
        ),
        "PRODUCT_CATEGORIES": Design(labels=(("de", "Warengruppen"),), reads=(reads("LT_PRODUCT_CATEGORIES"),)),
        "STORES": Design(reads=(reads("LT_STORES"),)),
    }


def _facts() -> dict[str, Design]:
    orders: dict[str, Path | Pick] = {
        "OrderID": path_of("LT_ORDERS.ORDER_ID"),
        "CustomerID": path_of("LT_ORDERS.CUSTOMER_ID"),
        "OrderDate": path_of("LT_ORDERS.ORDER_DATE"),
        "Channel": path_of("LT_ORDERS.CHANNEL"),
        "Sold to party": path_of("LT_ORDERS.SOLD_TO"),
        "GrossAmount": calculated("GrossAmount", "+", "LT_ORDERS.NET_AMOUNT", "LT_ORDERS.TAX_AMOUNT"),
        "NetAmount": path_of("LT_ORDERS.NET_AMOUNT"),
        "Currency": path_of("LT_ORDERS.CURRENCY"),
        "ChangedAt": path_of("LT_ORDERS.CHANGED_AT"),
    }
    month = calculated("REVENUE", "SUM", "Orders.NetAmount")
    days = join(_DAY, "Orders.OrderDate = VIEW_DIMENSION_DAY.DATE_SQL")
    broken = {"CONVERTED": path_of("LT_WEB_SESSIONS.CONVERSION_FLAG")}
    return {
        "Orders": Design(
            labels=(("de", "Kundenaufträge"),),
            reads=(picked("LT_ORDERS", orders),),
            associations=(
                to("CUSTOMERS", "CustomerID = CUSTOMER_ID"),
                to("CURRENCIES", "Currency = CURRENCY"),
                to(_DAY, "OrderDate = DATE_SQL"),
                to("KUNDENSTAMM", "Sold to party = KUNNR"),
            ),
        ),
        "ORDERS": Design(language="de", labels=(("en", "Sales Orders (legacy extract)"),), reads=(reads("RT_VBAK"),)),
        "ORDER_ITEMS": Design(
            labels=(("de", "Auftragspositionen"),),
            reads=(reads("LT_ORDER_ITEMS"),),
            associations=(to("Orders", "ORDER_ID = OrderID"), to("PRODUCTS", "PRODUCT_ID")),
        ),
        "POS_RECEIPTS": Design(
            language="de",
            labels=(("en", "Store Receipts"),),
            reads=(reads("LT_POS_RECEIPTS"), reads("LT_POS_ARCHIVE")),
            associations=(to("STORES", "STORE_ID"), to(_DAY, "BON_DATE = DATE_SQL")),
        ),
        "RETURNS": Design(
            language="de", reads=(reads("LT_RETURNS"),), associations=(to("Orders", "ORDER_ID = OrderID"),)
        ),
        # Broken: the table has no column CONVERSION_FLAG.
        "WEB_SESSIONS": Design(
            reads=(picked("LT_WEB_SESSIONS", broken),), associations=(to("CUSTOMERS", "CUSTOMER_ID"),)
        ),
        "REVENUE_BY_PERIOD": Design(
            reads=(picked("Orders", {"CALMONTH": path_of("VIEW_DIMENSION_DAY.CALMONTH"), "REVENUE": month}, days),)
        ),
        "V_ORDERS_STAGING": Design(sql='SELECT "ORDER_ID" FROM "LT_ORDERS" WHERE "CHANNEL" = \'WEB\''),
    }


def _models() -> dict[str, Design]:
    facts = {
        "OrderDate": path_of("Orders.OrderDate"),
        "CustomerID": path_of("Orders.CustomerID"),
        "Category": path_of("PRODUCTS.CATEGORY"),
        "NetAmount": path_of("ORDER_ITEMS.NET_AMOUNT"),
        "Quantity": path_of("ORDER_ITEMS.QUANTITY"),
        "OrderID": path_of("Orders.OrderID"),
    }
    receipts: dict[str, Path | Pick] = {
        "FILIALE": path_of("POS_RECEIPTS.STORE_ID"),
        "KALENDERMONAT": path_of("VIEW_DIMENSION_DAY.CALMONTH"),
        "UMSATZ": calculated("UMSATZ", "-", "POS_RECEIPTS.BETRAG", "POS_RECEIPTS.RABATT"),
        "BON_ID": path_of("POS_RECEIPTS.BON_ID"),
    }
    return {
        "V_SALES_FACTS": Design(
            reads=(
                picked(
                    "ORDER_ITEMS",
                    facts,
                    join("Orders", "ORDER_ITEMS.ORDER_ID = Orders.OrderID"),
                    join("PRODUCTS", "ORDER_ITEMS.PRODUCT_ID = PRODUCTS.PRODUCT_ID", how="left"),
                ),
            ),
            associations=(to("CUSTOMERS", "CustomerID = CUSTOMER_ID"),),
        ),
        "AM_SALES": Design(
            labels=(("de", "Vertriebsanalyse"),),
            reads=(reads("V_SALES_FACTS", Country="_CUSTOMERS.COUNTRY", OrderCount="V_SALES_FACTS.OrderID"),),
            associations=(to("CUSTOMERS", "CustomerID = CUSTOMER_ID"),),
        ),
        "V_KASSE": Design(
            language="de",
            reads=(
                picked("POS_RECEIPTS", receipts, join(_DAY, "POS_RECEIPTS.BON_DATE = VIEW_DIMENSION_DAY.DATE_SQL")),
            ),
        ),
        "AM_UMSATZ": Design(
            language="de",
            labels=(("en", "Revenue by Store"),),
            reads=(reads("V_KASSE", KUNDENZÄHLER="V_KASSE.BON_ID"),),
            associations=(to("STORES", "FILIALE = STORE_ID"),),
        ),
    }


def _flows() -> dict[str, Design]:
    customers = FlowTarget(
        "LT_CUSTOMERS",
        (
            ("CUSTOMER_ID", '"KUNNR"'),
            ("LAST_NAME", '"NAME1"'),
            ("CITY", '"ORT01"'),
            ("COUNTRY", '"LAND1"'),
            ("EMAIL", 'LOWER("SMTP_ADDR")'),
            ("PHONE", '"TELF1"'),
        ),
    )
    delta = (("ORDER_ID", '"ORDER_ID"'), ("NET_AMOUNT", '"NET_AMOUNT"'))
    return {
        "RT_VBAK": Design(language="de", remote=Remote(_S4, '"SAPABAP1"."VBAK"')),
        "RF_S4_SALES": Design(
            replication=Replication(
                (("I_SalesDocument", "LT_ORDERS"), ("I_SalesDocumentItem", "LT_ORDER_ITEMS")),
                ReplicationSystem(_S4, "ABAP", "/CDS"),
            )
        ),
        "DF_CLEAN_CUSTOMERS": Design(flow_reads=(FlowSource("RT_KNA1"),), flow_writes=(customers,)),
        "TF_ORDERS_DELTA": Design(
            flow_reads=(FlowSource("LT_ORDERS"),), flow_writes=(FlowTarget("LT_ORDERS_DELTA", delta),)
        ),
        "TC_SALES_DAILY": Design(
            steps=(
                ChainStep("RF_S4_SALES"),
                ChainStep("DF_CLEAN_CUSTOMERS"),
                ChainStep("TF_ORDERS_DELTA"),
                ChainStep("TC_MONTH_END", "FINANCE"),
            )
        ),
    }


def _time() -> dict[str, Design]:
    texts = to(f"{_TIME}_TDAY", "DAY_OF_WEEK = ID", name="_DAY_OF_WEEK", use=Use.TEXT)
    plain = Design(reads=(reads(_TIME, distinct=True),))
    names = ("MONTH", "QUARTER", "YEAR")
    return {
        _DAY: replace(plain, associations=(texts,)),
        **{f"SAP.TIME.VIEW_DIMENSION_{name}": plain for name in names},
    }


def _columns() -> dict[str, dict[str, ColumnDesign]]:
    customers = translated(
        "de",
        CUSTOMER_ID="Kunde",
        FIRST_NAME="Vorname",
        LAST_NAME="Nachname",
        EMAIL="E-Mail-Adresse",
        PHONE="Telefonnummer",
        BIRTH_DATE="Geburtsdatum",
        STREET="Straße",
        POSTAL_CODE="Postleitzahl",
        CITY="Ort",
        COUNTRY="Land",
    )
    personal = {
        "CUSTOMER_ID": ColumnDesign(personal_data="DATA_SUBJECT_ID"),
        **dict.fromkeys(("FIRST_NAME", "LAST_NAME", "EMAIL", "BIRTH_DATE"), _PERSONAL),
    }
    money = ColumnDesign(currency_column="Currency")
    orders = translated("de", OrderDate="Auftragsdatum", Channel="Vertriebskanal", NetAmount="Nettobetrag")
    return {
        "CUSTOMERS": both(customers, personal),
        "KUNDENSTAMM": translated("en", KUNNR="Customer Number", ORT01="City", ERDAT="Created On"),
        "Orders": both(orders, {"NetAmount": money, "GrossAmount": money}),
        "ORDERS": {"NETWR": ColumnDesign(currency_column="WAERK")},
        "ORDER_ITEMS": {"QUANTITY": ColumnDesign(unit_column="UNIT")},
        "PRODUCTS": {"LIST_PRICE": ColumnDesign(currency_column="CURRENCY")},
        "PRODUCT_CATEGORIES": {
            "CATEGORY": ColumnDesign(text_column="CATEGORY_TEXT"),
            "CATEGORY_TEXT": ColumnDesign(is_text=True),
        },
        "STORES": {
            "STORE_ID": ColumnDesign(text_column="STORE_NAME"),
            "LOCATION": ColumnDesign(cds_type="cds.hana.ST_POINT"),
        },
        "RT_VBAK": {"VBELN": ColumnDesign(native_type="NVARCHAR"), "NETWR": ColumnDesign(native_type="DECIMAL")},
        "AM_SALES": translated("de", OrderDate="Auftragsdatum", NetAmount="Nettobetrag", Quantity="Menge"),
        "AM_UMSATZ": translated("en", FILIALE="Store", UMSATZ="Revenue", KALENDERMONAT="Calendar Month"),
        f"{_TIME}_TDAY": {
            "ID": ColumnDesign(text_column="_DESCRIPTION"),
            "_DESCRIPTION": ColumnDesign(is_text=True),
            "_LANGU": ColumnDesign(is_language=True),
        },
    }


def _below(space: DogSpace) -> tuple[DogObject, ...]:
    """Tables, and views that only others read."""
    names = ("CUSTOMERS", "PRODUCTS", "PRODUCT_CATEGORIES", "STORES", "ORDER_ITEMS", "POS_RECEIPTS", "RETURNS")
    sessions = """
        SESSION_ID Guid key | Session
        CUSTOMER_ID String(10) | Customer
        STARTED_AT DateTimeOffset(7) | Started At
        IP_ADDRESS String(45) | IP Address
        PAGE_VIEWS Int32 | Page Views
        """
    return (
        *(under(space, name, f"LT_{name}", f"{name} (persisted)") for name in names),
        under(space, "POS_RECEIPTS", "LT_POS_ARCHIVE", "Kassenbons bis 2024"),
        under(space, "KUNDENSTAMM", "RT_KNA1", "Kundenstamm (S/4HANA)", remote=Remote(_S4, '"SAPABAP1"."KNA1"')),
        table("LT_WEB_SESSIONS", "Web Shop Sessions (persisted)", sessions),
        table("LT_ORDERS_DELTA", "Orders, changed", "ORDER_ID Guid key | Order\nNET_AMOUNT Decimal(15,2) | Net Amount"),
        view(
            "V_SALES_FACTS",
            "Sales Facts",
            """
            OrderDate Date dim | Order Date
            CustomerID String(10) dim | Customer
            Category String(20) dim | Product Category
            NetAmount Decimal(15,2) sum | Net Amount
            Quantity Decimal(13,3) sum | Quantity
            OrderID Guid | Order
            """,
            analytical=True,
            exposed=False,
        ),
        view(
            "V_KASSE",
            "Kassenumsätze",
            """
            FILIALE Int16 dim | Filiale
            KALENDERMONAT String(6) dim | Kalendermonat
            UMSATZ Decimal(17,2) sum | Umsatz
            BON_ID Int64 | Bonnummer
            """,
            analytical=True,
            exposed=False,
        ),
    )
