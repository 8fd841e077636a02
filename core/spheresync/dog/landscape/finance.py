"""FINANCE: ledger, receivables, cost centres, exchange rates."""

from __future__ import annotations

from spheresync.dog.landscape.builders import flow, hierarchy, model, parameter, table, view
from spheresync.dog.objects import DogObject, DogSpace
from spheresync.model import AssetKind

_BUDGET = """
    COST_CENTER String(10) key | Cost Center
    FISCAL_YEAR Int16 key | Fiscal Year
    BUDGET Decimal(17,2) | Budget
    """
_BSEG = """
    BUKRS String(4) key
    BELNR String(10) key
    KUNNR String(10)
    NETDT Date
    DMBTR Decimal(23,2)
    MANST Byte
    """


def finance_space() -> DogSpace:
    """The space FINANCE."""
    return DogSpace("FINANCE", "Finanzen & Controlling", (*_master_data(), *_facts(), *_models(), *_unexposed()))


def _master_data() -> tuple[DogObject, ...]:
    return (
        view(
            "KONTENPLAN",
            "Kontenplan",
            """
            KTOPL String(4) key dim | Kontenplan
            SAKNR String(10) key dim | Sachkonto
            TXT50 String(50) | Kontenbezeichnung
            BILANZKONTO Boolean | Bilanzkonto
            """,
            dimension="#STANDARD",
        ),
        view(
            "COST_CENTERS",
            "Cost Centers",
            """
            CONTROLLING_AREA String(4) key dim | Controlling Area
            COST_CENTER String(10) key dim | Cost Center
            VALID_TO Date key | Valid To
            NAME String(40) | Name
            RESPONSIBLE String(60) | Person Responsible
            GROUP_L1 String(10) dim | Group
            GROUP_L2 String(10) dim | Subgroup
            """,
            dimension="#STANDARD",
            hierarchies=(hierarchy("CCGROUP", "Cost Center Groups", "GROUP_L1", "GROUP_L2", "COST_CENTER"),),
        ),
        view("PROFIT_CENTERS", "Profitcenter", "PRCTR String(10) key dim | Profitcenter\nLTEXT String(40) | Langtext"),
        view("COMPANY_CODES", "Buchungskreise", "BUKRS String(4) key dim | Buchungskreis\nBUTXT String(25) | Firma"),
        view(
            "EXCHANGE_RATES",
            "Wechselkurse",
            """
            FROM_CURRENCY String(5) key dim Common.IsCurrency | Von Währung
            TO_CURRENCY String(5) key dim Common.IsCurrency | Nach Währung
            VALID_FROM Date key | Gültig ab
            RATE Decimal(38,19) | Kurs
            """,
        ),
        view(
            "BANK_ACCOUNTS",
            "Bankverbindungen",
            """
            PARTNER String(10) key dim | Geschäftspartner
            BANK_ID String(4) key | Bankverbindung
            IBAN String(34) | IBAN
            BIC String(11) | BIC
            ACCOUNT_HOLDER String(60) | Kontoinhaber
            """,
        ),
        view("TAX_CODES", "Steuerkennzeichen", "MWSKZ String(2) key dim | Steuerkennzeichen\nSATZ Decimal(5,2) | Satz"),
    )


def _facts() -> tuple[DogObject, ...]:
    return (
        view(
            "ACDOCA",
            "Universal Journal",
            """
            RLDNR String(2) key dim | Ledger
            BELNR String(10) key | Belegnummer
            DOCLN String(6) key | Buchungszeile
            BUDAT Date dim Common.IsCalendarDate | Buchungsdatum
            GJAHR Int16 dim | Geschäftsjahr
            RACCT String(10) dim | Sachkonto
            HSL Decimal(23,2) sum | Betrag in Hauswährung
            RHCUR String(5) dim Common.IsCurrency | Hauswährung
            TIMESTAMP DateTimeOffset(7) | Zeitstempel
            """,
            analytical=True,
        ),
        view(
            "OPEN_ITEMS",
            "Offene Posten",
            """
            BUKRS String(4) key dim | Buchungskreis
            BELNR String(10) key | Belegnummer
            KUNNR String(10) dim | Debitor
            FAELLIG Date dim | Fälligkeit
            BETRAG Decimal(15,2) sum | Offener Betrag
            MAHNSTUFE Byte dim | Mahnstufe
            """,
            analytical=True,
        ),
        view(
            "BUDGET",
            "Budget",
            """
            COST_CENTER String(10) key dim | Cost Center
            FISCAL_YEAR Int16 key dim | Fiscal Year
            BUDGET Decimal(17,2) sum | Budget
            """,
        ),
        view(
            "AGING_REPORT",
            "Fälligkeitsraster",
            """
            BUCKET String(10) key dim | Raster
            BETRAG Decimal(17,2) sum | Betrag
            """,
            parameters=(parameter("IP_KEY_DATE", "Date"), parameter("IP_COMPANY_CODE", "String(4)")),
        ),
        view(
            "CASH_POSITION",
            "Cash Position",
            """
            "House Bank" String(5) key dim | House Bank
            "Balance/EUR" Decimal(17,2) sum | Balance (EUR)
            "Balance EUR" Double | Balance (estimate)
            _SOURCE String(10) | Source
            """,
        ),
    )


def _models() -> tuple[DogObject, ...]:
    return (
        model(
            "AM_GUV",
            "Gewinn- und Verlustrechnung",
            """
            BUCHUNGSKREIS String(4) dim | Buchungskreis
            GESCHÄFTSJAHR Int16 dim | Geschäftsjahr
            ERLÖSE Decimal(34,2) sum | Erlöse
            AUFWAND Decimal(34,2) sum | Aufwand
            ERGEBNIS Decimal(34,2) sum | Ergebnis
            """,
        ),
        model(
            "AM_COST_CENTERS",
            "Cost Center Analysis",
            """
            COST_CENTER String(10) dim | Cost Center
            PERIOD String(7) dim | Period
            ACTUAL Decimal(34,2) sum | Actual
            PLAN Decimal(34,2) sum | Plan
            """,
        ),
    )


def _unexposed() -> tuple[DogObject, ...]:
    return (
        table("LT_BUDGET_UPLOAD", "Budget Upload", _BUDGET),
        table("RT_BSEG", "Belegsegment Buchhaltung", _BSEG, remote=True),
        view("V_MARGIN_DRAFT", "Deckungsbeitrag (Entwurf)", "PRODUCT_ID String(18) key | Artikel", exposed=False),
        flow(AssetKind.REPLICATION_FLOW, "RF_ACDOCA", "Replicate Universal Journal"),
        flow(AssetKind.TASK_CHAIN, "TC_MONTH_END", "Monatsabschluss"),
    )
