"""What the README and the documents in doc/ say is true."""
import json
import re
import shutil
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
DEFINITIONS = DOCUMENTS["definitions.md"]
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
    """The commands of the documents, those of a block together, and what they print."""
    for name, text in DOCUMENTS.items():
        for block in reference.BLOCK.findall(text):
            steps = reference.STEP.findall(block)
            assert len(steps) == len(re.findall(r"^\$ ", block, re.M))
            yield pytest.param(steps, id=f"{name}-{steps[0][0][:60]}")


@pytest.mark.parametrize("steps", list(examples()))
def test_examples_print_what_is_said(tshark, captures, steps):
    for program in ("jq", "sqlite3"):
        if any(program in command for command, _ in steps) and not shutil.which(program):
            pytest.skip(f"no {program}")
    with reference.shell(tshark, captures) as run:
        for command, output in steps:
            assert reference.words(run(command)) == reference.words(output)
            has_heading = "header=y" in command
            assert not has_heading or len(output.splitlines()) > 1, "an example without an answer"


def is_filter(text):
    return re.match(r"flow\.[\w.]+ (==|!=|[<>]=?|in|contains|matches|&&|\|\|) ", text)


def filters():
    """What the documents give as a display filter: after -Y, after -z, or as code with an operator."""
    for text in DOCUMENTS.values():
        code = re.findall(r"`([^`\n]+)`", text)
        yield from re.findall(r"-Y '([^']+)'", text)
        yield from re.findall(r"-z 'flowstats,\w+,[^,']*,([^']+)'", text)
        yield from (word.replace(r"\|", "|") for word in code if is_filter(word))


def test_every_filter_compiles(tshark, captures):
    found = sorted(set(filters()))
    assert len(found) >= 30
    for text in found:
        tshark.run("-r", captures / "empty.pcap", "-2", "-o", "flow.sticky:TRUE", "-o",
                   "flow.fields:dns.time,http.time", "-Y", text)


def matching(pattern, names):
    """Names that begin as a pattern such as flow.tcp.analysis.up.ack_rtt_* does."""
    return {name for name in names if name.startswith(pattern.removesuffix("*"))}


def test_every_field_that_is_named_exists(tshark):
    """But for what only looks like one, and the preference of an example."""
    preferences = (preference.name for preference in reference.preferences(tshark))
    known = {*tshark.field_names, *tshark.section_names, *EXPERTS, *preferences, "flow.sofar",
             "flow.schema.json", "flow.pushes"}
    for name, text in DOCUMENTS.items():
        named = set(re.findall(r"\bflow\.[a-z_0-9.]*(?:[a-z0-9]|[._]\*)", text))
        patterns = {word for word in named if word.endswith("*")}
        named = {word for word in named if not f"{word}.".startswith("flow.field.")}  # of any
        assert named - patterns <= known, f"{name}: {named - patterns - known}"
        assert all(matching(pattern, known) for pattern in patterns), f"{name}: {patterns}"


def undirected(name):
    """A field as definitions name it: once for both directions and both readings, by its number."""
    return re.sub(r"\.(up|down)(?=\.)", "", name.replace("flow.sofar.", "flow.")
                  ).removesuffix("_name")


def defined(text, names):
    """Fields that a text names: whole; by a pattern; after the first one of a family, "`flow.iat.min`
    …", all of it; or by the end alone, "`.max`", in a part that names another of its family."""
    found = set()
    for part in re.split(r"^#+ ", text, flags=re.M):
        words = re.findall(r"`([^`\n]+)`", part)
        whole = {word for word in words if re.fullmatch(r"flow\.[a-z_0-9.]+\*?", word)}
        ends = {word.lstrip("._") for word in words if re.fullmatch(r"[._]?[a-z_0-9.]+", word)}
        starts = {start for name in whole for pattern in (r"^.*\.", r"^.*_")
                  for start in re.findall(pattern, name)}
        starts |= set(re.findall(r"`(flow\.[a-z_0-9.]+\.)…`", part))
        found |= whole | {start + end for start in starts for end in ends}
        found |= {name[:name.rindex(".") + 1] + "*" for name in
                  re.findall(r"`(flow\.[a-z_0-9.]+)`(?:, `[._]\w+`)* …", part)}
    return {name for word in found for name in
            (matching(word, names) if word.endswith("*") else {word})}


def test_every_field_is_defined(tshark):
    names = {name for name in tshark.field_names if ".sticky." not in name}
    known = {undirected(name) for name in defined(DEFINITIONS, names)}
    missing = {undirected(name) for name in names} - known
    assert missing == set(), "doc/definitions.md says nothing of these"


def test_what_cites_the_definitions_finds_them():
    titles = {title.lower() for title in re.findall(r"^#+ (.+)$", DEFINITIONS, re.M)}
    cited = set()
    for folder in ("plugin", "include", "test/unit"):
        for path in reference.TOP.glob(f"{folder}/**/*.[chdef]*"):
            text = re.sub(r"\s*\n\s*\*?\s*", " ", path.read_text())
            cited |= {title.lower()
                      for title in re.findall(r"\((?:doc/)?definitions(?:\.md)?, ([\w -]+)\)", text)}
    assert cited >= {"tcp", "direction"}
    assert cited <= titles


def rows_of(source, table):
    """The names in a table of a C file: the first text of each row."""
    text = (reference.TOP / source).read_text().split(f"{table}[] = {{", 1)[1].split("\n};", 1)[0]
    return set(re.findall(r'\{ "([^"]+)"', text))


def named_in(title):
    """What is written as code between a heading of the definitions and the next one."""
    part = DEFINITIONS.split(f" {title}\n", 1)[1]
    return set(re.findall(r"`([^`]+)`", re.split(r"^#", part, maxsplit=1, flags=re.M)[0]))


def test_encapsulations_that_are_known_are_listed():
    listed = {name for name in named_in("Encapsulations that are known")
              if not name.startswith("flow.")}
    assert listed == rows_of("plugin/ws/headers.c", "struct row rows")


def test_applications_that_tell_the_direction_are_listed():
    rows = rows_of("plugin/engine/application.c", "flow_applications")
    assert len(rows) >= 30
    assert {name for name in named_in("Direction") if not name.startswith("flow.")} == rows


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
    for link in re.findall(r"\]\((?!https:)([^)#]+)\)", DOCUMENTS[name]):
        assert (folder / link).exists(), link


def test_paths_in_contributing_are_there():
    named = re.findall(r"(?:^| |`)((?:test|tools|plugin|include|doc)/[\w/.]+)",
                       DOCUMENTS["CONTRIBUTING.md"], re.M)
    assert len(named) >= 15
    for path in named:
        assert "NAME" in path or (reference.TOP / path.rstrip(".")).exists(), path
