"""Requests are shaped as the installed model has them, under whichever names its members have."""

from __future__ import annotations

import copy
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from spheresync.errors import TargetError
from spheresync.targets.aws.door import Reply
from spheresync.targets.glue_context.service import (
    READS,
    WRITES,
    AbsentContextError,
    either,
    id_in,
    require_operation,
    shaped_for,
)

Json = dict[str, Any]
FORM: Json = {"AssetIdentifier": "a", "AttachmentName": "n", "FormTypeIdentifier": "f", "Content": "{}"}


def definition() -> Json:
    loader = botocore.session.get_session().get_component("data_loader")
    return copy.deepcopy(dict(loader.load_service_model("glue", "service-2")))


def renamed(operation: str, **names: str) -> ServiceModel:
    """The model with other names of members of an input."""
    told = definition()
    shape = told["shapes"][told["operations"][operation]["input"]["shape"]]
    shape["members"] = {names.get(name, name): said for name, said in shape["members"].items()}
    shape["required"] = [names.get(name, name) for name in shape.get("required", ())]
    return ServiceModel(told, "glue")


def members(model: ServiceModel, operation: str) -> set[str]:
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return set(shape.members)


def test_the_installed_model_has_all_that_is_called() -> None:
    model = ServiceModel(definition(), "glue")
    for operation in (*READS, *WRITES):
        require_operation(model, operation)
    assert shaped_for(model, "PutAttachment", FORM).keys() <= members(model, "PutAttachment")


@pytest.mark.parametrize("form", ["FormTypeId", "FormTypeIdentifier"])
@pytest.mark.parametrize("asset", ["AssetId", "AssetIdentifier"])
def test_a_member_goes_by_the_name_that_the_model_has(form: str, asset: str) -> None:
    names = {"FormTypeId": form, "FormTypeIdentifier": form, "AssetId": asset, "AssetIdentifier": asset}
    shaped = shaped_for(renamed("PutAttachment", **names), "PutAttachment", FORM)
    assert shaped == {asset: "a", "AttachmentName": "n", form: "f", "Content": "{}"}


def test_a_model_without_an_operation_or_a_member_has_no_business_context() -> None:
    told = definition()
    del told["operations"]["PutAttachment"]
    with pytest.raises(AbsentContextError) as refused:
        shaped_for(ServiceModel(told, "glue"), "PutAttachment", FORM)
    assert "no PutAttachment" in refused.value.message and "boto3" in refused.value.remedy and refused.value.systemic
    for name in ("Content", "AttachmentName"):
        with pytest.raises(AbsentContextError) as refused:
            shaped_for(renamed("PutAttachment", **{name: "Other"}), "PutAttachment", FORM)
        assert name in refused.value.message


def test_a_model_that_asks_for_more_has_another_business_context() -> None:
    told = definition()
    shape = told["shapes"][told["operations"]["PutAttachment"]["input"]["shape"]]
    shape["required"] = [*shape["required"], "ClientToken"]
    with pytest.raises(AbsentContextError) as refused:
        shaped_for(ServiceModel(told, "glue"), "PutAttachment", FORM)
    assert "ClientToken" in refused.value.message


@pytest.mark.parametrize("name", ["ItemId", "ItemIdentifier"])
def test_answers_are_read_by_either_name(name: str) -> None:
    assert either({name: "c"}, "ItemIdentifier") == "c"
    assert either({}, "ItemIdentifier") is None


def test_an_answer_that_names_no_id_is_an_error_that_says_so() -> None:
    assert id_in(Reply({"Id": "t1"}, "r"), "term") == "t1"
    for body in ({}, {"Id": None}, {"Id": ""}):
        with pytest.raises(TargetError, match="term: Glue answered without the id"):
            id_in(Reply(body, "r"), "term")
