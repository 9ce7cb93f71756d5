"""Writes a report from the factors: python3 report.py FACTORS_JSON REPORT_MD"""

import json
import sys

with open(sys.argv[1]) as file:
    rows = json.load(file)

with open(sys.argv[2], "w") as report:
    report.write("# Prime factors\n\n")
    for row in rows:
        factors = " × ".join(str(factor) for factor in row["factors"])
        report.write(f"- {row['number']} = {factors}\n")
