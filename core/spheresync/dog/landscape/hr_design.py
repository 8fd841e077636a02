"""What CSN says of HR: personal data, and where it is replicated from."""

from __future__ import annotations

from spheresync.dog.design import ChainStep, ColumnDesign, Design, Remote, Replication, ReplicationSystem
from spheresync.dog.landscape.designing import both, designed, join, path_of, picked, reads, to, translated, under
from spheresync.dog.objects import DogObject, DogSpace

_PERSONAL = ColumnDesign(personal=True)
_SENSITIVE = ColumnDesign(personal=True, sensitive=True)


def with_hr_design(space: DogSpace) -> DogSpace:
    """The space HR with all that CSN knows of it."""
    return designed(space, {**_views(), **_flows()}, _columns(), *_below(space))


def _views() -> dict[str, Design]:
    employee = to("EMPLOYEES", "PERNR")
    birth = {"BIRTH_DATE": path_of("RT_PA0002.GBDAT"), "PERNR": path_of("LT_EMPLOYEES.PERNR")}
    return {
        "EMPLOYEES": Design(
            labels=(("de", "Mitarbeiter"),),
            description="One row for each person who works here.",
            reads=(picked("LT_EMPLOYEES", birth, join("RT_PA0002", "LT_EMPLOYEES.PERNR = RT_PA0002.PERNR")),),
            associations=(to("ORG_UNITS", "ORG_UNIT = ORGEH"),),
            personal_data="DATA_SUBJECT",
            data_subject_role="Employee",
        ),
        "PAYROLL": Design(
            language="de",
            labels=(("en", "Payroll"),),
            reads=(reads("LT_PAYROLL"),),
            associations=(employee,),
            personal_data="DATA_SUBJECT_DETAILS",
        ),
        "MITARBEITER_ADRESSEN": Design(language="de", reads=(reads("LT_ADRESSEN"),), associations=(employee,)),
        "ABSENCES": Design(language="de", reads=(reads("LT_ABSENCES"),), associations=(employee,)),
        "WORKING_TIME": Design(language="de", associations=(employee,)),
    }


def _flows() -> dict[str, Design]:
    return {
        "RT_PA0002": Design(language="de", remote=Remote("S4H_HCM", "<NULL>\x7fSAPABAP1\x7fPA0002")),
        "RF_SUCCESSFACTORS": Design(
            replication=Replication(
                (("PerPersonal", "LT_EMPLOYEES"), ("EmpPayCompRecurring", "LT_PAYROLL")),
                ReplicationSystem("SFSF", "SUCCESSFACTORS", ""),
            )
        ),
        "TC_HR_NIGHTLY": Design(steps=(ChainStep("RF_SUCCESSFACTORS"), ChainStep("RT_PA0002"))),
    }


def _columns() -> dict[str, dict[str, ColumnDesign]]:
    names = translated(
        "de",
        PERNR="Personalnummer",
        FIRST_NAME="Vorname",
        LAST_NAME="Nachname",
        BIRTH_DATE="Geburtsdatum",
        GENDER="Geschlecht",
        HIRE_DATE="Eintrittsdatum",
    )
    employees = {
        "PERNR": ColumnDesign(personal_data="DATA_SUBJECT_ID"),
        **dict.fromkeys(("FIRST_NAME", "LAST_NAME", "WORK_EMAIL", "BIRTH_DATE"), _PERSONAL),
        "NATIONALITY": _SENSITIVE,
    }
    return {
        "EMPLOYEES": both(names, employees),
        "PAYROLL": both(
            translated("en", PERNR="Personnel Number", ABRECHNUNGSMONAT="Payroll Month", BRUTTO="Gross Pay"),
            {"IBAN": _SENSITIVE, "STEUER_ID": _PERSONAL},
        ),
    }


def _below(space: DogSpace) -> tuple[DogObject, ...]:
    return (
        under(space, "PAYROLL", "LT_PAYROLL", "Payroll (persisted)"),
        under(space, "MITARBEITER_ADRESSEN", "LT_ADRESSEN", "Adressen (persistiert)"),
        under(space, "ABSENCES", "LT_ABSENCES", "Absences (persisted)"),
    )
