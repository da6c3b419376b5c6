"""The technician's command line: `storebox NOUN VERB`, one file a noun."""


def main() -> None:
    """Run `storebox`."""
    from agent.cli.app import run

    run()
