"""`python -m kompass_worker.cli`: the `kompass` command."""

from kompass_worker.cli.app import main

main()
