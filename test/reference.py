"""The README's field reference, made from what tshark says of the plugin's fields.

As a program it writes the table into the README; the test compares.
"""
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- fields: made by test/reference.py -->\n", "<!-- end of fields -->"
TYPES = {"FT_UINT8": "number", "FT_UINT16": "number", "FT_UINT32": "number", "FT_UINT64": "number",
         "FT_DOUBLE": "number", "FT_FRAMENUM": "frame", "FT_BOOLEAN": "flag", "FT_RELATIVE_TIME": "time span",
         "FT_ABSOLUTE_TIME": "time", "FT_STRING": "text", "FT_ETHER": "MAC address",
         "FT_IPv4": "IPv4 address", "FT_IPv6": "IPv6 address"}


def table(tshark):
    lines = tshark.run("-G", "fields").stdout.splitlines()
    fields = {}
    for line in lines:
        columns = line.split("\t")
        if columns[0] == "F" and columns[2].startswith("flow."):
            fields[columns[2]] = (TYPES[columns[3]], columns[7])
    rows = ["| Field | Type | So far | Meaning |", "| --- | --- | --- | --- |"]
    for name, (kind, meaning) in fields.items():
        if name.startswith("flow.sofar.") or name.replace(".down.", ".up.") in fields.keys() - {name}:
            continue
        shown = f"`{name}`"
        down = name.replace(".up.", ".down.")
        if down != name:
            shown += f", `{down}`"
            meaning = meaning.removeprefix("Up: ")
        so_far = "yes" if name.replace("flow.", "flow.sofar.", 1) in fields else ""
        rows.append(f"| {shown} | {kind} | {so_far} | {meaning} |")
    return "\n".join(rows) + "\n"


def split(text):
    """The README before the table, the table, and what comes after it."""
    before, rest = text.split(BEGIN)
    inside, after = rest.split(END)
    return before + BEGIN, inside, END + after


if __name__ == "__main__":
    import tempfile
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from conftest import Tshark
    with tempfile.TemporaryDirectory() as folder:
        before, _, after = split(README.read_text())
        README.write_text(before + table(Tshark(folder)) + after)
