"""Train the shipped linkage model on synthetic people of a seed nothing else uses, and write it.

    python bench/_train_linkage.py

The rates of agreement among true pairs come from the known truth, those among strangers from random pairs.
Deliberately not trained on the data it is judged on: the demonstration, the tests and the benchmark use
other seeds, and the FEBRL test another country's made-up people.
"""

import json
import tempfile
from pathlib import Path

import duckdb

import _linkage_records as linkage_records
from commonweal.lake import linkage

PEOPLE = 40_000
SEED = 60_221


def main() -> None:
    """Train and write ``linkage_model.json`` beside the module that reads it."""
    records = linkage_records.rows(PEOPLE, SEED)
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as connection:
        connection.register("source", linkage_records.table(records))
        connection.execute("CREATE TABLE records AS FROM source")
        linkage.label(connection, {row.compartment_id: row.person for row in records})
        linkage.standardise(connection, Path(scratch))
        model = linkage.train(connection, SEED)
    model["about"] = (
        f"Splink weights trained by bench/_train_linkage.py on {len(records)} records of {PEOPLE} synthetic people,"
        f" seed {SEED}. Contains no person data."
    )
    linkage.MODEL.write_text(json.dumps(model, indent=1) + "\n")
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                print(
                    f"{comparison['output_column_name']:<12}{level['label_for_charts']:<26}"
                    f"m {level['m_probability']:.6f}  u {level['u_probability']:.7f}"
                )


if __name__ == "__main__":
    main()
