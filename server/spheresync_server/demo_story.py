"""What `make demo` tells: the main job from end to end on the embedded simulators, in the words of the commands.

Every command shown is really run, in a process of its own, exactly as a reader would type it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

import spheresync.dog
from spheresync.config.reading.yaml_file import MAX_BYTES
from spheresync.config.settings import DOG_ACCOUNT
from spheresync.dog.aws import embedded_session_factory
from spheresync.dog.edits import add_column, set_column_type, set_label
from spheresync.dog.objects import DogColumn, parse_type
from spheresync.dog.tenant import DogTenant
from spheresync.model.json_document import read_json
from spheresync.regular_files import read_regular

INTRO = (
    "Your business meaning lives in SAP Datasphere: what a table is called, which column is a measure, what belongs "
    "together. Your analysts work in AWS. Spheresync keeps the AWS catalog true to Datasphere: it reads, shows what "
    "it would change, changes exactly that, and remembers.\n\n"
    "This demo runs on two simulators: the Datasphere tenant of a retailer, and an AWS Glue Data Catalog. "
    "No account, no network, nothing outside a temporary folder."
)

CONNECT = """Claude Desktop (claude_desktop_config.json), Claude Code (.mcp.json):
  {{"mcpServers": {{"spheresync": {{"command": "{command}", "args": ["serve", "--env", "dog"]}}}}}}

VS Code (.vscode/mcp.json):
  {{"servers": {{"spheresync": {{"type": "stdio", "command": "{command}", "args": ["serve", "--env", "dog"]}}}}}}

MCP Inspector:
  npx @modelcontextprotocol/inspector --cli {command} serve --env dog --method tools/list

Then ask: "Which assets changed in Datasphere since the last sync, and what would you change in AWS?\""""


BINDING = """mapping:
  rules:
    - match: {space: SALES, name: Orders}
      set: {bind: "lake_sales.{name}"}
"""

TAGGING = """targets: [glue, lakeformation]
lakeformation:
  tags: {spheresync_pii: personal_data, spheresync_domain: domain}
"""
CONTEXT_FILE = Path(spheresync.dog.__file__).parent / "landscape" / "context.yaml"
"""What dog's stewards know."""
CATALOGS = """targets: [glue, lakeformation, quicksight, datazone, glue_context]
lakeformation:
  tags: {spheresync_pii: personal_data, spheresync_domain: domain}
quicksight:
  account_id: "123456789012"
  owners: ["arn:aws:quicksight:eu-central-1:123456789012:group/default/authors"]
  topics: [analytic_model]
datazone: {domain_id: dzd_x1, project_id: p1}
context: ["context/*.yaml"]
"""
QUERYABLE = """    - match: {space: SALES, kind: [analytic_model]}
      set: {queryable: true}
"""
TAGGED_BY_KIND = CATALOGS.replace("domain: domain}", "domain: domain, spheresync_kind: kind}")
DEFINITION = "Revenue after discounts and returns, without value added tax, in the currency of the shop."

SETTINGS = {"SPHERESYNC_ENV": "dog", "SPHERESYNC_DATASPHERE__OBJECTS": "on"}
"""What the demo sets for every command: tables and flows are read too, and what each is made of."""


