"""Settings: what the file and the environment say, checked all at once, frozen."""

from spheresync.config.alerts import AlertChannel, AlertKind
from spheresync.config.destinations import Destination
from spheresync.config.personal_data import PersonalData, PersonalDataAction, PersonalDataRule
from spheresync.config.promotion import PromotedAsset, PromotedColumn, Promotion
from spheresync.config.promotion_in_force import PromotionInForce
from spheresync.config.reading.loading import load_settings
from spheresync.config.rules import ColumnRule, Rule
from spheresync.config.sections import (
    Approvals,
    DeletionPolicy,
    DriftPolicies,
    DriftPolicy,
    FirstSync,
    FourEyes,
    Retention,
    TierSettings,
)
from spheresync.config.settings import Settings
from spheresync.config.settings_source import SettingsSource
from spheresync.config.tenant import derive_token_url

__all__ = [
    "AlertChannel",
    "AlertKind",
    "Approvals",
    "ColumnRule",
    "DeletionPolicy",
    "Destination",
    "DriftPolicies",
    "DriftPolicy",
    "FirstSync",
    "FourEyes",
    "PersonalData",
    "PersonalDataAction",
    "PersonalDataRule",
    "PromotedAsset",
    "PromotedColumn",
    "Promotion",
    "PromotionInForce",
    "Retention",
    "Rule",
    "Settings",
    "SettingsSource",
    "TierSettings",
    "derive_token_url",
    "load_settings",
]
