"""The command line. The only importer of typer and rich; one file per command."""
