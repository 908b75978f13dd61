"""What the README and the documents in doc/ say is true."""
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import reference  # noqa: E402

README = (reference.TOP / "README.md").read_text()
DOCUMENTS = {path.name: path.read_text()
             for path in (reference.TOP / "README.md", reference.TOP / "CONTRIBUTING.md",
                          *sorted(reference.TOP.glob("doc/*.md")))}
IN_DOC = {path.name for path in reference.TOP.glob("doc/*.md")}
EXPERTS = dict(re.findall(r"^\| `(flow\.expert\.\w+)` \| (\w+) \|", DOCUMENTS["reference.md"], re.M))
NAMES = re.findall(r"^\| (`flow\.\S+`.*?) \| (.*?) \|", DOCUMENTS["other-tools.md"], re.M)


@pytest.mark.parametrize("document, part, maker", reference.PARTS)
def test_reference_is_that_of_the_plugin(tshark, document, part, maker):
    assert reference.split(document, part)[1] == reference.made(tshark, maker)


def test_schema_is_that_of_the_plugin(tshark):
    assert reference.SCHEMA.read_text() == reference.schema(tshark)


def test_exports_satisfy_the_schema(tshark, captures, any_capture):
    schema = json.loads(reference.SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.check_schema(schema)
    for flow in tshark.flows(captures / any_capture):
        validator.validate(flow)


def examples():
    """The commands of the documents, and what they print."""
    for name, text in DOCUMENTS.items():
        for block in re.findall(r"```console\n(.*?)```", text, re.S):
            for command, output in re.findall(r"^\$ tshark ((?:.*\\\n)*.*)\n((?:[^$].*\n)*)", block,
                                              re.M):
                yield pytest.param(command, output, id=f"{name}-{command[:40]}")


@pytest.mark.parametrize("command, output", list(examples()))
def test_examples_print_what_is_said(tshark, captures, command, output):
    words = shlex.split(command.replace("test/captures", str(captures)))
    printed = tshark.run(*(word for word in words if word.strip())).stdout
    assert [line.split() for line in printed.splitlines()] == [
        line.split() for line in output.splitlines()]


def test_every_filter_compiles(tshark, captures):
    filters = re.findall(r"-Y '([^']+)'", README) + re.findall(r"^\| `([^`]*flow[^`]*)` \| ", README,
                                                              re.M)
    filters = [text.replace(r"\|", "|") for text in filters if re.search(r"[=<>&]", text)]
    assert len(filters) >= 4
    for text in filters:
        tshark.run("-r", captures / "empty.pcap", "-2", "-Y", text)


def test_every_field_that_is_named_exists(tshark):
    """But for what only looks like one, and the preference of an example."""
    preferences = (preference.name for preference in reference.preferences(tshark))
    known = {*tshark.field_names, *tshark.section_names, *EXPERTS, *preferences, "flow.sofar",
             "flow.schema.json", "flow.pushes"}
    for name, text in DOCUMENTS.items():
        named = set(re.findall(r"\bflow\.[a-z_0-9.]*[a-z0-9]", text))
        assert named <= known, f"{name}: {named - known}"


def test_every_expert_info_is_described(tshark):
    names = {name for name, _ in tshark.our_fields if name.startswith("flow.expert.")}
    manual = (reference.TOP / "doc/flowstats.4").read_text()
    assert names == set(EXPERTS) == set(re.findall(r"^\.B (flow\.expert\.\w+)$", manual, re.M))


def test_names_in_ipfix_are_those_that_wireshark_knows(tshark):
    lines = (line.split("\t") for line in tshark.run("-G", "values").stdout.splitlines())
    wireshark = {int(line[2]): line[3] for line in lines
                 if line[:2] == ["V", "cflow.template_ipfix_field_type"] and line[2].isdigit()}
    elements = {(name, int(number)) for _, cell in NAMES
                for name, number in re.findall(r"(\w+) \((\d+)\)", cell)}
    iana = {(name, number) for name, number in elements if wireshark[number][:1].islower()}
    assert len(iana) >= 12
    assert {name for name, number in iana if wireshark[number] != name} == set()


def test_manual_page_is_clean():
    result = subprocess.run(["mandoc", "-Tlint", "-Wwarning", reference.TOP / "doc/flowstats.4"],
                            capture_output=True, text=True)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_manual_page_is_installed_where_man_looks(install, tmp_path):
    assert (install("manual", tmp_path) / "usr/share/man/man4/flowstats.4").exists()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    folder = reference.TOP / "doc" if name in IN_DOC else reference.TOP
    for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENTS[name]):
        assert (folder / link).exists(), link


def test_paths_in_contributing_are_there():
    named = re.findall(r"(?:^| |`)((?:test|tools|plugin|include|doc)/[\w/.]+)",
                       DOCUMENTS["CONTRIBUTING.md"], re.M)
    assert len(named) >= 15
    for path in named:
        assert (reference.TOP / path.rstrip(".")).exists(), path
