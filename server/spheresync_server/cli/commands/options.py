"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.model import Detail
from spheresync_server.scope_arguments import ASSETS, DESTINATIONS, LARGEST_PAGE, SPACES, TARGETS, TIERS

SpaceOption = Annotated[list[str] | None, typer.Option(SPACES.option, metavar=SPACES.metavar, help=SPACES.option_help)]
AssetOption = Annotated[list[str] | None, typer.Option(ASSETS.option, metavar=ASSETS.metavar, help=ASSETS.option_help)]
TierOption = Annotated[list[str] | None, typer.Option(TIERS.option, metavar=TIERS.metavar, help=TIERS.option_help)]
TargetOption = Annotated[
    list[str] | None, typer.Option(TARGETS.option, metavar=TARGETS.metavar, help=TARGETS.option_help)
]
DestinationOption = Annotated[
    list[str] | None, typer.Option(DESTINATIONS.option, metavar=DESTINATIONS.metavar, help=DESTINATIONS.option_help)
]

LimitOption = Annotated[int, typer.Option(min=1, max=LARGEST_PAGE, help="Rows a page.")]
ItemsOption = Annotated[int, typer.Option("--limit", min=1, max=LARGEST_PAGE, help="Items shown.")]
CursorOption = Annotated[str | None, typer.Option(metavar="C", help="Where the page before ended.")]
DetailOption = Annotated[Detail, typer.Option(help="How much of each row.")]

ChangeSetArgument = Annotated[str, typer.Argument(metavar="CHANGE_SET_ID", help="Id that preview gave (cs_…).")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
