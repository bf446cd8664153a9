"""What the plugin does: every rule and every write, one transaction a call."""
