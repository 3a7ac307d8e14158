"""What a run can be told, declared once, and its TOML files."""
