"""Live pages: server-sent fragments, rendered once for all viewers."""
