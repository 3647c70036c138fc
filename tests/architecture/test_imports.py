"""Importing Muster does nothing: no socket, thread, process, written file or changed environment."""

import subprocess
import sys

from tests.architecture.source import SRC, modules

PROBE = """
import os, sys, threading, importlib, logging
ours, seen = os.path.join("src", "muster") + os.sep, []
def by_us():  # libraries may look around; what counts is who called Python's own functions
    frame = sys._getframe(2)
    while frame:
        file = frame.f_code.co_filename
        if ours in file or "site-packages" in file:
            return ours in file and "site-packages" not in file
        frame = frame.f_back
    return False
def hook(event, args):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove") and by_us():
        seen.append((event, str(args)[:80]))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and by_us():
        seen.append((event, str(args[0])))
before = dict(os.environ), list(logging.root.handlers)
sys.dont_write_bytecode = True
sys.addaudithook(hook)
for name in sys.argv[1:]:
    importlib.import_module(name)
assert threading.active_count() == 1, threading.enumerate()
assert (dict(os.environ), list(logging.root.handlers)) == before
assert not seen, seen
"""
RUN_BY_THEIR_TOOLS = ("__main__", "migrations.env")
"""Modules that are programs: Python and Alembic execute them on purpose."""


def test_importing_every_module_has_no_side_effect() -> None:
    names = [".".join(("muster", *module.relative_to(SRC).with_suffix("").parts)) for module in modules()]
    wanted = [name.removesuffix(".__init__") for name in names if not name.endswith(RUN_BY_THEIR_TOOLS)]
    probe = subprocess.run([sys.executable, "-c", PROBE, *wanted], capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    assert probe.returncode == 0, probe.stderr
