"""The appliance's side of its links: MQTT with outbox and commands, and content over HTTP."""
