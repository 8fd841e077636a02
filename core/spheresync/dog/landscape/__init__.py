"""The built-in landscape: a retailer with four spaces, in English and German."""

from __future__ import annotations

from spheresync.dog.landscape.finance import finance_space
from spheresync.dog.landscape.hr import hr_space
from spheresync.dog.landscape.sales import sales_space
from spheresync.dog.landscape.supply_chain import supply_chain_space
from spheresync.dog.objects import Landscape

__all__ = ["retailer_landscape"]


def retailer_landscape() -> Landscape:
    """The retailer's landscape: four spaces, some sixty exposed assets, and objects that are not exposed."""
    return Landscape((sales_space(), supply_chain_space(), finance_space(), hr_space()))
