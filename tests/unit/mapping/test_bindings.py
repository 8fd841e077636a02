"""Which table of others a rule binds an asset to."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from spheresync.mapping.bindings import LONGEST_NAME
from spheresync.model import AssetId, AssetKind
from tests.unit.mapping.assets import ORDERS, decide


def bound_to(template: str, asset: AssetId = ORDERS.id, label: str = "Aufträge") -> tuple[str, str] | None:
    return decide(ORDERS, {"set": {"bind": template}}, prefix="dsp_").bound_to(asset, AssetKind.VIEW, label)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("lake_sales.{name}", ("lake_sales", "v_orders")),
        ("Lake-{space}.{name}_V1", ("lake-sales", "v_orders_v1")),
        ("{prefix}{space}.t.{kind}", ("dsp_sales", "t.view")),
        ("{space}_x.{label} {asset}", ("sales_x", "auftraege sales_v_orders")),
        ("a{{b}}.{name}", ("a{b}", "v_orders")),
    ],
)
def test_literal_text_is_taken_as_it_stands_and_fields_as_well_formed_names(
    template: str, expected: tuple[str, str]
) -> None:
    assert bound_to(template) == expected


def test_a_dot_of_a_name_parts_nothing() -> None:
    assert bound_to("{name}.{name}", AssetId.parse("S/A.B")) == ("a_b", "a_b")


@pytest.mark.parametrize("beside", [{"table": "x"}, {"database": "x"}, {"table": "x", "database": "y"}])
def test_a_rule_names_one_table_only(beside: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="nothing beside `bind`"):
        decide(ORDERS, {"set": {"bind": "a.b", **beside}})
    other = decide(ORDERS, {"set": beside}, {"set": {"bind": "a.b"}})
    assert other.bound_to(ORDERS.id, AssetKind.VIEW, "") == ("a", "b"), "of another rule they may stand for the rest"


@pytest.mark.parametrize("template", ["lake", "{name}", ".{name}", "lake.", "{space}.", " . ", "{nmae}.x"])
def test_a_template_names_a_database_and_a_table(template: str) -> None:
    with pytest.raises(ValidationError):
        decide(ORDERS, {"set": {"bind": template}})


@pytest.mark.parametrize("over", [0, 1])
def test_a_name_is_as_long_as_aws_lets_it_be_and_no_longer(over: int) -> None:
    template = f"lake.{'x' * (LONGEST_NAME - 8 + over)}{{name}}"
    if over:
        with pytest.raises(ValueError, match="255 bytes"):
            bound_to(template)
    else:
        assert len((bound_to(template) or ("", ""))[1]) == LONGEST_NAME


def test_a_rule_that_binds_changes_the_mapping_of_its_assets_and_of_no_others() -> None:
    plain, bound = decide(ORDERS), decide(ORDERS, {"set": {"bind": "lake.{name}"}})
    assert plain.bound_to(ORDERS.id, ORDERS.kind, ORDERS.label) is None
    assert plain.digest != bound.digest
    assert plain.digest == decide(ORDERS, {"match": {"name": "X"}, "set": {"bind": "lake.{name}"}}).digest
    assert bound.digest != decide(ORDERS, {"set": {"bind": "lake.{name}_v1"}}).digest
