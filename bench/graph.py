#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""graph.py RESULT.json > GRAPH.svg: relay rate against the number of peers, from one run of bench/run."""
import json
import math
import sys

WHOLE = (("relay_128_1k", 1e3), ("relay_128_100k", 1e5), ("relay_128_1m", 1e6), ("relay_128_10m", 1e7),
         ("relay_128_15m", 1.5e7))
# Title, colour, figures and their number of peers, what of the figure.
LINES = (
    ("core", "#1f6feb", (("core_relay_128_1k", 1e3), ("core_relay_128_100k", 1e5), ("core_relay_128_1m", 1e6),
                         ("core_relay_128_10m", 1e7), ("core_relay_128_15m", 1.5e7)), "value"),
    ("whole way", "#2da44e", WHOLE, "value"),
    ("bare loop", "#999", WHOLE, "limit"),
)
WIDTH, HEIGHT, LEFT, TOP = 640, 400, 60, 40
RATES = [digit * 10**power for power in range(-1, 4) for digit in (1, 2, 5)]


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as result:
        run = json.load(result)
    lines = [(title, colour, [(peers, run["figures"][name][what] / 1e6) for name, peers in points
                              if run["figures"].get(name, {}).get(what)]) for title, colour, points, what in LINES]
    all_rates = [rate for line in lines for _, rate in line[2]]
    if not all_rates:
        sys.exit("graph.py: there are no relay rates in this run")
    low = max(rate for rate in RATES if rate <= max(min(all_rates), RATES[0]))
    high = min(rate for rate in RATES if rate >= min(max(all_rates), RATES[-1]))
    rates = [rate for rate in RATES if low <= rate <= high]
    span = math.log10(high / low) or 1

    def x(peers):
        return LEFT + (math.log10(peers) - 3) / 4.2 * (WIDTH - LEFT - 30)

    def y(rate):
        return HEIGHT - 50 - math.log10(rate / low) / span * (HEIGHT - 50 - TOP)

    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
          f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    print(f'<text x="{LEFT}" y="22" font-size="14">Relays of 128 bytes per second and core, million; random pairs of '
          'all peers</text>')
    for rate in rates:
        print(f'<path d="M{LEFT} {y(rate):.1f}H{WIDTH - 30}" stroke="#ddd"/>'
              f'<text x="{LEFT - 8}" y="{y(rate) + 4:.1f}" text-anchor="end">{rate}</text>')
    for peers, text in ((1e3, "1 k"), (1e4, "10 k"), (1e5, "100 k"), (1e6, "1 M"), (1e7, "10 M peers")):
        print(f'<text x="{x(peers):.1f}" y="{HEIGHT - 30}" text-anchor="middle">{text}</text>')
    for title, colour, points in lines:
        if not points:
            continue
        path = "L".join(f"{x(peers):.1f} {y(rate):.1f}" for peers, rate in points)
        print(f'<path d="M{path}" stroke="{colour}" stroke-width="2" fill="none"/>')
        for peers, rate in points:
            print(f'<circle cx="{x(peers):.1f}" cy="{y(rate):.1f}" r="3" fill="{colour}"/>')
        peers, rate = points[0]
        print(f'<text x="{x(peers) + 6:.1f}" y="{y(rate) - 8:.1f}" fill="{colour}">{title}</text>')
    print(f'<text x="{LEFT}" y="{HEIGHT - 10}" fill="#666">{run["cpu"]}, commit {run["commit"][:12]}, {run["date"]}'
          '</text></svg>')


if __name__ == "__main__":
    main()
