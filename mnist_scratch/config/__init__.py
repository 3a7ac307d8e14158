"""The settings of a run, declared once in schema.py, and their TOML files."""
