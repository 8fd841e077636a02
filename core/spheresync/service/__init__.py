"""What every face calls: the MCP server, the command line and the dashboard are thin over one `Service`."""

from spheresync.model import ScopeRequest
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.service.service import Service

__all__ = ["OnProgress", "ProgressEvent", "ScopeRequest", "Service"]
