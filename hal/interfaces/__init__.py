"""What devices can do: one small Protocol a capability, without a word on how."""
