"""Wireshark's window without a display, read and operated as text.

A Desktop has an X server, a window manager, a session bus and the accessibility bus; a Wireshark
runs in it with a home of its own.  What the window shows is read through the accessibility bus,
and menus, buttons and texts are operated through it; mouse and keyboard are used where Qt offers
no such action.
"""
import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import time
import warnings
from pathlib import Path

NOBODY = 65534
LAUNCHER = "/usr/libexec/at-spi-bus-launcher"
# A window shows all groups, and tshark prints those that are not quiet.
QUIET_OFF = [word for group in ("among", "community_id", "headers", "holes", "quality", "shape", "splt",
                                "turns", "zeek", "host", "mptcp", "tunnel")
             for word in ("-o", f"flow.{group}:FALSE")]
PROGRAMS = ("wireshark", "mergecap", "Xvfb", "openbox", "dbus-daemon", LAUNCHER, "xprop", "xdotool",
            "setpriv")
BUTTON = ("push button", "button")
TABLE = ("tree", "table", "tree table", "list")

# Qt 5.15 keeps closed dialogs in its accessibility cache, by address; a new widget at the same
# address is then missing from the tree.  So Wireshark's C++ objects keep their memory.
KEEP_MEMORY = """
#include <stddef.h>
void _ZdlPv(void *p) { (void)p; }
void _ZdlPvm(void *p, size_t n) { (void)p; (void)n; }
"""

# What a healthy Wireshark says on a machine without interfaces, and when its windows are read.
HARMLESS = re.compile(r"nl80211 not found|AtSpiAdaptor|QSpiApplication|QXcbConnection: XCB error"
                      r"|cannot be preloaded|resetPreviousFocus|QThreadStorage: Thread \S+ exited"
                      r"|Could not find accessible on path|Invalid index for tableInterface"
                      r"|scan mutex locked|^\s*$")

Atspi = GLib = None  # imported when the buses are there


def missing():
    """What the tests of the window need and this machine lacks."""
    lacks = [program for program in PROGRAMS if not shutil.which(program)]
    try:
        import gi
        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError):
        lacks.append("gi with Atspi")
    return lacks


def wait(ask, what, seconds=20, process=None):
    """What ask() returns as soon as it is true."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = ask()
            if value:
                return value
        except (GLib.Error if GLib else OSError):
            pass  # it went away while it was read
        if process and process.poll() is not None:
            raise RuntimeError(f"wireshark ended with {process.returncode}, waiting for {what}")
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(0.03)


# Accessible objects

def name(of):
    return of.get_name() or ""


def states(of):
    return {state.value_nick for state in of.get_state_set().get_states()}


def children(of):
    return [child for child in map(of.get_child_at_index, range(of.get_child_count())) if child]


def walk(of):
    """What shows at and below an object, without the cells of tables."""
    yield of
    if of.get_role_name() not in TABLE:
        for child in children(of):
            if "showing" in states(child):
                yield from walk(child)


def find_all(of, roles, pattern=""):
    roles = (roles,) if isinstance(roles, str) else roles
    return (found for found in walk(of)
            if found.get_role_name() in roles and re.search(pattern, name(found)))


def find(of, roles, pattern=""):
    return wait(lambda: next(find_all(of, roles, pattern), None), f"{roles} {pattern}")


def act(on, action):
    """Press, Toggle, ShowMenu ...; that of a modal dialog is answered when it closes."""
    with warnings.catch_warnings():  # the binding takes the new name for the old one
        warnings.simplefilter("ignore", DeprecationWarning)
        names = [on.get_action_name(i) for i in range(on.get_n_actions())]
    assert action in names, f"{name(on)} has no action {action}, but {names}"
    try:
        Atspi.set_timeout(1500, 15000)
        on.do_action(names.index(action))
    except GLib.Error:
        pass
    finally:
        Atspi.set_timeout(15000, 15000)


def extents(of):
    area = of.get_extents(Atspi.CoordType.SCREEN)
    return area.x, area.y, area.width, area.height


def columns(table):
    """The titles of a table's columns."""
    return [table.get_column_description(i) or "" for i in range(table.get_n_columns())]


def cells(table, column=0):
    """The cells of a column, by its title or number; of a tree those that are not folded away."""
    if isinstance(column, str):
        column = wait(lambda: columns(table), "columns").index(column)
    cells = (table.get_accessible_at(row, column) for row in range(table.get_n_rows()))
    return (cell for cell in cells if cell)


def texts(table, column=0):
    return [name(cell).strip() for cell in cells(table, column)]


def numbers(table, column):
    """Those of a column; none while some cells are still empty, as when a list is sorted."""
    found = texts(table, column)
    return list(map(int, found)) if all(found) else []


