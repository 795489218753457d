"""The unit, the image's recipe, the manifest: they ask for the declared capabilities and for nothing else."""

import json
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from capture.agent.privileges import CAPABILITIES
from capture.cli import main

FOLDER = Path(__file__).resolve().parents[2] / "resources/deploy"
NAMES = [row.name for row in CAPABILITIES]
SHORT = [name.removeprefix("CAP_") for name in NAMES]


@pytest.fixture(scope="module")
def unit():
    parser = ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    parser.read(FOLDER / "exhume-capture.service")
    return parser


@pytest.fixture(scope="module")
def manifests():
    """The documents of the manifest."""
    code = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)"
    text = (FOLDER / "daemonset.yaml").read_text()
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", code], input=text, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return json.loads(done.stdout)
        if "No module named" not in done.stderr:
            pytest.fail(done.stderr)
    pytest.skip("needs PyYAML: apt-get install python3-yaml")


@pytest.fixture(scope="module")
def pod(manifests):
    (daemon_set,) = [document for document in manifests if document["kind"] == "DaemonSet"]
    return daemon_set["spec"]["template"]["spec"]


def test_the_unit_has_the_declared_capabilities_alone(unit):
    service = unit["Service"]
    for key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert service[key].split() == NAMES
    assert service["NoNewPrivileges"] == "yes"
    assert service["DynamicUser"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == "%S/exhume"


def test_the_unit_is_what_systemd_takes(unit, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    program = unit["Service"]["ExecStart"].split()[0]
    copy = tmp_path / "exhume-capture.service"
    copy.write_text((FOLDER / copy.name).read_text().replace(program, "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rated = ["systemd-analyze", "security", "--offline=yes", "--threshold=30", copy]
    done = subprocess.run(rated, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot rate a file")
    assert done.returncode == 0, done.stdout


def test_the_manifest_has_the_declared_capabilities_alone(pod):
    (container,) = pod["containers"]
    context = container["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"], "add": SHORT}
    assert context["privileged"] is False
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert pod["hostPID"] is True and "hostNetwork" not in pod
    assert pod["automountServiceAccountToken"] is False


def test_the_manifest_mounts_what_the_recorder_reads_and_writes_nowhere_else(pod):
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"]}
    assert set(mounts) == set(volumes)
    assert [name for name, mount in mounts.items() if not mount.get("readOnly")] == ["captures"]
    (root,) = [entry["value"] for entry in container["env"] if entry["name"] == "HOST_ROOT"]
    for name, mount in mounts.items():
        if mount["mountPath"].startswith(f"{root}/"):
            assert mount["mountPath"] == root + volumes[name]
    assert mounts["captures"]["mountPath"] == container["workingDir"]


def test_the_image_is_told_to_run_with_the_declared_capabilities():
    text = (FOLDER / "Containerfile").read_text()
    (asked,) = re.findall(r"--cap-add=([A-Z_,]+)", text)
    assert asked.split(",") == SHORT
    assert "--cap-drop=all" in text and "--pid=host" in text
    assert "HOST_ROOT=/host" in text and ":/host:ro" in text.replace("-v /:", ":")
    copied = re.findall(r"^COPY (.+) /usr/src", text, re.M)
    for name in " ".join(copied).split():
        assert (FOLDER.parents[1] / name).exists(), name


def test_the_seccomp_profile_lets_the_recorder_load_its_probe_and_little_that_root_could_misuse():
    profile = json.loads((FOLDER / "seccomp.json").read_text())
    (rule,) = profile["syscalls"]
    assert rule["action"] == "SCMP_ACT_ERRNO"
    denied = set(rule["names"])
    assert denied >= {"open_by_handle_at", "mount", "setns", "ptrace", "init_module", "process_vm_writev"}
    assert not denied & {"bpf", "mmap", "capset", "prctl", "memfd_create"}


def test_commands_that_the_files_name_exist():
    text = "".join(path.read_text() for path in FOLDER.iterdir())
    assert set(re.findall(r"exhume-capture (record|info|check|verify|events)\b", text)) <= set(main.commands)


def test_what_the_unit_and_the_manifest_run_is_a_command_line_that_record_takes(unit, pod):
    (container,) = pod["containers"]
    words = (
        unit["Service"]["ExecStart"].replace("\\\n", " ").replace("%%", "%").replace("%S", "/var/lib").split()
    )
    for line in (words[1:], container["args"]):
        command = main.commands[line[0]]
        with command.make_context("record", list(line[1:])) as context:
            assert "%" in str(context.params["output"])
            assert context.params["keep"] == 48
