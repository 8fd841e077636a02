"""What only the whole of the settings can tell of the tenant: that it can be reached, and that somebody can sign in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spheresync.config.reading.draft import Draft, at_home
from spheresync.config.sections import SignInKind
from spheresync.config.tenant import (
    AUTHORIZATION_URL_FORM,
    SIGN_IN_URL_FORM,
    derive_authorization_url,
    derive_token_url,
    is_token_server_of,
)
from spheresync.model import Environment

_CLIENT = "(System > Administration > App Integration), in the file or in SPHERESYNC_DATASPHERE__CLIENT_ID"
_HINTS = {
    "base_url": "https://<tenant>.<region>.hcs.cloud.sap, in the file or in SPHERESYNC_DATASPHERE__BASE_URL",
    "client_id": f"the id of the technical user's OAuth client {_CLIENT}",
    "client_secret": "${A_VARIABLE} in the file, or the variable SPHERESYNC_DATASPHERE__CLIENT_SECRET",
}
_INTERACTIVE_HINTS = {
    "base_url": _HINTS["base_url"],
    "client_id": f"the id of the OAuth client for interactive usage {_CLIENT}",
}
_OF_INTERACTIVE = ("authorization_url", "redirect_uri", "sign_in_key")
KEY_FILE = "sign-in.key"


def place_sign_in_key(draft: Draft, folder: Path, environ: Mapping[str, str], cwd: Path) -> None:
    """The file of the key for an interactive sign-in: as configured, else by the XDG convention.

    A path of the file starts at the file's folder, one of the environment at `cwd`.
    """
    datasphere = draft.values.get("datasphere")
    if not isinstance(datasphere, dict) or not _is_interactive(datasphere):
        return
    named = datasphere.get("sign_in_key")
    if named in (None, ""):
        base = environ.get("XDG_CONFIG_HOME") or at_home("~/.config", environ)
        draft.values["datasphere"] = {**datasphere, "sign_in_key": str(cwd / base / "spheresync" / KEY_FILE)}
    elif isinstance(named, str):
        file = draft.absolute(named, "datasphere.sign_in_key", folder=folder, cwd=cwd, environ=environ)
        draft.values["datasphere"] = {**datasphere, "sign_in_key": str(file)}


def require_tenant(draft: Draft, env: Environment) -> None:
    """Note what is missing for a tenant that is asked for tokens, and fill in what follows from its host."""
    datasphere = draft.values.setdefault("datasphere", {})
    if env.is_embedded or not isinstance(datasphere, dict):
        return
    interactive = _is_interactive(datasphere)
    for key, hint in (_INTERACTIVE_HINTS if interactive else _HINTS).items():
        if datasphere.get(key) in (None, "") and f"datasphere.{key}" not in draft.unfilled:
            draft.problems.append(f"settings: datasphere.{key}: needed in {env}; give {hint}")
    if not interactive:
        draft.problems.extend(_without_effect(draft, datasphere))
    base_url = datasphere.get("base_url")
    for key, what, form in (
        ("token_url", "its token server", SIGN_IN_URL_FORM),
        ("authorization_url", "its sign-in page", AUTHORIZATION_URL_FORM),
    ):
        if not is_token_server_of(str(base_url or ""), str(datasphere.get(key) or "")):
            draft.problems.append(
                f"settings: datasphere.{key}: a tenant at SAP has {what} at SAP, and this one is not; {form}"
            )
    if isinstance(base_url, str) and base_url.strip() and "datasphere.base_url" not in draft.unfilled:
        _derive(draft, "token_url", derive_token_url(base_url), f"cannot be derived from this host; {SIGN_IN_URL_FORM}")
    token_url = str(draft.values["datasphere"].get("token_url") or "").strip().rstrip("/")
    if interactive and token_url:
        reason = f"cannot be derived from this token_url; {AUTHORIZATION_URL_FORM}"
        _derive(draft, "authorization_url", derive_authorization_url(token_url), reason)


def _is_interactive(datasphere: Mapping[str, Any]) -> bool:
    named = datasphere.get("sign_in")
    return isinstance(named, str) and named.strip() == SignInKind.INTERACTIVE


def _without_effect(draft: Draft, datasphere: Mapping[str, Any]) -> Iterator[str]:
    """Keys that only an interactive sign-in has, given for another."""
    for key in _OF_INTERACTIVE:
        if datasphere.get(key) not in (None, ""):
            path = f"datasphere.{key}"
            place = f"{draft.place(path)}: {path}"
            yield f"{place}: counts with datasphere.sign_in: interactive only; set that, or remove the key"


def _derive(draft: Draft, key: str, derived: str | None, why_not: str) -> None:
    """Fill in an address that is not given, or note that it has to be."""
    datasphere = draft.values["datasphere"]
    path = f"datasphere.{key}"
    if datasphere.get(key) or path in draft.unfilled:
        return
    if derived is None:
        draft.problems.append(f"settings: {path}: {why_not}")
    else:
        draft.values["datasphere"] = {**datasphere, key: derived}
        draft.origins[path] = "derived"
