"""What the exchange plugin does: every rule and every write."""
