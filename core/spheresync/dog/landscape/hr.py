"""HR: people. Almost every object holds personal data."""

from __future__ import annotations

from spheresync.dog.landscape.builders import flow, model, table, view
from spheresync.dog.objects import DogObject, DogSpace
from spheresync.model import AssetKind


def hr_space() -> DogSpace:
    """The space HR."""
    return DogSpace("HR", "Human Resources", (*_people(), *_organisation(), *_models(), *_unexposed()))


def _people() -> tuple[DogObject, ...]:
    return (
        view(
            "EMPLOYEES",
            "Employees",
            """
            PERNR String(8) key dim | Personnel Number
            FIRST_NAME String(40) | First Name
            LAST_NAME String(40) | Last Name
            BIRTH_DATE Date | Date of Birth
            GENDER String(1) dim | Gender
            NATIONALITY String(3) dim | Nationality
            WORK_EMAIL String(241) | Business E-Mail
            PRIVATE_PHONE String(30) | Private Phone
            HIRE_DATE Date dim | Hire Date
            ORG_UNIT String(8) dim | Organizational Unit
            PHOTO Binary | Photo
            USER_ID Guid | User
            """,
            dimension="#STANDARD",
        ),
        view(
            "MITARBEITER_ADRESSEN",
            "Mitarbeiteradressen",
            """
            PERNR String(8) key dim | Personalnummer
            GÜLTIG_AB Date key | Gültig ab
            STRASSE String(60) | Straße und Hausnummer
            PLZ String(10) | Postleitzahl
            ORT String(40) dim | Ort
            """,
        ),
        view(
            "PAYROLL",
            "Gehaltsabrechnung",
            """
            PERNR String(8) key dim | Personalnummer
            ABRECHNUNGSMONAT String(6) key dim Common.IsCalendarYearMonth | Abrechnungsmonat
            IBAN String(34) | IBAN
            STEUER_ID String(11) | Steueridentifikationsnummer
            SV_NUMMER String(12) | Sozialversicherungsnummer
            BRUTTO Decimal(13,2) sum | Bruttogehalt
            NETTO Decimal(13,2) sum | Nettogehalt
            """,
        ),
        view(
            "ABSENCES",
            "Abwesenheiten",
            """
            ABSENCE_ID Guid key | Abwesenheit
            PERNR String(8) dim | Personalnummer
            ART String(4) dim | Abwesenheitsart
            VON Date dim | Von
            BIS Date dim | Bis
            TAGE Decimal(5,1) sum | Tage
            """,
            analytical=True,
        ),
        view(
            "WORKING_TIME",
            "Arbeitszeiten",
            """
            PERNR String(8) key dim | Personalnummer
            TAG Date key dim | Tag
            KOMMT TimeOfDay | Kommt
            GEHT TimeOfDay | Geht
            STUNDEN Single sum | Stunden
            """,
            analytical=True,
        ),
        view(
            "APPLICANTS",
            "Applicants",
            """
            APPLICANT_ID Int64 key dim | Applicant
            FULL_NAME String(80) | Full Name
            EMAIL String(241) | E-Mail Address
            APPLIED_ON Date dim | Applied On
            RESUME Binary | Resume
            """,
        ),
    )


def _organisation() -> tuple[DogObject, ...]:
    return (
        view("ORG_UNITS", "Organisationseinheiten", "ORGEH String(8) key dim | Organisationseinheit\nTEXT String(40)"),
        view(
            "POSITIONS", "Planstellen", "PLANS String(8) key dim | Planstelle\nSTELL String(8) dim | Stelle\nFTE Single"
        ),
        view("JOB_GRADES", "Job Grades", "GRADE Byte key dim | Grade\nMIN_PAY Decimal(13,2)\nMAX_PAY Decimal(13,2)"),
        view(
            "TRAININGS", "Schulungen", "TRAINING_ID Int32 key dim | Schulung\nTITEL String(120) | Titel\nTAGE Int16 sum"
        ),
        view(
            "HOLIDAYS", "Feiertage", "TAG Date key dim | Tag\nLAND String(3) key dim | Land\nNAME String(60) | Feiertag"
        ),
    )


def _models() -> tuple[DogObject, ...]:
    return (
        model(
            "AM_HEADCOUNT",
            "Headcount",
            """
            ORG_UNIT String(8) dim | Organizational Unit
            CALMONTH String(6) dim | Calendar Month
            HEADCOUNT Int64 count | Headcount
            FTE Double sum | Full-Time Equivalents
            """,
        ),
        model(
            "AM_FEHLZEITEN",
            "Fehlzeitenquote",
            """
            ABTEILUNG String(8) dim | Abteilung
            QUARTAL String(5) dim | Quartal
            QUOTE Decimal(7,4) avg | Fehlzeitenquote
            """,
        ),
    )


def _unexposed() -> tuple[DogObject, ...]:
    return (
        table(
            "LT_EMPLOYEES",
            "Employees (persisted)",
            """
            PERNR String(8) key | Personnel Number
            FIRST_NAME String(40) | First Name
            LAST_NAME String(40) | Last Name
            GENDER String(1) | Gender
            NATIONALITY String(3) | Nationality
            WORK_EMAIL String(241) | Business E-Mail
            PRIVATE_PHONE String(30) | Private Phone
            HIRE_DATE Date | Hire Date
            ORG_UNIT String(8) | Organizational Unit
            PHOTO Binary | Photo
            USER_ID Guid | User
            """,
        ),
        table("RT_PA0002", "Daten zur Person", "PERNR String(8) key\nGBDAT Date", remote=True),
        flow(AssetKind.REPLICATION_FLOW, "RF_SUCCESSFACTORS", "Replicate SuccessFactors"),
        flow(AssetKind.TASK_CHAIN, "TC_HR_NIGHTLY", "HR, nightly"),
    )
