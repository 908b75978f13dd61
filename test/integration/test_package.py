"""What cpack and cmake --install make loads where it belongs, and goes without a trace."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tshark import BUILD, TOP

# Set where test/matrix made the system that this runs in.
DISPOSABLE = "FLOWSTATS_DISPOSABLE_SYSTEM" in os.environ


def run(*command, **options):
    result = subprocess.run(list(map(str, command)), text=True, capture_output=True, **options)
    assert result.returncode == 0, f"{command}:\n{result.stdout}{result.stderr}"
    return result.stdout


def loaded_from(tshark, **place):
    """The file that tshark loads the plugin from, by HOME or by WIRESHARK_PLUGIN_DIR."""
    environment = {name: value for name, value in tshark.environment.items()
                   if name != "WIRESHARK_PLUGIN_DIR"} | place
    lines = run(*tshark.as_user, "tshark", "-G", "plugins", env=environment).splitlines()
    plugin, = [line.split("\t")[-1] for line in lines if line.startswith("flowstats.so ")]
    return Path(plugin)


def files(root):
    return {path for path in root.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def folder(tshark):
    folder = tshark.folder / "installed"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def package(folder):
    run("cpack", "-B", folder, cwd=BUILD)
    package, = folder.glob("flowstats_*.deb")
    return package


def test_the_module_that_draws_is_a_package_of_its_own(folder, package):
    if not list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so")):
        pytest.skip("the module was not built: no Qt")
    view, = folder.glob("flowstats-view_*.deb")
    version = run("dpkg-deb", "-f", package, "Version").strip()
    depends = run("dpkg-deb", "-f", view, "Depends")
    assert f"flowstats (= {version})" in depends and "qcustomplot" in depends
    assert "flowstats-view" in run("dpkg-deb", "-f", package, "Recommends")
    assert not re.search("[Qq]t|qcustomplot", run("dpkg-deb", "-f", package, "Depends"))
    files = re.findall(r"^-.* \./(\S+)$", run("dpkg-deb", "-c", view), re.M)
    module, = [file for file in files if file.endswith(".so")]
    assert re.search(r"wireshark/plugins/[^/]+/flowstats/flowstats-view\.so$", module)
    assert "usr/share/doc/flowstats-view/copyright" in files


def test_package_fits_one_minor_version(tshark, package):
    major, minor = tshark.version
    version = f"{major}.{minor}"
    library = re.search(r"=> (.*/libwireshark\.so\S+)", run("ldd", shutil.which("tshark"))).group(1)
    owner = run("dpkg-query", "-S", Path(library).resolve()).split(":")[0]
    ranges = re.findall(rf"{re.escape(owner)} \((\S+) ([^)]+)\)",
                        run("dpkg-deb", "-f", package, "Depends"))

    def accepts(candidate):
        return all(subprocess.run(["dpkg", "--compare-versions", candidate, *bound]).returncode == 0
                   for bound in ranges)
    assert accepts(f"{version}.0-1") and accepts(f"{version}.99-0+deb99u9")
    assert not accepts(f"{major}.{minor + 1}.0~rc1-1") and not accepts(f"{major}.{minor + 2}.0-1")
    assert not accepts(f"{major}.{minor - 1}.99-1")


def test_package_installs_and_goes(tshark, folder, package):
    root = folder / "root"
    for path in ("updates", "info"):
        (root / "var/lib/dpkg" / path).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg = ["dpkg", f"--root={root}", "--force-not-root", "--force-depends", "--log=/dev/null"]
    run(*dpkg, "--install", package)
    plugin, = root.rglob("flowstats.so")
    plugins = plugin.parent.parent.parent
    assert loaded_from(tshark, WIRESHARK_PLUGIN_DIR=str(plugins)) == plugin
    assert not plugin.stat().st_mode & 0o022
    for name in ("copyright", "changelog.Debian.gz"):
        assert (root / "usr/share/doc/flowstats" / name).is_file()
    assert (root / "usr/share/flowstats/merge.sql").is_file()
    run(*dpkg, "--purge", "flowstats")
    assert not [path for path in root.rglob("*") if "flowstats" in path.name]
    assert not (root / "usr").exists()


@pytest.mark.skipif(not DISPOSABLE, reason="only test/matrix has a system to install packages in")
def test_package_in_a_system(package):
    """Here root's own tshark loads it, from where all plugins are."""
    def plugins():
        return run("tshark", "-G", "plugins",
                   env={**os.environ, "WIRESHARK_EXTCAP_DIR": "/nonexistent"})

    def apt(*arguments):
        run("apt-get", "-y", "--no-install-recommends", *arguments)
    before = files(Path("/usr")) | files(Path("/etc"))
    apt("install", package)
    assert re.search(r"^flowstats\.so .*\t/usr/lib/", plugins(), re.M)
    apt("purge", "flowstats")
    assert "flowstats" not in plugins()
    assert files(Path("/usr")) | files(Path("/etc")) == before


