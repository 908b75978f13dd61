"""Exports go anywhere: to the capture, to what is no file, two to one file, where nobody may write.

What is promised: the capture stays as it is, byte by byte; the exit code says whether all was
written; and a file is as it was before, or has the whole of an export.
"""
import os
import resource
import shutil
import signal
import subprocess

from sanitized import EXPORTS, STREAM, blames_us, limit

BEFORE = b"as it was"
TRIES = 4
# What ends tshark at its start, but for two exports to one file.
REFUSED = ("in.pcapng", "link", "hard", "folder", "locked/new", "read_only", "none/new",
           "folder/../in.pcapng")
TAKEN = ("new", "new.csv", "there", "dangling", "behind", "folder/new", "folder/../new",
         "locked/there")
PCAPNG = b"\x0a\x0d\x0d\x0a"


def lay_out(folder, capture):
    """All that an export may meet; the user may write to it unless its name says otherwise."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in (".", "folder", "locked"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o777)
    (folder / "in.pcapng").write_bytes(capture)
    for name in ("there", "locked/there", "read_only"):
        (folder / name).write_bytes(BEFORE)
    for name in ("in.pcapng", "there", "locked/there"):
        (folder / name).chmod(0o666)
    (folder / "link").symlink_to("in.pcapng")
    (folder / "hard").hardlink_to(folder / "in.pcapng")
    (folder / "dangling").symlink_to("behind")
    (folder / "read_only").chmod(0o444)
    (folder / "locked").chmod(0o555)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")
            if path.is_file()}


def limit_files(size):
    """A file that grows larger fails as on a full disk."""
    limit()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class ExportRuns:
    def __init__(self, tshark, inputs):
        self.tshark, self.inputs = tshark, inputs
        self.folder = tshark.folder / "exports"

    def execute(self, options, size=None):
        """Exit code, what was said, and standard output."""
        with open(self.tshark.folder / "stdout", "w+b") as out:
            rc, said = self.tshark.execute(
                ["-q", "-r", self.folder / "in.pcapng", *options],
                out=subprocess.DEVNULL if size else out,
                before=(lambda: limit_files(size)) if size else limit)
            out.seek(0)
            return rc, said, out.read()

    def exports_of(self, pairs):
        return [option for statistic, target in pairs
                for option in ("-z", f"flowstats,{statistic},{self.path(target)}")]

    def path(self, target):
        return target if target == "-" or target.startswith("/") else self.folder / target

    def whole(self, general):
        """The options that were tried last, what was wrong, and what each export says.

        Nothing of the last where not all was read, for the capture is damaged; and that is no find.
        """
        whole = {}
        for names in (EXPORTS, (STREAM, )):
            lay_out(self.folder, self.data)
            options = [*general, *self.exports_of((name, f"folder/{name}") for name in names)]
            rc, said, _ = self.execute(options)
            if blames_us(said) or (rc and not self.fails_without_us()):
                return options, f"exit code {rc}\n{said}", {}
            if rc:
                return options, "", {}
            whole.update((name, (self.folder / "folder" / name).read_bytes()) for name in names)
        return [], "", whole

    def run(self, number, chance):
        capture = self.tshark.folder / "input.pcapng"
        self.inputs.write(chance, capture)
        self.data = capture.read_bytes()
        options, wrong, whole = self.whole(["-n"])
        for _ in range(TRIES if whole else 0):
            options, wrong = self.attempt(chance, whole)
            if wrong:
                break
        if wrong:
            lay_out(self.folder, self.data)
            self.tshark.save(number, wrong, [self.folder], "tshark", "-q", "-r",
                             self.folder / "in.pcapng", *options)
        return not wrong

    def attempt(self, chance, whole):
        """The options, and what was wrong."""
        lay_out(self.folder, self.data)
        size = chance.choice((None, None, None, 512, 4096))
        written = None if size else chance.choice((None, None, "out.pcapng", "there"))
        pairs = self.pairs(chance, size, written)
        two_passes = ["-2"] if chance.random() < 0.5 and STREAM not in dict(pairs) else []
        options = ["-n", *two_passes, *self.exports_of(pairs)]
        if written:
            options += ["-w", self.folder / written]
        before = contents(self.folder)
        rc, said, out = self.execute(options, size)
        wrong = "a report" if blames_us(said) else self.broken(pairs, before, whole, rc, said, out,
                                                               size, written)
        return options, wrong and f"{wrong}\n{said}"

    def pairs(self, chance, size, written):
        """Statistics and their targets."""
        pairs = []
        for _ in range(chance.choice((1, 1, 2, 3))):
            targets = (*TAKEN, "/dev/null", "/dev/full", "-", *([written] * 2 if written else ()))
            if not size and chance.random() < 0.15:
                targets = REFUSED
            pairs.append((chance.choice(EXPORTS), chance.choice(targets)))
        # A stream is seen as it comes, so what is there when the disk is full is a part.
        if not size and chance.random() < 0.2:
            pairs = [(STREAM, target) for _, target in pairs]
        return pairs

    def broken(self, pairs, before, whole, rc, said, out, size, written):
        """The promise that was broken; "" for none."""
        files = [(name, os.path.realpath(self.path(target))) for name, target in pairs
                 if target != "-" and not target.startswith("/")]
        at_start = any(target in REFUSED for _, target in pairs) or (
            len({path for _, path in files}) < len(files))
        onto_written = written and any(path == os.path.realpath(self.path(written))
                                       for _, path in files)
        at_end = any(target == "/dev/full" and whole[name] for name, target in pairs) or (
            size and any(len(whole[name]) > size for name, _ in files))
        expected = 1 if at_start or onto_written or at_end else 0
        if rc != expected:
            own = written and self.fails_without_us("-w", self.path(written))
            return "" if own else f"exit code {rc}, not {expected}"
        if rc and "flowstats: " not in said:
            return "nothing was said"
        if not rc and any(whole[name] not in out for name, target in pairs
                          if target == "-" and not size):
            return "standard output is not whole"
        return self.changed(files, before, whole, rc, at_start, written)

    def fails_without_us(self, *options):
        """Not all can be read to its end, and not all that can be read can be written."""
        options = ["-q", "-n", "-r", self.folder / "in.pcapng", "-z", "io,phs", *options]
        return self.tshark.execute(options, self.tshark.bare)[0] != 0

    def changed(self, files, before, whole, rc, at_start, written):
        """A file that is neither as it was nor what was exported to it."""
        after = contents(self.folder)
        real = {os.path.realpath(self.folder / name) for name in (*after, *before)}
        allowed = {path: {before.get(os.path.relpath(path, self.folder))} for path in real}
        for name, path in files if not at_start else ():
            if rc == 0:
                allowed[path] = {whole[name]}
            elif not path.endswith("in.pcapng"):
                allowed.setdefault(path, {None}).add(whole[name])
        for path, texts in allowed.items():
            found = after.get(os.path.relpath(path, self.folder))
            is_written = written and path == os.path.realpath(self.folder / written)
            if found not in texts and not (is_written and found[:4] == PCAPNG):
                return f"{path} has {'nothing' if found is None else found[:200]}"
        return ""
