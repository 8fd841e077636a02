"""Folders, and what they hold.

UNVERIFIED on AWS: that Name has to be given; the code by which a folder that is not empty keeps from being deleted, and
that a second membership is refused. That a restricted folder is the only one of its members is left out here.
"""

from __future__ import annotations

from abc import ABC
from typing import cast

from spheresync.dog.services.double import Call, reads, writes
from spheresync.dog.services.quicksight.assets import Asset, some_of, without
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.quicksight.permissions import rows
from spheresync.dog.services.quicksight.topics_v2 import TopicsV2
from spheresync.dog.services.wire import Json, ServiceError

_DEEPEST = 10
_MEMBERS = {"DATASOURCE": (Kind.DATA_SOURCE,), "DATASET": (Kind.DATA_SET,), "TOPIC": (Kind.TOPIC, Kind.TOPIC_V2)}
_HELD = tuple(kind for kind in Kind if kind is not Kind.FOLDER)
_PARENT = "ParentFolderArn"


class Folders(TopicsV2, ABC):
    """Their operations."""

    @writes("CreateFolder")
    def create_folder(self, call: Call) -> Json:
        asked = self._asked(call, "Name", "FolderType", _PARENT, "Permissions", "Tags", "SharingModel")
        made = self._new(Kind.FOLDER, call)
        if "Name" not in asked:
            raise invalid("Name is required.")
        above = self._above(asked.get(_PARENT))
        if len(above) > _DEEPEST:
            raise invalid(f"A folder has at most {_DEEPEST} folders above it.")
        usual = {"FolderType": "SHARED", "SharingModel": "ACCOUNT"}
        named = some_of(asked, "Name", "FolderType", "SharingModel")
        made.content = {**usual, **named, "FolderPath": above}
        self._keep(Kind.FOLDER, made)
        return self._answer(call, Arn=made.arn, FolderId=made.id)

    @reads("DescribeFolder")
    def describe_folder(self, call: Call) -> Json:
        self._asked(call)
        asset = self._named(Kind.FOLDER, call)
        path = {"FolderPath": asset.content["FolderPath"]} if asset.content["FolderPath"] else {}
        return self._answer(call, Folder={**_summary(asset), **path})

    @writes("UpdateFolder")
    def update_folder(self, call: Call) -> Json:
        asked = self._asked(call, "Name")
        asset = self._named(Kind.FOLDER, call)
        self._change(asset, {**asset.content, "Name": asked["Name"]}, call)
        return self._answer(call, Arn=asset.arn, FolderId=asset.id)

    @writes("DeleteFolder")
    def delete_folder(self, call: Call) -> Json:
        self._asked(call)
        asset = self._named(Kind.FOLDER, call)
        below = [each for each in self._all(Kind.FOLDER) if asset.arn in each.content["FolderPath"]]
        if below or self._members(asset):
            raise ServiceError("PreconditionNotMetException", f"Folder {asset.id} is not empty.")
        self._delete(Kind.FOLDER, call)
        return self._answer(call, Arn=asset.arn, FolderId=asset.id)

    @reads("ListFolders")
    def list_folders(self, call: Call) -> Json:
        self._asked(call)
        return self.page("FolderSummaryList", [_summary(asset) for asset in self._all(Kind.FOLDER)], call)

    @reads("DescribeFolderPermissions")
    def describe_folder_permissions(self, call: Call) -> Json:
        self._asked(call)
        asset = self._named(Kind.FOLDER, call)
        return {"Arn": asset.arn, "FolderId": asset.id, **self.page("Permissions", rows(asset.permissions), call)}

    @writes("UpdateFolderPermissions")
    def update_folder_permissions(self, call: Call) -> Json:
        return self._change_permissions(Kind.FOLDER, call)

    @writes("CreateFolderMembership")
    def create_folder_membership(self, call: Call) -> Json:
        folder, member, named = self._membership(call)
        if folder.id in member.folders:
            raise ServiceError("ResourceExistsException", f"{member.id} already is in the folder {folder.id}.")
        member.folders.append(folder.id)
        return self._answer(call, FolderMember=named)

    @writes("DeleteFolderMembership")
    def delete_folder_membership(self, call: Call) -> Json:
        folder, member, _ = self._membership(call)
        if folder.id not in member.folders:
            raise ServiceError("ResourceNotFoundException", f"{member.id} is not in the folder {folder.id}.")
        member.folders.remove(folder.id)
        return self._answer(call)

    @reads("ListFolderMembers")
    def list_folder_members(self, call: Call) -> Json:
        self._asked(call)
        found = self._members(self._named(Kind.FOLDER, call))
        return self.page("FolderMemberList", [{"MemberId": each.id, "MemberArn": each.arn} for each in found], call)

    @reads("ListFoldersForResource")
    def list_folders_for_resource(self, call: Call) -> Json:
        arn = self._asked(call, "ResourceArn")["ResourceArn"]
        folders = sorted(self._by_arn(arn, *_HELD).folders)
        arns = [Kind.FOLDER.arn(self.place, own_id) for own_id in folders]
        return self.page("Folders", cast("list[Json]", arns), call)

    def _above(self, parent: str | None) -> list[str]:
        """The ARNs of the folders above one, the outermost first."""
        if not parent:
            return []
        found = self._by_arn(parent, Kind.FOLDER)
        return [*found.content["FolderPath"], found.arn]

    def _members(self, folder: Asset) -> list[Asset]:
        return [asset for kind in _HELD for asset in self._all(kind) if folder.id in asset.folders]

    def _membership(self, call: Call) -> tuple[Asset, Asset, Json]:
        """The folder and the member that a call names, and how it names the member."""
        named = some_of(self._asked(call, "MemberId", "MemberType"), "MemberId", "MemberType")
        folder = self._named(Kind.FOLDER, call)
        kinds = _MEMBERS.get(named["MemberType"])
        if kinds is None:
            raise invalid(f"The double of QuickSight knows no {named['MemberType']}.")
        return folder, self._found(kinds, named["MemberId"]), named


def _summary(asset: Asset) -> Json:
    return {"Arn": asset.arn, "FolderId": asset.id, **without(asset.content, "FolderPath"), **asset.times}
