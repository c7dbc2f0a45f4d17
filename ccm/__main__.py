"""``python -m ccm`` is the `ccm` command."""

from ccm.cli.main import main

main()
