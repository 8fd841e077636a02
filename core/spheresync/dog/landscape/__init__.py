"""The built-in landscape: a retailer with four spaces, in English and German."""

from __future__ import annotations

from spheresync.dog.landscape.finance import finance_space
from spheresync.dog.landscape.finance_design import with_finance_design
from spheresync.dog.landscape.hr import hr_space
from spheresync.dog.landscape.hr_design import with_hr_design
from spheresync.dog.landscape.sales import sales_space
from spheresync.dog.landscape.sales_design import with_sales_design
from spheresync.dog.landscape.supply_chain import supply_chain_space
from spheresync.dog.landscape.supply_chain_design import with_supply_chain_design
from spheresync.dog.objects import Landscape

__all__ = ["retailer_landscape"]


def retailer_landscape() -> Landscape:
    """The retailer's landscape: four spaces, some sixty exposed assets, and objects that are not exposed."""
    return Landscape(
        (
            with_sales_design(sales_space()),
            with_supply_chain_design(supply_chain_space()),
            with_finance_design(finance_space()),
            with_hr_design(hr_space()),
        )
    )
