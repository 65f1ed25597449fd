"""A report as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..report import Report
    from .layers import LayerErrors

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
dl { display: grid; grid-template-columns: max-content auto; gap: .2rem 1.5rem }
dt { color: #666 } dd { margin: 0 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #ddd }
th, td { padding: .25rem .7rem }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr.bad td { background: #fdecea }
.bar { background: #7aa6d8; height: .6rem; display: inline-block; margin-right: .5rem }
li { color: #8a4b00 }
"""
_Row = tuple[bool, Sequence[str | float]]  # whether it asks for a look, and its cells


def to_page(report: Report, layers: LayerErrors | None) -> str:
    """Write a report as HTML.

    Args:
        report: The report.
        layers: How much of each layer's signal is left; None where it was not measured.
    """
    parts = [
        f"<h1>{escape(report.path.name)}</h1>",
        _facts(report),
        _notes(report.notes),
        "<h2>Outputs beside Keras</h2>" + _parity(report) if report.parity else "",
        "<h2>Layers, the worst first</h2>" + _layers(layers) if layers else "",
        f"<h2>Operators in the order they run</h2>{_operators(report)}",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(report.path.name)}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(filter(None, parts))
        + "</body></html>\n"
    )


def _facts(report: Report) -> str:
    facts = {
        "Form": report.quantize,
        "Size": f"{report.size:,} bytes",
        "Multiply-accumulates": f"{report.macs:,}",
        "Working memory": f"about {report.arena:,} bytes",
        "Oldest runtime": report.runtime or "none that was measured",
        "Operators in float": f"{len(report.float_operators)} of {len(report.nodes)}",
        "Inputs": ", ".join(f"{end.name} {end.dtype} {list(end.shape)}" for end in report.inputs),
        "Outputs": ", ".join(f"{end.name} {end.dtype} {list(end.shape)}" for end in report.outputs),
        "Exported in": f"{report.seconds:.1f} s",
    }
    return f"<dl>{''.join(f'<dt>{k}</dt><dd>{escape(v)}</dd>' for k, v in facts.items())}</dl>"


def _notes(notes: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<h2>Notes</h2><ul>{items}</ul>" if items else ""


def _parity(report: Report) -> str:
    rows: list[_Row] = []
    for output in report.parity.outputs if report.parity else ():
        same = output.argmax_agreement
        cells = (
            output.name,
            f"{output.sqnr_db:.1f}",
            f"{output.max_abs:.3g}",
            f"{output.mean_abs:.3g}",
            "" if same is None else f"{same:.2%}",
        )
        rows.append((False, cells))
    head = ("Output", "dB", "Largest error", "Mean error", "Same largest entry")
    return _table(head, rows, numbers=(1, 2, 3, 4))


def _layers(layers: LayerErrors) -> str:
    rows = [
        (bool(e.remedy), (e.layer, e.operator, e.dtype, f"{e.sqnr_db:.1f}", e.remedy))
        for e in layers.layers
    ]
    return _table(("Layer", "Operator", "Type", "dB", "Remedy"), rows, numbers=(3,))


def _operators(report: Report) -> str:
    most = max((node.macs for node in report.nodes), default=0) or 1
    rows = [
        (
            node.floating and report.quantize.startswith("int"),
            (
                number,
                node.name,
                node.version,
                node.dtype,
                node.weights,
                node.layer,
                node.macs / most,
                f"{node.macs:,}",
            ),
        )
        for number, node in enumerate(report.nodes, 1)
    ]
    head = ("", "Operator", "Version", "Type", "Weights", "Layer", "", "Multiply-accumulates")
    return _table(head, rows, numbers=(0, 2, 7))


def _table(head: Sequence[str], rows: Sequence[_Row], *, numbers: Sequence[int]) -> str:
    lines = ["".join(_cell(title, number=at in numbers, tag="th") for at, title in enumerate(head))]
    lines += [
        "".join(_cell(value, number=at in numbers) for at, value in enumerate(cells))
        for _, cells in rows
    ]
    marks = [""] + [' class="bad"' if bad else "" for bad, _ in rows]
    body = "\n".join(f"<tr{mark}>{line}</tr>" for mark, line in zip(marks, lines, strict=True))
    return f"<table>\n{body}\n</table>"


def _cell(value: str | float, *, number: bool, tag: str = "td") -> str:
    if isinstance(value, float):  # a share, drawn as a bar
        bar = f'<span class="bar" style="width: {6 * value:.2f}rem"></span>' if value else ""
        return f"<td>{bar}</td>"
    kind = ' class="number"' if number else ""
    return f"<{tag}{kind}>{escape(str(value))}</{tag}>"
