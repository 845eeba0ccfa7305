"""Rows of results: read, summarised, shown, and written for machines."""

import json
import statistics
from dataclasses import dataclass

FIELDS = 8


class BenchError(Exception):
    """A measurement could not be made; the text says why."""


@dataclass(frozen=True)
class Row:
    """value / against_value is the ratio; goal is a bound of it, or None."""
    name: str
    value: float
    unit: str
    against: str
    against_value: float
    goal: float = None
    higher_is_better: bool = False

    @property
    def ratio(self):
        return self.value / self.against_value


def parse(line):
    """The row of a line that a program has printed."""
    fields = line.rstrip("\n").split("\t")
    if len(fields) != FIELDS or fields[7] not in ("true", "false"):
        raise BenchError(f"this is no line of results: {line!r}")
    try:
        return Row(fields[0], float(fields[1]), fields[2], fields[3],
                   float(fields[4]), float(fields[6]) if fields[6] else None,
                   fields[7] == "true")
    except ValueError as e:
        raise BenchError(f"no number in {line!r}: {e}") from e


@dataclass(frozen=True)
class Summary:
    """The runs of one name: medians, and the extremes of the ratio."""
    row: Row
    ratio: float
    least: float
    most: float
    runs: int

    @property
    def goal_met(self):
        if self.row.goal is None:
            return None
        if self.row.higher_is_better:
            return self.ratio >= self.row.goal
        return self.ratio <= self.row.goal

    def as_json(self):
        r = self.row
        return json.dumps({
            "name": r.name, "value": significant(r.value), "unit": r.unit,
            "against": r.against,
            "against_value": significant(r.against_value),
            "ratio": significant(self.ratio), "goal": r.goal,
            "higher_is_better": r.higher_is_better})


def significant(number):
    return float(f"{number:.4g}")


def summarise(rows):
    """One summary a name, in the order of their first row.

    The ratio is the median of the runs' ratios, each taken within its run:
    not the ratio of the medians.
    """
    runs = {}
    for row in rows:
        runs.setdefault(row.name, []).append(row)
    return [_summary(found) for found in runs.values()]


def _summary(found):
    median = statistics.median
    ratios = [r.ratio for r in found]
    first = found[0]
    row = Row(first.name, median(r.value for r in found), first.unit,
              first.against, median(r.against_value for r in found),
              first.goal, first.higher_is_better)
    return Summary(row, median(ratios), min(ratios), max(ratios), len(found))


def _number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _goal(summary):
    row = summary.row
    if row.goal is None:
        return "-"
    sign = ">=" if row.higher_is_better else "<="
    return f"{sign} {row.goal:,g}x"


HEAD = ("what", "value", "unit", "against", "its value", "ratio",
        "least-most", "runs", "goal", "met")


def cells(summary):
    row = summary.row
    met = {None: "-", True: "yes", False: "NO"}[summary.goal_met]
    return (row.name, _number(row.value), row.unit, row.against,
            _number(row.against_value), _number(summary.ratio) + "x",
            f"{_number(summary.least)}-{_number(summary.most)}",
            str(summary.runs), _goal(summary), met)


def table(summaries):
    """Lines of text, aligned, that are a table in Markdown as well."""
    lines = [HEAD, *map(cells, summaries)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]

    def draw(line):
        return "| " + " | ".join(
            text.ljust(width) for text, width in zip(line, widths)) + " |"
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [draw(HEAD), rule, *(draw(line) for line in lines[1:])]


def write(path, summaries):
    """Puts the rows into results.jsonl; those of other names stay."""
    new = {s.row.name: s.as_json() for s in summaries}
    kept = []
    try:
        with open(path, encoding="utf-8") as f:
            kept = [line.rstrip("\n") for line in f
                    if json.loads(line)["name"] not in new]
    except FileNotFoundError:
        pass
    except (ValueError, KeyError):
        kept = []  # damaged: what was measured now counts
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(line + "\n" for line in [*kept, *new.values()]))
