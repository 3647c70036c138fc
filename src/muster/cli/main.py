"""The command `muster`."""

import os
import sys
from pathlib import Path

import click

from muster import __version__
from muster.cli.lazy import LazyGroup
from muster.domain.errors import BadInput, MusterError

_INPUT_FAULT = 2
_FAILURE = 1


_COMMANDS = {
    "serve": ("muster.cli.serve", "Serve every door over HTTP, and work on batches."),
    "worker": ("muster.cli.serve", "Work on batches without serving HTTP."),
    "migrate": ("muster.cli.serve", "Bring the database to the schema this version needs."),
    "key": ("muster.cli.serve", "Make a secret key, for the setting secret_key."),
    "account": ("muster.cli.account", "Accounts: who may use this server."),
    "channel": ("muster.cli.channel", "Channels: what an account sends through."),
    "template": ("muster.cli.template", "Templates: what an account's batches are made from."),
    "fixtures": ("muster.cli.fixtures", "Fixtures: sets of things to try this server with."),
    "records": ("muster.cli.records", "The record store: what an account's records look like, and what is in them."),
    "suppression": ("muster.cli.suppression", "Suppressions: whom an account must not reach."),
    "workflow": ("muster.cli.workflow", "Workflows: what customers were asked, and how far they are."),
    "endpoint": ("muster.cli.endpoint", "Webhook endpoints: where an account is told what happens."),
    "doctor": ("muster.cli.doctor", "Look the installation over."),
    "batch": ("muster.cli.batch", "Batches: hand one over, watch it, steer it."),
}


@click.group(
    cls=LazyGroup, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="muster")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file (default: muster.toml, if there is one).",
)
@click.pass_context
def muster(context: click.Context, config: Path | None) -> None:
    """Send to, or change, ten thousand things in one call, and know what happened to each of them."""
    # Imported here, where a command is about to run: `muster --help` needs none of it.
    from muster.cli.frame import Session  # noqa: PLC0415

    context.obj = Session(config=config)


def main() -> None:
    """Run the command line. Exit code 0: done; 1: it failed; 2: the input cannot be used. Never a traceback."""
    try:
        muster.main(standalone_mode=False)
    except click.exceptions.Exit as exc:
        sys.exit(exc.exit_code)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except MusterError as exc:
        _tell(exc)
        sys.exit(_INPUT_FAULT if isinstance(exc, BadInput) else _FAILURE)
    except BrokenPipeError:
        # Whoever read our output has had enough, such as `| head`.
        sys.stderr.close()
        sys.exit(_FAILURE)
    except Exception as exc:
        # The outermost frame: a bug of ours, or a driver's error that nobody foresaw.
        if os.environ.get("MUSTER_LOG_LEVEL", "").lower() == "debug":
            raise
        click.echo(f"Error: {type(exc).__name__}: {_first_line(exc)}", err=True)
        click.echo("This was not foreseen. With MUSTER_LOG_LEVEL=debug it tells where it happened.", err=True)
        sys.exit(_FAILURE)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]


def _tell(error: MusterError) -> None:
    """Say what went wrong, and every fault."""
    click.echo(f"Error: {error.message[:1].upper()}{error.message[1:]}", err=True)
    for fault in error.faults if isinstance(error, BadInput) else ():
        click.echo(f"  {fault.path}: {fault.message}", err=True)
