"""What every face calls: the MCP server, the command line and the dashboard are thin over one `Service`."""

from spheresync.run.progress import OnProgress, ProgressEvent
from spheresync.run.scope import ScopeRequest
from spheresync.service.service import Service

__all__ = ["OnProgress", "ProgressEvent", "ScopeRequest", "Service"]
