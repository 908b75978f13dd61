#!/usr/bin/python3
"""What the documentation says of fields, preferences and examples, made by asking the plugin.

As a program it writes the parts into their documents; a test compares.
"""
import contextlib
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import textwrap
from collections import defaultdict, namedtuple
from pathlib import Path

from tshark import BUILD, SECOND_LOOK, TOP, Tshark

SAMPLE = TOP / "test/captures/sample.pcapng"


def number(bits):
    return "number", {"type": "integer", "minimum": 0, "maximum": 2 ** bits - 1}


# Wireshark's types: what the documents call them, and how the export writes them.
TYPES = {
    "FT_UINT8": number(8), "FT_UINT16": number(16), "FT_UINT32": number(32),
    "FT_UINT64": number(64),
    "FT_DOUBLE": ("number", {"type": "number"}),
    "FT_FRAMENUM": ("frame", {"type": "integer", "minimum": 1}),
    "FT_BOOLEAN": ("flag", {"const": True}),
    "FT_RELATIVE_TIME": ("time span", {"type": "number"}),
    "FT_ABSOLUTE_TIME": ("time", {"type": "number"}),
    "FT_STRING": ("text", {"type": "string"}),
    "FT_ETHER": ("MAC address", {"type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$"}),
    "FT_IPv4": ("IPv4 address", {"type": "string", "format": "ipv4"}),
    "FT_IPv6": ("IPv6 address", {"type": "string", "format": "ipv6"}),
}

# Texts that list several values: the export makes arrays of them.
LISTS = {"flow.splt": {"type": "array", "items": {"type": "string", "pattern": "^[<>][0-9]+$"}},
         "flow.splt_delta": {"type": "array", "items": {"type": "integer"}}}

# What every flow has, whatever its protocol.
ALWAYS = (["id", "tuple", "direction_reason", "direction_reason_name", "first_frame", "last_frame",
           "pkts", "bytes", "wire_bytes", "payload_bytes"]
          + [f"{direction}.{name}" for name in ("pkts", "bytes", "wire_bytes", "payload_pkts",
                                                "payload_bytes") for direction in ("up", "down")])

# What the help of a number's name begins with.
NAMED = "As text: "

Row = namedtuple("Row", "names type has_sofar meaning")
Preference = namedtuple("Preference", "name default meaning")


def values(tshark):
    """What the numbers of a field are called, as "0 Closed", by the field's name."""
    called = defaultdict(list)
    for line in tshark.run("-G", "values").stdout.splitlines():
        if line.startswith("V\tflow."):
            _, field, value, name = line.split("\t")
            called[field].append(f"{int(value, 0)} {name}")
    return called


def meaning_of(text, called):
    """The help of a field, with the names of its numbers where it has not said them itself."""
    # The documents have two columns of names instead.
    text = text.removesuffix(SECOND_LOOK)
    if text.startswith(NAMED):
        return "Name of that number."
    if all(name in text for name in called):
        return text
    return f"{text} {', '.join(called)}."


def known(tshark):
    """The type and the meaning of every field, by name."""
    called = values(tshark)
    return {line[2]: (line[3], meaning_of(line[7], called[line[2]])) for line in tshark.listed
            if line[2] in tshark.field_names}


def rows(tshark):
    """The fields, those of the two directions and the two readings in one row."""
    fields = known(tshark)
    for name, (kind, meaning) in fields.items():
        if name.startswith("flow.sofar.") or name.replace(".down.", ".up.") in fields.keys() - {name}:
            continue
        names = [name]
        if ".up." in name:
            names.append(name.replace(".up.", ".down."))
            meaning = meaning.removeprefix("Up: ")
        yield Row(names, TYPES[kind][0], name.replace("flow.", "flow.sofar.", 1) in fields, meaning)


