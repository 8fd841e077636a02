"""The newest revisions of types, which a write to DataZone has to mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.targets.datazone.domain import Domain


class TypeRevisions:
    """Revisions in one domain; they are asked for once, as managed types change only now and then."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._forms: dict[str, str] = {}
        self._assets: dict[str, str] = {}

    def forget(self) -> None:
        """Ask for all revisions anew."""
        self._forms.clear()
        self._assets.clear()

    async def with_revisions(self, forms: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        """The forms, each of the newest revision of its type: a write that means another one is refused."""
        found = []
        for form in forms:
            kind = form.get("typeIdentifier")
            found.append(form if kind is None else {**form, "typeRevision": await self.revision_of(kind)})
        return found

    async def revision_of_asset_type(self, name: str) -> str:
        """The newest revision of an asset type."""
        if name not in self._assets:
            answer = await self._domain.read("GetAssetType", {"identifier": name}, subject=f"asset type {name}")
            self._assets[name] = str(answer.body["revision"])
        return self._assets[name]

    async def revision_of(self, kind: str) -> str:
        """The newest revision of a form type."""
        if kind not in self._forms:
            asked = {"formTypeIdentifier": kind}
            answer = await self._domain.read("GetFormType", asked, subject=f"form type {kind}")
            self._forms[kind] = str(answer.body["revision"])
        return self._forms[kind]
