"""What CSN says of FINANCE: measures that a model makes, row-level security, accounts, relations to other spaces."""

from __future__ import annotations

from spheresync.dog.design import (
    AccessControl,
    ChainStep,
    ColumnDesign,
    Design,
    Measure,
    MeasureKind,
    Remote,
    Replication,
    ReplicationSystem,
)
from spheresync.dog.landscape.designing import calculated, designed, path_of, picked, reads, to, translated, under
from spheresync.dog.objects import DogObject, DogSpace

_S4 = "S4H_PROD"


def with_finance_design(space: DogSpace) -> DogSpace:
    """The space FINANCE with all that CSN knows of it."""
    return designed(space, {**_views(), **_models(), **_flows()}, _columns(), *_below(space))


def _views() -> dict[str, Design]:
    buckets = {
        "BUCKET": calculated("BUCKET", "DAYS_BETWEEN", "OPEN_ITEMS.FAELLIG"),
        "BETRAG": calculated("BETRAG", "SUM", "OPEN_ITEMS.BETRAG"),
    }
    renamed = {"FAELLIG": "NETDT", "BETRAG": "DMBTR", "MAHNSTUFE": "MANST"}
    items = {column: path_of(f"RT_BSEG.{behind}") for column, behind in renamed.items()}
    return {
        "KONTENPLAN": Design(language="de", labels=(("en", "Chart of Accounts"),), reads=(reads("RT_SKA1"),)),
        "COST_CENTERS": Design(
            labels=(("de", "Kostenstellen"),),
            reads=(reads("LT_COST_CENTERS"),),
            access_controls=(AccessControl("DAC_CONTROLLING_AREA", (("CONTROLLING_AREA", "AREA"),)),),
        ),
        "EXCHANGE_RATES": Design(
            language="de",
            labels=(("en", "Exchange Rates"),),
            reads=(reads("LT_EXCHANGE_RATES"),),
            associations=(to("CURRENCIES", "FROM_CURRENCY = CURRENCY", space="SALES"),),
        ),
        "BANK_ACCOUNTS": Design(
            language="de",
            labels=(("en", "Bank Accounts"),),
            reads=(reads("LT_BANK_ACCOUNTS"),),
            personal_data="DATA_SUBJECT_DETAILS",
        ),
        "ACDOCA": Design(
            reads=(reads("LT_ACDOCA"),),
            associations=(to("KONTENPLAN", "RACCT = SAKNR"), to("CURRENCIES", "RHCUR = CURRENCY", space="SALES")),
        ),
        "OPEN_ITEMS": Design(
            language="de",
            labels=(("en", "Open Items"),),
            reads=(picked("RT_BSEG", items),),
            associations=(to("KUNDENSTAMM", "KUNNR", space="SALES"), to("COMPANY_CODES", "BUKRS")),
        ),
        "BUDGET": Design(reads=(reads("LT_BUDGET_UPLOAD"),), associations=(to("COST_CENTERS", "COST_CENTER"),)),
        "AGING_REPORT": Design(language="de", reads=(picked("OPEN_ITEMS", buckets),)),
    }


def _models() -> dict[str, Design]:
    return {
        "AM_GUV": Design(
            language="de",
            labels=(("en", "Profit and Loss Statement"),),
            reads=(
                reads(
                    "ACDOCA",
                    BUCHUNGSKREIS="ACDOCA.RLDNR",
                    GESCHÄFTSJAHR="ACDOCA.GJAHR",
                    ERGEBNIS="ACDOCA.HSL",
                ),
            ),
            measures=(
                Measure("ERLÖSE", MeasureKind.RESTRICTED, ("ERGEBNIS",), restriction=("RACCT", "0000800000")),
                Measure("AUFWAND", MeasureKind.CALCULATED, ("ERGEBNIS", "ERLÖSE"), "[ERGEBNIS] - [ERLÖSE]"),
            ),
        ),
    }


def _flows() -> dict[str, Design]:
    return {
        "RT_BSEG": Design(language="de", remote=Remote(_S4, '"SAPABAP1"."BSEG"')),
        "RF_ACDOCA": Design(
            replication=Replication((("ACDOCA", "LT_ACDOCA"),), ReplicationSystem(_S4, "ABAP", "/SLT"))
        ),
        "TC_MONTH_END": Design(language="de", steps=(ChainStep("RF_ACDOCA"), ChainStep("OPEN_ITEMS"))),
    }


def _columns() -> dict[str, dict[str, ColumnDesign]]:
    return {
        "KONTENPLAN": {
            "SAKNR": ColumnDesign(labels=(("en", "G/L Account"),), text_column="TXT50"),
            "TXT50": ColumnDesign(labels=(("en", "Account Name"),), is_text=True),
        },
        "COST_CENTERS": {
            **translated("de", COST_CENTER="Kostenstelle", VALID_TO="Gültig bis"),
            "RESPONSIBLE": ColumnDesign(labels=(("de", "Verantwortlicher"),), personal=True),
        },
        "BANK_ACCOUNTS": {
            "IBAN": ColumnDesign(personal=True, sensitive=True),
            "ACCOUNT_HOLDER": ColumnDesign(labels=(("en", "Account Holder"),), personal=True),
        },
        "ACDOCA": {"HSL": ColumnDesign(currency_column="RHCUR")},
        "AM_GUV": translated("en", ERLÖSE="Revenue", AUFWAND="Expenses", ERGEBNIS="Net Income"),
    }


def _below(space: DogSpace) -> tuple[DogObject, ...]:
    return (
        *(
            under(space, name, f"LT_{name}", f"{name} (persisted)")
            for name in ("COST_CENTERS", "EXCHANGE_RATES", "BANK_ACCOUNTS", "ACDOCA")
        ),
        under(space, "KONTENPLAN", "RT_SKA1", "Sachkontenstamm", remote=Remote(_S4, '"SAPABAP1"."SKA1"')),
    )