def preferences(tshark):
    text = tshark.run("-G", "defaultprefs").stdout
    for meaning, name, default in re.findall(r"^# (.+)\n# .+\n#?(flow\.\w+): (.*)$", text, re.M):
        yield Preference(name, {"TRUE": "on", "FALSE": "off"}.get(default, default), meaning)


def fields_table(tshark):
    yield "| Field | Type | So far | Meaning |"
    yield "| --- | --- | --- | --- |"
    for row in rows(tshark):
        names = ", ".join(f"`{name}`" for name in row.names)
        yield f"| {names} | {row.type} | {'yes' if row.has_sofar else ''} | {row.meaning} |"


def preferences_table(tshark):
    yield "| Preference | Default | Meaning |"
    yield "| --- | --- | --- |"
    for preference in preferences(tshark):
        yield f"| `{preference.name}` | {preference.default} | {preference.meaning} |"


def roff(text):
    """Text as lines of a manual page."""
    lines = textwrap.wrap(text, 72)
    escaped = (line.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
               for line in lines)
    return "\n".join(r"\&" + line if line.startswith(".") else line for line in escaped)


def fields_manual(tshark):
    for row in rows(tshark):
        yield ".TP"
        yield r"\fB" + roff(", ".join(row.names)) + r"\fR" + (" *" if row.has_sofar else "")
        yield roff(f"{row.meaning} ({row.type})")


def preferences_manual(tshark):
    for preference in preferences(tshark):
        yield ".TP"
        yield rf"\fB{roff(preference.name)}\fR ({roff(preference.default)})"
        yield roff(preference.meaning)


def schema(tshark):
    """The JSON schema of a line of -z flowstats,json, as text: what any choice of columns can have,
    and what the usual one always has."""
    fields = known(tshark)
    # tshark may run as somebody who cannot look into the clone.
    sample = shutil.copy(SAMPLE, tshark.folder)
    exported = tshark.all_columns(sample).splitlines()[0]
    return json.dumps({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A flow, as a line of tshark -z flowstats,json; what is absent has no key",
        "type": "object",
        "$comment": "The preference flow.columns chooses among the properties. Those that are "
                    "required are there while it is empty.",
        "properties": {name: {"description": meaning, **LISTS.get(name, TYPES[kind][1])}
                       for name, (kind, meaning) in ((name, fields[name])
                                                     for name in exported.split(","))},
        "required": [f"flow.{name}" for name in ALWAYS],
        "additionalProperties": False,
    }, indent=2) + "\n"


Column = namedtuple("Column", "name type merge end field")

# By the type of a column: DuckDB's, what a frame of a part is among those of all, and a field's value.
SQL_TYPES = defaultdict(lambda: "BIGINT", long="UBIGINT", text="VARCHAR")
SQL_VALUES = {"frame": "{} + before"}
SQL_FIELDS = {"instant": "instant({})", "span": "seconds({})"}
SQL_MERGES = {"sum": "sum({})", "least": "min({})", "greatest": "max({})", "bits": "bit_or({})",
              "first": "arg_min({}, place)", "last": "arg_max({}, place)"}


def part_columns():
    """The columns of parts that rows make."""
    text = subprocess.run([BUILD / "unit/part_columns"], check=True, text=True,
                          capture_output=True).stdout
    return [Column(*line.split("\t")) for line in text.splitlines()]


def listed(items, indent):
    """Items of SQL with commas after them, as many in a line as fit."""
    line = ""
    for item in items:
        if line and len(indent + line + item) > 110:
            yield indent + line.rstrip()
            line = ""
        line += f"{item}, "
    yield indent + line.rstrip()


def sql_columns(_):
    return listed((f"{column.name} {SQL_TYPES[column.type]}" for column in part_columns()), "  ")


def sql_sum(column):
    merged = SQL_MERGES[column.merge].format(SQL_VALUES.get(column.type, "{}").format(column.name))
    if column.merge == "sum" and column.field:
        merged += "::BIGINT"
    return f"{merged} AS {column.name}"


