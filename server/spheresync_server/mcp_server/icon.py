"""The picture by which hosts show the server, inside the message: no host asks another address for it."""

from __future__ import annotations

import base64

from mcp.types import Icon

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0a6ed1" stroke-width="2">'
    '<circle cx="12" cy="12" r="4"/>'
    '<path d="M20 12a8 8 0 0 1-14 5.3M4 12a8 8 0 0 1 14-5.3M18 3v4h-4M6 21v-4h4"/></svg>'
)
ICON = Icon(
    src=f"data:image/svg+xml;base64,{base64.b64encode(_SVG.encode()).decode()}",
    mime_type="image/svg+xml",
    sizes=["any"],
)
