"""What the README says is true."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import reference  # noqa: E402

README = reference.README.read_text()


def test_field_reference_is_that_of_the_plugin(tshark):
    assert reference.split(README)[1] == reference.table(tshark)


def test_every_filter_compiles(tshark, captures):
    filters = re.findall(r"-Y '([^']+)'", README) + re.findall(r"^\| `([^`]*flow[^`]*)` \| ", README,
                                                              re.M)
    filters = [text.replace(r"\|", "|") for text in filters if re.search(r"[=<>&]", text)]
    assert len(filters) >= 4
    for text in filters:
        tshark.run("-r", captures / "empty.pcap", "-2", "-Y", text)


def test_every_preference_is_described(tshark):
    lines = tshark.run("-G", "currentprefs").stdout.splitlines()
    names = {match.group(1) for line in lines if (match := re.match(r"#?(flow\.\w+):", line))}
    assert len(names) >= 6
    for name in names:
        assert f"`{name}`" in README