class Story:
    """Tells one step after the other, and stops at the first command that fails."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._stewards = state_dir / "context" / "stewards.yaml"
        self._console = Console(highlight=False)

    def open(self) -> None:
        self._console.print(Panel(Text(INTRO), title="Spheresync", border_style="cyan", padding=(1, 2)))

    def step(self, title: str, text: str) -> None:
        self._console.print()
        self._console.print(Rule(Text(title, style="bold cyan"), align="left", style="cyan"))
        self._console.print(Text(text))

    def settings(self) -> None:
        """Show what is set for every command."""
        given = " ".join(f"{name}={value}" for name, value in SETTINGS.items())
        self._console.print(Text(f"\n$ export {given}", style="bold green"))

    def command(self, *arguments: str) -> str:
        """Show a command, run it, show what it prints, and answer that."""
        self._console.print(Text(f"\n$ spheresync {' '.join(arguments)}", style="bold green"))
        environment = {**_without_settings(), "SPHERESYNC_STATE_DIR": str(self._state_dir), **SETTINGS}
        if self._console.is_terminal:
            environment.setdefault("FORCE_COLOR", "1")
        ended = subprocess.run(  # noqa: S603 -- our own program, with arguments that stand in this file
            [sys.executable, "-m", "spheresync_server", *arguments],
            env=environment,
            cwd=self._state_dir,
            capture_output=True,
            check=False,
        )
        output = ended.stdout.decode("utf-8", "replace")
        sys.stdout.write(output)
        sys.stdout.flush()
        if ended.returncode != 0:
            self._console.print(Text(ended.stderr.decode("utf-8", "replace"), style="red"))
            raise SystemExit(f"The demo stopped: spheresync {arguments[0]} ended with {ended.returncode}.")
        return output

    def close(self) -> None:
        command = Path(sys.executable).with_name("spheresync")
        self.step("Connect an AI assistant", "The same engine speaks MCP. Add one of these:")
        self._console.print(Text(CONNECT.format(command=command)), soft_wrap=True)
        self._console.print()

    def lake(self) -> None:
        """Make a table as somebody else does who knows nothing of Spheresync."""
        glue = embedded_session_factory(self._state_dir)().client("glue")
        glue.create_database(DatabaseInput={"Name": "lake_sales"})
        glue.create_table(
            DatabaseName="lake_sales",
            TableInput={
                "Name": "orders",
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://lake/orders/00001.json"},
                "StorageDescriptor": {
                    "Location": "s3://lake/orders",
                    "Columns": [
                        {"Name": "orderid", "Type": "string"},
                        {"Name": "customerid", "Type": "string"},
                        {"Name": "loaded_at", "Type": "timestamp"},
                    ],
                },
            },
        )

    def rules(self, text: str) -> None:
        """Show what is written into the configuration, and write it."""
        self._console.print(Text(f"\n$ cat > spheresync.yaml\n{text}", style="bold green"), soft_wrap=True)
        (self._state_dir / "spheresync.yaml").write_text(text, "utf-8")

    def tags(self, database: str, name: str) -> None:
        """Show the LF-Tags of a table as Lake Formation has them."""
        client = embedded_session_factory(self._state_dir)().client("lakeformation")
        where = {"Table": {"DatabaseName": database, "Name": name}}
        found = client.get_resource_lf_tags(Resource=where, ShowAssignedLFTags=True)
        places = [("the table", found.get("LFTagsOnTable", []))]
        places += [(f"column {each['Name']}", each["LFTags"]) for each in found.get("LFTagsOnColumns", [])]
        shown = Table("Where", "LF-Tag", "Value", box=box.SIMPLE_HEAD, title_justify="left")
        for place, tags in places:
            for tag in tags:
                shown.add_row(place, tag["TagKey"], ", ".join(tag["TagValues"]))
        self._console.print(Text(f"\nLF-Tags of {database}.{name}", style="bold"))
        self._console.print(shown)

    def _tell_command(self, line: str) -> None:
        self._console.print(Text(f"\n$ {line}", style="bold green"), soft_wrap=True)

    def context(self) -> None:
        """Take the context file of the dog tenant as that of the stewards."""
        self._tell_command(f"cp {CONTEXT_FILE.name} {self._stewards.relative_to(self._state_dir)}")
        self._stewards.parent.mkdir()
        shutil.copyfile(CONTEXT_FILE, self._stewards)

    def reword_term(self, before: str, after: str) -> None:
        """Have a steward word the definition of a term anew."""
        self._tell_command(f"sed -i 's/{before}/{after}/' {self._stewards.relative_to(self._state_dir)}")
        held, _ = read_regular(self._stewards, MAX_BYTES)
        self._stewards.write_bytes(held.replace(before.encode(), after.encode()))

    def catalogs(self) -> None:
        """Show what QuickSight, DataZone and Glue's business context hold, as their own clients find it."""
        session = embedded_session_factory(self._state_dir)()
        quicksight, datazone, glue = session.client("quicksight"), session.client("datazone"), session.client("glue")
        sets = quicksight.list_data_sets(AwsAccountId=DOG_ACCOUNT)["DataSetSummaries"]
        topics = quicksight.list_topics(AwsAccountId=DOG_ACCOUNT)["TopicsSummaries"]
        held = [
            ("QuickSight", "data set", [each["Name"] for each in sets]),
            ("QuickSight", "topic", [each["Name"] for each in topics]),
        ]
        for scope, kind, item in (("ASSET", "asset", "assetItem"), ("GLOSSARY_TERM", "term", "glossaryTermItem")):
            pages = datazone.get_paginator("search").paginate(
                domainIdentifier="dzd_x1", owningProjectIdentifier="p1", searchScope=scope
            )
            held.append(("DataZone", kind, [each[item]["name"] for page in pages for each in page["items"]]))
        held.append(("Glue's context", "term", [*_terms_of(glue).values()]))
        shown = Table("Catalog", "What", "How many", "Such as", box=box.SIMPLE_HEAD)
        for catalog, kind, names in held:
            shown.add_row(catalog, kind, str(len(names)), ", ".join(sorted(names)[:3]))
        self._console.print(shown)

    def attachment(self, database: str, name: str) -> None:
        """Show what Glue's business context says of a table."""
        glue: Any = embedded_session_factory(self._state_dir)().client("glue")
        catalog = glue.get_database(Name=database)["Database"]["CatalogId"]
        arn = f"arn:aws:glue:{glue.meta.region_name}:{catalog}:table/{database}/{name}"
        (asked,) = glue.meta.service_model.operation_model("GetAsset").input_shape.required_members
        found = glue.get_asset(**{asked: arn})  # whose name differs between versions of boto3
        said = read_json(found["Attachments"]["Spheresync"]["Content"])
        shown = Table("Fact", "Value", box=box.SIMPLE_HEAD, title_justify="left")
        for member in ("label", "owner", "steward", "domain", "certification", "sensitivity", "retention"):
            if said.get(member):
                shown.add_row(member, said[member])
        shown.add_row("terms", ", ".join(_terms_of(glue)[each] for each in found["GlossaryTerms"]))
        self._console.print(Text(f"Business context of the Glue table {database}.{name}", style="bold"))
        self._console.print(shown)

    def table(self, database: str, name: str, rows: int) -> None:
        """Show a table as an analyst finds it in the Glue Data Catalog, read through boto3 like any other tool."""
        glue = embedded_session_factory(self._state_dir)().client("glue")
        found = glue.get_table(DatabaseName=database, Name=name)["Table"]
        columns = found["StorageDescriptor"]["Columns"]
        shown = Table("Column", "Type", "Comment", "Role", box=box.SIMPLE_HEAD, title_justify="left")
        for column in columns[:rows]:
            role = (column.get("Parameters") or {}).get("spheresync.role", "")
            shown.add_row(column["Name"], column["Type"], column.get("Comment", ""), role)
        self._console.print(Text(f"\nGlue table {database}.{name}: {found.get('Description', '')}", style="bold"))
        self._console.print(shown)


