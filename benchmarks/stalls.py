"""The longest event-loop stall in all the runs of our bot."""

from typing import Final

from benchmarks.figures import Figure, Picture, Row, bar

MOST_MS: Final = 50.0


def summary(figures: list[Figure]) -> Figure:
    """Put together what the other figures saw."""
    stalls = {what: stall for figure in figures for what, stall in figure.stalls.items()}
    longest = max(stalls.values(), default=0.0)
    return Figure(
        name="stalls",
        title="The longest event-loop stall",
        how="A heartbeat every 5 ms in our bot's own loop, in all the runs above. Time in which "
        "the machine gave the thread no processor (Linux counts it) is taken off.",
        rows=[
            Row(
                title="longest event-loop stall",
                unit="ms",
                ours=longest,
                goal="≤ 50 ms",
                met=longest <= MOST_MS,
            )
        ],
        picture=Picture(
            title="Longest stall in each run",
            x="",
            y="milliseconds",
            lines={what: bar(stall) for what, stall in stalls.items()},
        ),
    )