def row_of(table, pattern, column=0):
    """The number and the cell of the first row whose text matches, or None."""
    return next(((row, cell) for row, cell in enumerate(cells(table, column))
                 if re.search(pattern, name(cell))), None)


def rows(table):
    """The rows of a table, each a list of texts."""
    return [list(row) for row in zip(*(texts(table, i) for i in range(len(columns(table)))))]


def tree_rows(tree):
    """(depth, text) of the rows of a tree that are not folded away."""
    found = [(extents(cell)[0], name(cell)) for cell in cells(tree)]
    depths = {left: depth for depth, left in enumerate(sorted({left for left, _ in found}))}
    return [(depths[left], text) for left, text in found]


def select_row(table, row):
    for other in table.get_selected_rows():
        table.remove_row_selection(other)
    assert table.add_row_selection(row)


class Desktop:
    """An X server with all that a program needs to be read; one a process."""

    def __init__(self, folder, size="1600x1200"):
        self.folder = Path(folder)
        self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} \
            if 0 in (os.getuid(), os.getgid()) else {}
        self.children = []
        self.environment = {
            "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "XDG_RUNTIME_DIR": str(self.own_folder("run", 0o700)),
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_ACCESSIBILITY": "1",
        }
        self.size = size

    def own_folder(self, path, mode=0o755):
        """A folder that belongs to the user that Wireshark runs as."""
        path = self.folder / path
        path.mkdir(parents=True, mode=mode)
        self.give(path)
        return path

    def give(self, path):
        if self.user:
            os.chown(path, NOBODY, NOBODY)

    def start(self, *command, environment=(), **options):
        """A process that ends with this one."""
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command],
                                stdin=subprocess.DEVNULL, start_new_session=True,
                                env={**self.environment, **dict(environment)}, **options)

    def helper(self, *command, **options):
        with open(self.folder / f"{Path(command[0]).name}.log", "wb") as log:
            options = {"stdout": log, **options}
            self.children.append(self.start(*command, stderr=log, **options))
        return self.children[-1]

    def root_property(self, title, mark):
        return mark in subprocess.run(["xprop", "-root", title], env=self.environment,
                                      capture_output=True, text=True).stdout

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def open(self):
        global Atspi, GLib
        reader, writer = os.pipe()
        self.helper("Xvfb", "-displayfd", str(writer), "-screen", "0", f"{self.size}x24",
                    "-nolisten", "tcp", "-noreset", pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as display:
            self.environment["DISPLAY"] = ":" + display.readline().strip()
        bus = self.helper("dbus-daemon", "--session", "--nofork", "--print-address=1",
                          f"--address=unix:path={self.environment['XDG_RUNTIME_DIR']}/bus",
                          stdout=subprocess.PIPE, text=True, **self.user)
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        self.helper("openbox", "--sm-disable", **self.user)
        # Qt looks for the accessibility bus once, when a program starts.
        self.helper(LAUNCHER, "--launch-immediately", **self.user)
        wait(lambda: self.root_property("AT_SPI_BUS", '"'), "accessibility bus")
        wait(lambda: self.root_property("_NET_SUPPORTING_WM_CHECK", "#"), "window manager")
        for variable in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
            os.environ[variable] = self.environment[variable]
        os.environ.pop("AT_SPI_BUS_ADDRESS", None)
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi, GLib
        Atspi.init()
        Atspi.set_timeout(15000, 15000)
        self.programs = Atspi.get_desktop(0)
        # No main loop runs here that would tell the cache of changes.
        self.programs.set_cache_mask(Atspi.Cache.NONE)

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    # Mouse and keyboard

    def xdotool(self, *arguments):
        subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)

    def has_window(self, *search):
        return subprocess.run(["xdotool", *search], env=self.environment, stdout=subprocess.DEVNULL,
                              check=False).returncode == 0

    def key(self, *keys):
        self.xdotool("key", "--clearmodifiers", *keys)

    def click(self, on, button=1, times=1, aside=0):
        x, y, width, height = extents(on)
        self.xdotool("mousemove", x + min(width // 2, 100) + aside, y + height // 2, "click",
                     "--repeat", times, "--delay", 60, button)

    def scroll_to(self, table, on):
        """Turn the mouse wheel over a table until one of its cells is in sight."""
        x, top, width, height = extents(table)
        self.xdotool("mousemove", x + width // 2, top + height // 2)
        for _ in range(10_000):
            _, y, _, row = extents(on)
            if top + 2 * row <= y <= top + height - 2 * row:
                return
            self.xdotool("click", 4 if y < top + 2 * row else 5)
            wait(lambda: extents(on)[1] != y, "scrolling of a table")
        raise TimeoutError("a table too low to scroll in")

    def screenshot(self, path, area, colours=64):
        x, y, width, height = area
        subprocess.run(["import", "-silent", "-window", "root", "-crop",
                        f"{width}x{height}+{x}+{y}", "+repage", "+dither", "-colors", str(colours),
                        "-quality", "90", f"png8:{path}"], env=self.environment, check=True)


class Wireshark:
    """One run of it, in which each critical message and each dissector bug is a crash."""

    PREFERENCES = {"gui.ask_unsaved": "FALSE", "gui.update.enabled": "FALSE",
                   "gui.geometry.save.position": "FALSE", "capture.no_interface_load": "TRUE"}
    RECENT = {"privs.warn_if_elevated": "FALSE", "sys.warn_if_no_capture": "FALSE",
              "gui.geometry_main_maximized": "TRUE"}
    runs = 0

    def __init__(self, desktop, plugins, *arguments, environment=(), profile=None):
        """profile: a folder with the files of one, to start in."""
        Wireshark.runs += 1
        self.desktop = desktop
        self.aside = 8
        home = desktop.own_folder(f"wireshark-{Wireshark.runs}")
        settings = desktop.own_folder(home / ".config/wireshark")
        desktop.give(settings.parent)
        for file, values in (("preferences", self.PREFERENCES), ("recent_common", self.RECENT)):
            (settings / file).write_text("".join(f"{key}: {values[key]}\n" for key in values))
            desktop.give(settings / file)
        if profile:
            desktop.give(shutil.copytree(profile, desktop.own_folder(settings / "profiles") / "Chosen"))
            arguments = ("-C", "Chosen", *arguments)
        environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"),
                       "WIRESHARK_PLUGIN_DIR": str(plugins), "WIRESHARK_EXTCAP_DIR": "/nonexistent",
                       "WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1", "WIRESHARK_LOG_FATAL": "critical",
                       **dict(environment)}
        if shutil.which("cc"):
            subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", home / "keep.so"],
                           input=KEEP_MEMORY, text=True, check=True)
            environment["LD_PRELOAD"] = str(home / "keep.so")
        self.errors = home / "stderr"
        with open(self.errors, "wb") as errors:
            self.process = desktop.start("wireshark", *map(str, arguments), cwd=home, stderr=errors,
                                         stdout=subprocess.DEVNULL, environment=environment,
                                         **desktop.user)
        self.program = self.wait(lambda: next(
            (program for program in children(desktop.programs)
             if program.get_process_id() == self.process.pid), None), "wireshark on the bus", 60)

    def wait(self, ask, what, seconds=20):
        return wait(ask, what, seconds, self.process)

    def wait_clicking(self, click, ask, what):
        """Wait, and click again after a while: Wireshark loses a click while it dissects, and one
        misses while a window moves.  click: gets whether it is a further one."""
        clicked = 0.0

        def ask_clicking():
            nonlocal clicked
            if time.monotonic() > clicked + 5:
                click(clicked > 0)
                clicked = time.monotonic()
            return ask()
        return self.wait(ask_clicking, what)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def complaints(self):
        return [line for line in self.errors.read_text(errors="replace").splitlines()
                if not HARMLESS.search(line)]

    def quit(self):
        """End it; return the exit code and what it had to complain of."""
        try:
            self.choose("File", "Quit")
        except GLib.Error:
            pass  # gone before it answered
        return self.process.wait(30), self.complaints()

    # Windows and menus

    def windows(self):
        return [window for window in children(self.program) if "showing" in states(window)]

    @functools.cached_property
    def main(self):
        """The window with the menu bar."""
        return self.wait(lambda: next((window for window in self.windows() for child in
                                       children(window) if child.get_role_name() == "menu bar"),
                                      None), "main window")

    def dialogs(self):
        return [window for window in self.windows() if window != self.main]

    def dialog(self, pattern):
        return self.wait(lambda: next((window for window in self.windows()
                                       if re.search(pattern, name(window))), None),
                         f"window {pattern}")

    @functools.cached_property
    def menu_bar(self):
        """Qt 5 forgets an entry with the menu in which it was first looked at, which must be this
        one and not a context menu that has the entry too."""
        def look_at(menu):
            for item in children(menu):
                look_at(item)
        bar = find(self.main, "menu bar")
        look_at(bar)
        return bar

    @staticmethod
    def submenu(item):
        return next((child for child in children(item) if child.get_role_name() == "popup menu"),
                    None)

    def menu_item(self, *path, top=None):
        """The item at the end of a path of patterns for names without the dots at their ends."""
        def item_of(menu, wanted, *rest):
            for item in children(menu):
                if re.fullmatch(wanted + r"(…|\.\.\.)?", name(item).replace("&", "")):
                    submenu = self.submenu(item)
                    if not rest:
                        return item
                    if submenu:
                        return item_of(submenu, *rest)
        return self.wait(lambda: item_of(top or self.menu_bar, *path), f"menu item {path}", 5)

    def choose(self, *path, top=None):
        act(self.menu_item(*path, top=top), "Press")

    def open(self, *path, top=None):
        """Choose a menu item, and return the window that it opens."""
        before = self.windows()
        self.choose(*path, top=top)
        return self.wait(lambda: next((window for window in self.windows()
                                       if window not in before and name(window)), None),
                         f"window of {path}")

    def resize(self, dialog, width, height):
        """Move a window to the left upper corner, in the size that it is to have."""
        search = ("search", "--onlyvisible", "--name", f"^{re.escape(name(dialog))}$")
        self.wait(lambda: self.desktop.has_window(*search), "window on the screen")
        self.desktop.xdotool(*search, "windowmove", 10, 40, "windowsize", width, height)

        def is_still():
            """Its place comes later than its size."""
            before = extents(dialog)
            time.sleep(0.2)
            return before == extents(dialog) and before[2] == width
        self.wait(is_still, "size of a window")

    def close(self, dialog):
        act(find(dialog, BUTTON, "^(Close|Cancel|OK)$"), "Press")
        self.wait(lambda: dialog not in self.windows(), "end of a dialog")

    @contextlib.contextmanager
    def opening_menus(self):
        """Gives a function: the last menu that has come into sight, once; None if none has."""
        assert self.menu_bar
        opened = []
        listener = Atspi.EventListener.new(lambda event: opened.append(event.source))
        listener.register("object:state-changed:showing")

        def menu():
            while GLib.MainContext.default().iteration(False):
                pass
            while opened:
                source = opened.pop()
                if source.get_role_name() == "popup menu" and "showing" in states(source):
                    return source
        try:
            yield menu
        finally:
            listener.deregister("object:state-changed:showing")

    @contextlib.contextmanager
    def context_menu(self, of):
        """The menu of a right click on a cell that is in sight; goes when the block ends."""
        def click(is_again):
            if is_again:
                self.desktop.key("Escape")
            self.desktop.click(of, button=3)
        with self.opening_menus() as menu:
            shown = self.wait_clicking(click, menu, "context menu")
        try:
            yield shown
        finally:
            if "showing" in states(shown):  # else the key would close what was chosen
                self.desktop.key("Escape")
            self.wait(lambda: "showing" not in states(shown), "end of a context menu")

    def choose_profile(self, title):
        dialog = self.open("Edit", "Configuration Profiles")
        table = next(table for table in find_all(dialog, TABLE) if row_of(table, f"^{title}$"))
        row, cell = row_of(table, f"^{title}$")
        self.resize(dialog, 600, 400)
        self.wait_clicking(lambda _: self.desktop.click(cell),
                           lambda: table.get_selected_rows() == [row], "selected profile")
        act(find(dialog, BUTTON, "^OK$"), "Press")
        self.wait(lambda: dialog not in self.windows(), "end of a dialog")

    # Packet list, packet details and display filter

    @functools.cached_property
    def list(self):
        return find(self.main, "tree", "^Packet list$")

    @functools.cached_property
    def details(self):
        return find(self.main, "tree", "^Packet details$")

    @functools.cached_property
    def filter_entry(self):
        return find(self.main, "text", "^Display filter entry$")

    def frames(self):
        """The numbers in the packet list; none while rows are still empty."""
        return numbers(self.list, "No.")

    def frame(self):
        """The number of the frame that the packet details show; none while they are empty."""
        cell = self.details.get_accessible_at(0, 0)
        first = cell and re.match(r"Frame (\d+)", name(cell))
        return first and int(first.group(1))

    def select(self, frame):
        """Select a frame of the packet list, wait for its details, and return its number's cell."""
        row, cell = self.wait(lambda: row_of(self.list, f"^{frame}$", "No."), f"row of {frame}")
        select_row(self.list, row)
        self.wait(lambda: self.frame() == frame, f"frame {frame}")
        return cell

    def select_detail(self, pattern):
        """Select a row of the packet details, and return its cell."""
        row, cell = self.wait(lambda: row_of(self.details, pattern), f"row {pattern}")
        select_row(self.details, row)
        return cell

    def sort(self, table, column):
        """Click on the title of a column, never twice at one place, which is a double click."""
        self.aside = -self.aside
        i = columns(table).index(column)
        self.desktop.click(table.get_column_header(i), aside=self.aside)

    def filter_text(self):
        return Atspi.Text.get_text(self.filter_entry, 0, -1)

    def filter(self, text):
        """Apply a display filter."""
        entry = self.filter_entry
        apply = next(child for child in children(entry)
                     if child.get_description() == "Apply display filter")
        entry.set_text_contents(text)
        if "enabled" in states(apply):
            act(apply, "Press")
        self.wait(lambda: "enabled" not in states(apply), f"end of filtering by {text}")
        assert not entry.get_description().startswith("Invalid"), entry.get_description()
