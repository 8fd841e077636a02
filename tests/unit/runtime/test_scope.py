"""What part of the tenant a request is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import UsageError
from spheresync.model import (
    GLUE,
    AssetId,
    DestinationName,
    ScopeRequest,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
    Tier,
)
from spheresync.runtime.scope import Scope
from spheresync.runtime.unknown_names import WrongName, named_asset, unknown_asset, unknown_name, with_meant_assets

SPACES = st.sampled_from(["SALES", "HR", "FIN"])
NAMES = st.sampled_from(["A", "B", "a/b"])
ASSETS = st.builds(lambda space, name: f"{space}/{name}", SPACES, NAMES)
REQUESTS = st.builds(
    ScopeRequest,
    spaces=st.lists(SPACES, max_size=2).map(tuple),
    assets=st.lists(ASSETS, max_size=2).map(tuple),
    tiers=st.lists(st.sampled_from([*Tier]), max_size=2).map(tuple),
)


KEYS = (TargetKey(GLUE), TargetKey(GLUE, DestinationName("eu")), TargetKey(TargetName("toy"), DestinationName("eu")))


def parse(request: ScopeRequest) -> Scope:
    return Scope.parse(request, keys=[TargetKey(GLUE)])


@pytest.mark.parametrize(
    ("targets", "destinations", "chosen"),
    [
        ((), (), KEYS),
        (("glue",), (), KEYS[:2]),
        ((), ("eu",), KEYS[1:]),
        (("glue",), ("eu",), KEYS[1:2]),
        (("toy", "glue"), ("default", "eu"), KEYS),
    ],
)
def test_targets_and_destinations_choose_among_those_in_force(
    targets: tuple[str, ...], destinations: tuple[str, ...], chosen: tuple[TargetKey, ...]
) -> None:
    scope = Scope.parse(ScopeRequest(targets=targets, destinations=destinations), keys=KEYS)
    assert tuple(filter(scope.wants_key, KEYS)) == chosen
    assert Scope.from_json(scope.to_json()) == scope
    assert scope.everything, "which assets are read does not depend on the targets"


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (ScopeRequest(destinations=("us",)), "destination 'us' is not configured"),
        (ScopeRequest(targets=("toy",), destinations=("default",)), "no target of toy is configured in default"),
    ],
)
def test_a_choice_that_leaves_no_target_is_refused(request_: ScopeRequest, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        Scope.parse(request_, keys=KEYS)
    assert says in str(refused.value)


def test_a_scope_of_a_former_version_is_about_every_target() -> None:
    scope = Scope.from_json({"spaces": ["SALES"], "assets": [], "tiers": []})
    assert all(map(scope.wants_key, KEYS))
    assert scope.to_json() == {"spaces": ["SALES"], "assets": [], "tiers": []}


def test_a_target_key_reads_back_and_says_its_destination_only_where_it_is_not_the_default_one() -> None:
    assert [TargetKey.from_json(key.to_json()) for key in KEYS] == [*KEYS]
    assert [str(key) for key in KEYS] == ["glue", "glue in eu", "toy in eu"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (ScopeRequest(assets=("SALES",)), "SPACE/NAME"),
        (ScopeRequest(tiers=("urgent",)), "critical, high, medium"),
        (ScopeRequest(targets=("quicksight",)), "glue"),
    ],
)
def test_a_bad_scope_names_what_is_valid(request_: ScopeRequest, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(request_)
    assert says in str(refused.value)


def test_names_hold_slashes_and_split_at_the_first() -> None:
    scope = parse(ScopeRequest(assets=("SALES/a/b",)))
    assert scope.wants(AssetId(SpaceName("SALES"), TechnicalName("a/b")), None)


@given(REQUESTS)
def test_a_scope_reads_back(request_: ScopeRequest) -> None:
    scope = parse(request_)
    assert Scope.from_json(scope.to_json()) == scope


@given(REQUESTS, REQUESTS, ASSETS, st.sampled_from([*Tier]))
def test_what_a_covered_scope_wants_the_covering_one_wants_too(
    first: ScopeRequest, second: ScopeRequest, text: str, tier: Tier
) -> None:
    wide, narrow = parse(first), parse(second)
    asset = AssetId.parse(text)
    if wide.covers(narrow) and narrow.wants(asset, tier):
        assert wide.wants(asset, tier)
        assert wide.wants_space(asset.space)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert "SALES" in str(unknown_name("space", "SALE", ["SALES", "HR"], listing="list_spaces"))
    assert "Nothing is known yet" in str(unknown_name("space", "X", [], listing="list_spaces"))
    assert "SALES" in str(unknown_name("space", "sales", ["SALES", "HR"], listing="list_spaces")), "case is no distance"


def test_all_wrong_names_of_a_request_are_told_at_once() -> None:
    request = ScopeRequest(assets=("SALES", "HR"), tiers=("hihg", "high"), targets=("gleu", "glue"))
    with pytest.raises(UsageError) as refused:
        parse(request)
    form = "write an asset as SPACE/NAME, for example SALES/Orders"
    assert refused.value.message == (
        "4 names are wrong: target 'gleu' is not configured (did you mean glue?); "
        "there is no tier 'hihg' (did you mean high?); "
        f"'SALES' is not of the form SPACE/NAME ({form}); 'HR' is not of the form SPACE/NAME ({form})."
    )


def test_of_many_wrong_names_five_are_told_and_none_of_their_kinds_is_left_out() -> None:
    request = ScopeRequest(assets=tuple(f"noslash{n}" for n in range(300)), tiers=("urgent",), targets=("quicksight",))
    with pytest.raises(UsageError) as refused:
        parse(request)
    said = refused.value.message
    assert "302 names are wrong" in said and "and 297 more." in said and len(said) < 700
    assert "'quicksight'" in said and "'urgent'" in said and "'noslash2'" in said and "'noslash3'" not in said


def ids(*names: str) -> list[AssetId]:
    return [AssetId.parse(name) for name in names]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("sales/orders", "SALES/Orders?"),  # and not SALES/Orders_2, which is near too
        ("SALES/orders", "SALES/Orders?"),
        ("SALES/Ordrs", "SALES/Orders, SALES/Orders_2?"),
        ("SALSE/Ordrs_2", "SALES/Orders_2, SALES/Orders?"),
        ("HR/Headcount", "FIN/Headcount?"),
        ("HR/Xyz", "Known: HR/Payroll."),
        ("NOWHERE/Xyz", "Known: EMPTY, FIN, HR, SALES."),
        ("SALSE/Xyz", "space SALES?"),
        ("EMPTY/Xyz", "Space EMPTY holds no assets."),
    ],
)
def test_an_unknown_asset_is_answered_with_the_nearest_assets(asked: str, meant: str) -> None:
    known = ids("SALES/Orders_2", "SALES/Orders", "HR/Payroll", "FIN/Headcount")
    hint = unknown_asset(AssetId.parse(asked), known, {"SALES", "HR", "FIN", "EMPTY"}).hint()
    assert hint.removeprefix("Did you mean ") == meant


def test_a_name_that_was_cut_off_is_answered_with_what_begins_like_it() -> None:
    known = ids("NETZ/DIM_NETZGEBIET", f"NETZ/SV_NETZ_LANGZEITAUSWERTUNG_{'X' * 90}", "NETZ/SV_NETZ_LAST")
    hint = unknown_asset(AssetId.parse("NETZ/sv_netz_langzeitauswertung"), known, {"NETZ"}).hint()
    assert hint.startswith("Did you mean NETZ/SV_NETZ_LANGZEITAUSWERTUNG_XXX")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Payroll", "Did you mean HR/PAYROLL?"),
        ("hr.payroll", "Did you mean HR/PAYROLL?"),
        ("HR Payroll", "Did you mean HR/PAYROLL?"),
        ("Pairoll", "Did you mean HR/PAYROLL?"),
        ("orders", "Did you mean SALES/Orders, FIN/ORDERS?"),
        ("nothing like it", "Write an asset as SPACE/NAME, for example SALES/Orders."),
    ],
)
def test_a_text_without_a_space_is_answered_with_the_assets_that_it_may_mean(asked: str, meant: str) -> None:
    wrong = named_asset(asked)
    assert isinstance(wrong, WrongName)
    known = ids("SALES/Orders", "HR/PAYROLL", "FIN/ORDERS")
    assert [each.hint() for each in with_meant_assets([wrong], known)] == [meant]


@given(st.lists(ASSETS, min_size=1, unique=True), st.data())
def test_an_asset_written_in_another_case_is_always_found(names: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(names))
    assert name in unknown_asset(AssetId.parse(name.swapcase()), ids(*names), {"SALES", "HR", "FIN"}).hint()


@pytest.mark.parametrize("asked", ["LEAK/[e-mail]", "LEAK/anna@example.com"])
def test_what_reads_like_the_name_that_was_asked_for_is_not_suggested(asked: str) -> None:
    known = [AssetId.parse("LEAK/Anna@Example.com"), AssetId.parse("LEAK/anna.b@example.com")]
    hint = unknown_asset(AssetId.parse(asked), known, ["LEAK"]).hint()
    assert hint and "Did you mean" not in hint
    near = unknown_asset(AssetId.parse("LEAK/Order"), [*known, AssetId.parse("LEAK/Orders")], ["LEAK"]).hint()
    assert near == "Did you mean LEAK/Orders?"
    assert "Did you mean" not in unknown_name("space", "[e-mail]", ["a@example.com"], listing="list_spaces").remedy
