"""What the appliances are doing."""