def sql_sums(_):
    return listed(map(sql_sum, part_columns()), "    ")


def sql_field(column):
    """The field of a column; those of both directions come from the column of end 0."""
    shown = SQL_FIELDS.get(column.type, "{}")
    if not column.end:
        name = column.field.replace("*.", "")
        yield f'{shown.format(column.name)} AS "flow.{name}"'
        return
    ends = [column.name, column.name[:-1] + "1"]
    for way in ("up", "down"):
        value = shown.format(f"up(source, {', '.join(ends)})")
        yield f'{value} AS "flow.{column.field.replace("*", way)}"'
        ends.reverse()


def sql_fields(_):
    columns = [column for column in part_columns() if column.field and column.end != "1"]
    return listed((field for column in columns for field in sql_field(column)), "    ")


# The parts, each between two comments of its document.
PARTS = [("share/flowstats/parts.sql", "columns", sql_columns),
         ("share/flowstats/merge.sql", "sums", sql_sums),
         ("share/flowstats/merge.sql", "fields", sql_fields),
         ("doc/reference.md", "fields", fields_table),
         ("doc/reference.md", "preferences", preferences_table),
         ("doc/flowstats.4", "fields", fields_manual),
         ("doc/flowstats.4", "preferences", preferences_manual)]
SCHEMA = TOP / "doc/flow.schema.json"


# How a comment begins and ends.
MARKS = {".md": ("<!-- ", " -->"), ".4": ('.\\" ', ""), ".sql": ("-- ", "")}


def split(document, part):
    """The text of a document before a part, the part, and what comes after it."""
    mark = MARKS[Path(document).suffix]
    begin = f"{mark[0]}{part}: made by test/reference.py{mark[1]}\n"
    end = f"{mark[0]}end of {part}{mark[1]}\n"
    before, rest = (TOP / document).read_text().split(begin)
    inside, after = rest.split(end)
    return before + begin, inside, end + after


# The examples: blocks of commands, each with what it prints.
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.S)
STEP = re.compile(r"^\$ ((?:.*[\\|]\n)*.*(?:\n    .*)*)\n((?:[^$].*\n)*)", re.M)


@contextlib.contextmanager
def shell(tshark, captures):
    """A function that runs a command, in a folder like the project's, and returns what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        (Path(folder) / "test").mkdir()
        (Path(folder) / "test/captures").symlink_to(captures)
        yield lambda command: subprocess.run(
            [*tshark.as_user, "bash", "-o", "pipefail", "-c", command], check=True, text=True,
            cwd=folder, env=tshark.environment, capture_output=True, timeout=60).stdout


def words(output):
    return [line.split() for line in output.splitlines()]


def aligned(output):
    """Lines of cells between tabs with the cells below each other."""
    rows = [line.split("\t") for line in output.splitlines()]
    widths = [max(map(len, cells)) for cells in itertools.zip_longest(*rows, fillvalue="")]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)).rstrip() + "\n"


def with_what_is_printed(text, run):
    """A document whose examples print what they do now."""
    def step(match):
        printed = run(match[1])
        same = words(printed) == words(match[2])
        return match[0] if same else f"$ {match[1]}\n{''.join(aligned(printed))}"
    return BLOCK.sub(lambda block: STEP.sub(step, block[0]), text)


def made(tshark, maker):
    return "".join(line + "\n" for line in maker(tshark))


def main():
    with tempfile.TemporaryDirectory() as folder:
        tshark = Tshark(folder)
        for document, part, maker in PARTS:
            before, _, after = split(document, part)
            (TOP / document).write_text(before + made(tshark, maker) + after)
        SCHEMA.write_text(schema(tshark))
        with shell(tshark, SAMPLE.parent) as run:
            for path in (TOP / "README.md", *TOP.glob("doc/*.md")):
                path.write_text(with_what_is_printed(path.read_text(), run))


if __name__ == "__main__":
    main()
