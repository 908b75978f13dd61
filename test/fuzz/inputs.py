"""The capture of a run: some of those that are there, damaged, or one of structures at random."""
import subprocess

import generate
import structures

MERGED_BYTES = 300_000


def shipped_and_real(folder):
    return generate.shipped(folder) + generate.real()


def quietly(*command):
    return subprocess.run([*map(str, command)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


class Inputs:
    def __init__(self, folder, captures):
        self.folder, self.captures = folder, captures

    def write(self, chance, path):
        if chance.random() < 0.5:
            structures.write(chance, path)
        else:
            self.damage(chance, path)
        path.chmod(0o644)

    def damage(self, chance, path):
        clean, damaged = self.folder / "clean.pcapng", self.folder / "damaged.pcapng"
        if chance.random() < 0.06:
            quietly("randpkt", "-r", "-b", chance.choice(("100", "2000")), "-c", "200", clean)
        else:
            chosen = chance.sample(self.captures, min(len(self.captures), chance.randint(1, 24)))
            small = [path for path in chosen[1:] if path.stat().st_size < MERGED_BYTES]
            if quietly("mergecap", "-a", "-F", "pcapng", "-w", clean, chosen[0], *small):
                quietly("editcap", "-F", "pcapng", chosen[0], clean)
        cut = ["-s", str(chance.choice((20, 54, 80, 200)))] if chance.random() < 0.2 else []
        quietly("editcap", "-E", str(chance.choice((0, 0.001, 0.01, 0.05))), "-o",
                str(chance.choice((0, 0, 14, 34))), "--seed", str(chance.getrandbits(31)), *cut,
                clean, damaged)
        damaged.replace(path)
