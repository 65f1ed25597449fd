import dataclasses
import json
from pathlib import Path

import pytest

from kerascnn import registry
from kerascnn.cli.commands.results import results
from kerascnn.cli.conditions import failures, holds
from kerascnn.cli.experiments import Result
from kerascnn.cli.published import BEGIN, END, short_table, write_result

ROOT = Path(__file__).parents[3]
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
        "int8": {"accuracy": 0.976},
        "qat": {"accuracy": 0.979},
    },
    sizes={"float32": 260_000, "int8": 65_000, "qat": 65_100},
    edge_tpu={"int8": {"mapped": 9, "total": 11, "macs_share": 1.0}},
    agreement=0.9951,
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


@pytest.mark.parametrize(
    ("metric", "int8", "qat", "failed"),
    [
        ("accuracy", 0.896, 0.899, ()),
        ("accuracy", 0.894, 0.92, ("accuracy lost <= 0.005 in int8: 0.006",)),
        ("mean_iou", 0.9, 0.897, ("mean_iou lost <= 0.002 in qat: 0.003",)),
        (
            "accuracy",
            0.7,
            0.9,
            ("accuracy >= 0.8 in int8: 0.7", "accuracy lost <= 0.005 in int8: 0.2"),
        ),
        ("fdd", 0.85, 0.85, ()),
        ("map_50", 0.86, 0.9, ()),
        ("psnr", 0.59, 0.9, ("psnr >= 0.8 in int8: 0.59", "psnr lost <= 0.3 in int8: 0.31")),
        ("map_50", 0.9, 0.85, ("map_50 lost <= 0.045 in qat: 0.05",)),
    ],
)
def test_rounding_may_lose_only_so_much_of_an_accuracy(metric, int8, qat, failed):
    values = {"keras": 0.9, "float32": 0.9, "int8": int8, "qat": qat}
    scores = {form: {metric: value} for form, value in values.items()}
    assert failures(scores, (f"{metric} >= 0.8",), metric) == failed


def test_a_file_must_agree_with_the_model_that_trained_with_its_rounding():
    scores = {"keras": {"accuracy": 0.9}}
    assert failures(scores, (), "accuracy", 0.99) == ()
    assert failures(scores, (), "accuracy", 0.98) == ("agreement >= 0.99 in qat: 0.98",)


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


def test_pictures_of_what_is_predicted_are_kept_where_asked_for(tmp_path, monkeypatch):
    def run(name, folder):
        folder.mkdir(parents=True)
        (folder / "predictions.png").write_bytes(b"drawn")
        return RESULT

    monkeypatch.setattr("kerascnn.cli.experiments.run_experiment", run)
    results(["lenet5"], path=tmp_path / "RESULTS.md", runs=None, pictures=tmp_path / "pictures")
    assert (tmp_path / "pictures/lenet5.png").read_bytes() == b"drawn"
    assert "| lenet5 " in (tmp_path / "RESULTS.md").read_text()


def cells(path):
    return [cell.strip() for cell in path.read_text().splitlines()[-1].split("|")[1:-1]]


def test_every_form_stands_side_by_side(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_result(path, RESULT)
    measured = ["0.98", "0.98", "0.976", "0.979", "99.51%", "65,000", "4.0x", "9 of 11"]
    assert cells(path)[-8:] == measured


def test_what_was_not_measured_is_blank(tmp_path):
    path = tmp_path / "RESULTS.md"
    scores = {"keras": {"accuracy": 0.98}}
    empty = {"scores": scores, "sizes": {}, "edge_tpu": {}, "agreement": None}
    write_result(path, dataclasses.replace(RESULT, **empty))
    assert cells(path)[-8:] == ["0.98", *[""] * 7]


def test_a_readme_beside_gets_the_short_table_between_its_marks(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Mine\n\n{BEGIN}old\n{END}\n\nThe rest.\n")
    write_result(tmp_path / "RESULTS.md", RESULT)
    before, _, rest = readme.read_text().partition(BEGIN)
    table, _, after = rest.partition(END)
    assert (before, after) == ("# Mine\n\n", "\n\nThe rest.\n")
    row = "| `lenet5` | accuracy | 0.98 | 0.976 | 0.979 | 260,000 to 65,000 | 9 of 11 |"
    assert table.splitlines()[-1] == row
    assert "old" not in table


def test_a_readme_without_marks_stays_as_it_is(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("# Mine\n")
    write_result(tmp_path / "RESULTS.md", RESULT)
    assert readme.read_text() == "# Mine\n"


def test_our_readme_shows_what_was_measured():
    rows = json.loads((ROOT / "RESULTS.json").read_text())
    assert f"{BEGIN}{short_table(rows)}{END}" in (ROOT / "README.md").read_text()
    for name, row in rows.items():
        lacking = registry.get_system(name).unsupported.keys()
        assert not row["failed"]
        assert {"int8", "qat"} <= row["scores"].keys() | lacking


def test_a_system_says_how_much_more_rounding_may_take_from_it():
    scores = {"keras": {"accuracy": 0.9}, "int8": {"accuracy": 0.85}, "qat": {"accuracy": 0.89}}
    assert failures(scores, (), "accuracy", lost={"int8": 0.06, "qat": 0.02}) == ()
    assert failures(scores, (), "accuracy", lost={"int8": 0.04, "qat": 0.02}) == (
        "accuracy lost <= 0.04 in int8: 0.05",
    )
    assert failures(scores, (), "accuracy", 0.9, {"int8": 0.06, "qat": 0.02, "answers": 0.1}) == ()
    assert failures(scores, (), "accuracy", 0.9, {"int8": 0.06, "qat": 0.02}) == (
        "agreement >= 0.99 in qat: 0.9",
    )