@pytest.fixture(scope="module")
def built(folder):
    """A build tree of the sources, that knows nothing of where it will be installed."""
    build = folder / "build"
    run("cmake", "-S", TOP, "-B", build, "-DBUILD_TESTING=OFF")
    run("cmake", "--build", build, "--parallel", str(os.cpu_count()))
    return build


@pytest.fixture
def home(folder):
    home = folder / "home"
    home.mkdir()
    yield home
    shutil.rmtree(home)


def install_for_user(build, home):
    run("cmake", "--install", build, "--component", "user", env={**os.environ, "HOME": str(home)})


def test_source_installs_for_a_user(tshark, built, home):
    install_for_user(built, home)
    plugins = {path for path in files(home) if path.suffix == ".so"}
    module = {path for path in plugins if path.name == "flowstats-view.so"}
    assert plugins - module == {loaded_from(tshark, HOME=str(home))}
    assert len(module) == len(list((BUILD / "plugins").glob("*/flowstats/flowstats-view.so")))
    assert (home / ".local/share/man/man4/flowstats.4").is_file()
    profile = home / ".config/wireshark/profiles/Flow Statistics"
    assert {path.name for path in profile.iterdir()} == {
        path.name for path in (TOP / "profile").iterdir()}
    graphs = (profile / "io_graphs").read_text()
    assert ("Slowest handshake (ms)" in graphs) == (tshark.version < (4, 2))


def test_one_way_of_installing_knows_nothing_of_the_other(built, home, tmp_path):
    """Whichever comes first, each installs in its own place, and both come from one build tree."""
    def install_for_all(root):
        run("cmake", "--install", built, env={**os.environ, "HOME": str(home), "DESTDIR": str(root)})
        return {path.relative_to(root) for path in files(root)}
    before = install_for_all(tmp_path / "first")
    assert files(home) == set()
    install_for_user(built, home)
    after = files(home)
    assert install_for_all(tmp_path / "second") == before
    assert files(home) == after and not any("home" in path.parts[:1] for path in before)


def test_uninstalling_leaves_nothing(built, home):
    own = home / ".config/wireshark/profiles/Mine/preferences"
    own.parent.mkdir(parents=True)
    own.touch()
    install_for_user(built, home)
    said = run(TOP / "tools/uninstall", built)
    assert files(home) == {own}
    assert "flowstats.so" in said and not (own.parent.parent / "Flow Statistics").exists()
    assert run(TOP / "tools/uninstall", built) == "tools/uninstall: nothing was installed from here\n"


def test_no_folder_of_ours_is_left(tmp_path):
    ours = ("doc/flowstats", "doc/flowstats-view", "plugins/flowstats", "profiles/Flow Statistics")
    for folder in (*ours, "man4"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").touch()
    (tmp_path / "install_manifest.txt").write_text(
        "\n".join(f"{tmp_path}/{folder}/file" for folder in (*ours, "man4")))
    run(TOP / "tools/uninstall", tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {"doc", "plugins", "profiles", "man4"}
