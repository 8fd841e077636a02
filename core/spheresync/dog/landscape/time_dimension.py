"""The time dimension that SAP generates in a space: dots in names, levelled hierarchies, calendar terms.

Names and hierarchies as in every tenant's `SAP.TIME.*` objects.
"""

from __future__ import annotations

from spheresync.dog.landscape.builders import hierarchy, table, view
from spheresync.dog.objects import DogObject


def time_views() -> tuple[DogObject, ...]:
    """The four generated views, all exposed."""
    return (
        view(
            "SAP.TIME.VIEW_DIMENSION_DAY",
            "Time Dimension - Day",
            """
            DATE_SQL Date key dim Common.IsCalendarDate | Date
            DATE_SAP String(8) dim Common.IsCalendarDate | Date (String)
            DAY_OF_WEEK String(2) dim Common.IsDayOfCalendarYear | Day of Week
            CALWEEK String(6) dim Common.IsCalendarYearWeek | Calendar Week
            CALMONTH String(6) dim Common.IsCalendarYearMonth | Calendar Month
            MONTH String(2) dim Common.IsCalendarMonth | Month
            CALQUARTER String(5) dim Common.IsCalendarYearQuarter | Calendar Quarter
            QUARTER String(2) dim | Quarter
            YEAR String(4) dim Common.IsCalendarYear | Year
            DAY_INT Byte | Day (Number)
            """,
            dimension="#TIME",
            hierarchies=(
                hierarchy("YQMD", "Year, Quarter, Month, Day", "YEAR", "CALQUARTER", "CALMONTH", "DATE_SQL"),
                hierarchy("YMD", "Year, Month, Day", "YEAR", "CALMONTH", "DATE_SQL"),
                hierarchy("YWD", "Year, Week, Day", "YEAR", "CALWEEK", "DATE_SQL"),
            ),
        ),
        view(
            "SAP.TIME.VIEW_DIMENSION_MONTH",
            "Time Dimension - Month",
            """
            CALMONTH String(6) key dim Common.IsCalendarYearMonth | Calendar Month
            MONTH String(2) dim Common.IsCalendarMonth | Month
            CALQUARTER String(5) dim Common.IsCalendarYearQuarter | Calendar Quarter
            YEAR String(4) dim Common.IsCalendarYear | Year
            """,
            dimension="#TIME",
            hierarchies=(hierarchy("YQM", "Year, Quarter, Month", "YEAR", "CALQUARTER", "CALMONTH"),),
        ),
        view(
            "SAP.TIME.VIEW_DIMENSION_QUARTER",
            "Time Dimension - Quarter",
            """
            CALQUARTER String(5) key dim Common.IsCalendarYearQuarter | Calendar Quarter
            QUARTER String(2) dim | Quarter
            YEAR String(4) dim Common.IsCalendarYear | Year
            """,
            dimension="#TIME",
            hierarchies=(hierarchy("YQ", "Year, Quarter", "YEAR", "CALQUARTER"),),
        ),
        view(
            "SAP.TIME.VIEW_DIMENSION_YEAR",
            "Time Dimension - Year",
            "YEAR String(4) key dim Common.IsCalendarYear | Year",
            dimension="#TIME",
        ),
    )


def time_tables() -> tuple[DogObject, ...]:
    """The generated tables behind the views."""
    return (
        table(
            "SAP.TIME.M_TIME_DIMENSION",
            "Time Table",
            """
            DATE_SQL Date key | Date
            DATE_SAP String(8) | Date (String)
            DAY_OF_WEEK String(2) | Day of Week
            CALWEEK String(6) | Calendar Week
            CALMONTH String(6) | Calendar Month
            MONTH String(2) | Month
            CALQUARTER String(5) | Calendar Quarter
            QUARTER String(2) | Quarter
            YEAR String(4) | Year
            DAY_INT Byte | Day (Number)
            """,
        ),
        table(
            "SAP.TIME.M_TIME_DIMENSION_TDAY",
            "Translation Table - Day",
            "ID String(2) key | Identifier\n_LANGU String(5) key | Language\n_DESCRIPTION String(50) | Day Name",
        ),
    )
