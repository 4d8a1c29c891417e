"""The content server for appliances: plans and payloads out, delivered files in, by token."""
