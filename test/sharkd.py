"""sharkd with the plugin of the build tree, asked by JSON-RPC."""
import itertools
import json
import select
import subprocess


class Failed(Exception):
    """What sharkd answers instead of a result."""


class Sharkd:
    """A running sharkd, as the user and with the plugin of a Tshark; options: more for Popen."""

    seconds = 60  # the time limit of an answer

    def __init__(self, tshark, **options):
        self.numbers = itertools.count(1)
        self.process = subprocess.Popen(
            [*tshark.as_user, "sharkd", "-"], text=True, errors="replace", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, **{"env": tshark.environment, "stderr": subprocess.DEVNULL,
                                       **options})

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()

    def ask(self, method, **parameters):
        """The result of a request; that no answer comes is an AssertionError."""
        number = next(self.numbers)
        request = {"jsonrpc": "2.0", "id": number, "method": method}
        if parameters:
            request["params"] = parameters
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        assert select.select([self.process.stdout], [], [], self.seconds)[0], request
        line = self.process.stdout.readline()
        assert line, f"sharkd ended on {request}: {self.process.wait()}"
        answer = json.loads(line)
        assert answer["id"] == number, answer
        if "error" in answer:
            raise Failed(answer["error"]["message"])
        return answer["result"]

    def load(self, capture):
        assert self.ask("load", file=str(capture)) == {"status": "OK"}

    def set(self, preference, value):
        assert self.ask("setconf", name=preference, value=value) == {"status": "OK"}

    def columns(self, *fields, **parameters):
        """A list a frame of what its columns say."""
        wanted = {f"column{i}": f"{field}:1" for i, field in enumerate(fields)}
        return [frame["c"] for frame in self.ask("frames", **wanted, **parameters)]

    def taps(self, *taps, **parameters):
        """The answers to several taps of one request, in their order."""
        asked = {f"tap{i}": tap for i, tap in enumerate(taps)}
        return self.ask("tap", **asked, **parameters)["taps"]

    def close(self):
        """End it, and return its exit code."""
        self.process.stdin.close()
        return self.process.wait(30)
