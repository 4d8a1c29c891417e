"""REST resources: declared once as typed functions, served, checked and described from that.

`docs/api.md` shows how a resource is written.
"""

from console.access.scopes import Principal, Scope
from console.api.rest.answers import Ranged, Rows, Stream
from console.api.rest.bodies import Incoming, Lines
from console.api.rest.call import Call
from console.api.rest.declaration import Endpoint, Resource
from console.api.rest.fields import Count, Instant, Key, Line, Paragraph
from console.api.rest.paging import Order, Page, PageQuery, page_of

__all__ = [
    "Call",
    "Count",
    "Endpoint",
    "Incoming",
    "Instant",
    "Key",
    "Line",
    "Lines",
    "Order",
    "Page",
    "PageQuery",
    "Paragraph",
    "Principal",
    "Ranged",
    "Resource",
    "Rows",
    "Scope",
    "Stream",
    "page_of",
]
