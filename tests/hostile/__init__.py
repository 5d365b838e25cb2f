"""Files, folders and settings made to stall, trick or crash a linter in CI."""