def _terms_of(glue: Any) -> dict[str, str]:
    """The names of the terms of Glue's only glossary, by id."""
    (glossary,) = glue.list_glossaries()["Items"]
    items = glue.list_glossary_terms(GlossaryIdentifier=glossary["Id"])["Items"]
    return {each["Id"]: each["Name"] for each in items}


def _without_settings() -> dict[str, str]:
    """The environment without settings of an installation that this machine may have."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SPHERESYNC_")}


def _change_set_in(output: str) -> str:
    found = re.search(r"cs_[0-9a-f]{12}", output)
    if found is None:
        raise SystemExit("The demo stopped: preview named no change set.")
    return found[0]


def tell(state_dir: Path) -> None:
    """Tell the story with a state in that folder."""
    story = Story(state_dir)
    story.open()

    story.step(
        "1. Discover", "Read the tenant into the local catalog: models, views, tables, flows, and their meaning."
    )
    story.settings()
    story.command("discover")
    story.command("assets", "--space", "SALES", "--limit", "6")

    story.step("2. Preview", "Nothing is written yet. The plan is saved, and can be read, reviewed and approved.")
    change_set = _change_set_in(story.command("preview", "--no-refresh"))

    story.step("3. Apply", "Exactly that change set. What somebody edited meanwhile would be refused, and named.")
    story.command("apply", change_set)

    story.table("sales", "am_umsatz", rows=8)

    story.step("4. Where a number comes from", "By what was read, with nobody asked: from a model back to the source.")
    story.command("lineage", "SALES/AM_SALES", "--column", "NetAmount", "--direction", "upstream")

    story.step("5. Personal data", "Which columns tell of people, by annotations, names, and what the stewards say.")
    story.command("assets", "--pii", "any", "--space", "HR", "--limit", "5")

    story.step("6. Sync", "Discover, preview and apply in one. Nothing has changed, so AWS is not even asked.")
    story.command("sync")

    story.step(
        "7. Somebody models",
        "A modeller renames 'Umsatz nach Filiale', widens an amount, and adds a column to orders (table, view).",
    )
    delivery = DogColumn("DELIVERY_WINDOW", parse_type("Edm.String(20)"), label="Delivery window")
    DogTenant(state_dir).edit(
        set_label("SALES", "AM_UMSATZ", "Umsatz nach Filiale und Kanal"),
        set_column_type("SALES", "ORDER_ITEMS", "NET_AMOUNT", "Edm.Decimal(19,4)"),
        *(add_column("SALES", name, delivery) for name in ("LT_ORDERS", "Orders")),
    )
    story.command("preview")

    story.step("8. Incremental sync", "Exactly these four tables are read and written.")
    story.command("sync")

    story.step(
        "9. A table that others made",
        "A replication flow has filled a table in the lake. A rule binds the asset to it: there its meaning goes, "
        "and nothing else. The table that stood for the asset so far is retired.",
    )
    story.lake()
    story.rules(BINDING)
    story.command("sync")
    story.table("lake_sales", "orders", rows=4)

    story.step(
        "10. Who may see what",
        "Lake Formation is a second target: LF-Tags on tables and columns, by which grants are given. Each is an "
        "access change, shown apart.",
    )
    story.rules(BINDING + TAGGING)
    story.command("sync")
    story.tags("hr", "employees")
    story.step(
        "11. The other catalogs",
        "QuickSight gets data sets and topics of what can be queried, DataZone assets with the terms of a glossary, "
        "and Glue's own business context the same beside its tables. What stewards know of the assets is in a file.",
    )
    story.context()
    story.rules(BINDING + QUERYABLE + CATALOGS)
    story.command("sync")
    story.catalogs()
    story.attachment("sales", "customers")

    story.step(
        "12. A tag and a term",
        "Another fact becomes an LF-Tag, and a steward words a term anew. Of Glue's tables none is read or written.",
    )
    story.reword_term(DEFINITION, f"{DEFINITION} Gift cards count when they are redeemed.")
    story.rules(BINDING + QUERYABLE + TAGGED_BY_KIND)
    story.command("sync")

    story.step("13. Proof", "Every change is in a hash-chained audit log, with who, what, before and after.")
    story.command("audit", "query", "--limit", "5")
    story.command("audit", "verify")
    story.close()
