import dataclasses
import json

import pytest

from kerascnn.cli.commands.results import write_result
from kerascnn.cli.experiments import Result, holds

RESULT = Result(
    system="lenet5",
    model="activation=relu",
    task="classification",
    data="digits (size=32)",
    metric="accuracy",
    conditions=("accuracy >= 0.97",),
    scores={
        "keras": {"accuracy": 0.98},
        "float32": {"accuracy": 0.98},
        "int8": {"accuracy": 0.975},
    },
    sizes={"float32": 260_000, "int8": 65_000},
    failed=(),
    seconds=30.0,
)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("accuracy >= 0.9", True),
        ("accuracy >= 0.91", False),
        ("accuracy <= 0.9", True),
        ("accuracy <= 0.8", False),
    ],
)
def test_conditions_compare_the_named_metric(condition, truth):
    assert holds(condition, {"accuracy": 0.9, "loss": 5.0}) is truth


def test_running_one_system_again_replaces_its_row_alone(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_result(path, RESULT)
    write_result(path, dataclasses.replace(RESULT, system="unet"))
    before = path.read_text()
    write_result(path, dataclasses.replace(RESULT, conditions=("accuracy >= 0.96",)))
    after = path.read_text()
    unet = next(line for line in before.splitlines() if line.startswith("| unet"))
    assert unet in after.splitlines()
    assert "accuracy >= 0.97" not in after.replace(unet, "")
    assert after.count("| lenet5 ") == 1
    assert set(json.loads((tmp_path / "RESULTS.json").read_text())) == {"lenet5", "unet"}


def test_what_was_not_measured_is_blank(tmp_path):
    path = tmp_path / "RESULTS.md"
    scores = {"keras": {"accuracy": 0.98}}
    write_result(path, dataclasses.replace(RESULT, scores=scores, sizes={}))
    row = path.read_text().splitlines()[-1]
    assert [cell.strip() for cell in row.split("|")[-6:-1]] == ["0.98", "", "", "", ""]
