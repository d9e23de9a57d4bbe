"""Where a benchmark's rows come from, and which fields they have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kompass_api.resources import ApiModel, RuledModel
from kompass_api.rules import KeyedBy, Shape, rule
from kompass_api.sources import Source, names_data

Column = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Shape(
        r"^[A-Za-z_][A-Za-z0-9_]*$",
        "a column's name has letters, digits and '_' and does not begin with a digit",
    ),
]
"""A field of a row; `{column}` in a prompt stands for its value."""

SubjectName = Annotated[
    str,
    Field(min_length=1, max_length=96),
    Shape(
        r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        "a subject's name has letters, digits, '_', '.' and '-' and begins with a letter or digit",
    ),
]

SplitName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Shape(r"^[A-Za-z0-9_-]+$", "a split's name has letters, digits, '_' and '-', such as val"),
]


class DataFormat(StrEnum):
    """Shape of a data file."""

    CSV = "CSV"
    TSV = "TSV"
    JSONL = "JSONL"
    JSON = "JSON"
    PARQUET = "Parquet"


class DerivedColumn(ApiModel):
    """A field that is worked out of the row's others."""

    name: Annotated[Column, Field(description="Name of the field; may replace one of the file.")]
    expression: Annotated[
        str,
        Field(
            description="JMESPath over the row as it stands in the file, with the worker's "
            "functions replace(text, old, new), split(text, by), strip(text), regex(text, "
            "pattern), boxed(text) and letter(index). Derived fields before it are seen. Null is "
            "refused: write `|| ''` where a field may be absent.",
            min_length=1,
            max_length=1024,
        ),
    ]


class DataText(ApiModel):
    """A text that lies beside the rows and is too long, or not ours, to stand in the prompt."""

    name: Annotated[Column, Field(description="{name} in a prompt stands for the text.")]
    path: Annotated[
        str,
        Field(
            description="Its file below the source; {subject} is filled in.",
            min_length=1,
            max_length=256,
        ),
        Shape(
            r"^([A-Za-z0-9_-]|\{subject\})([A-Za-z0-9_.-]|\{subject\})*"
            r"(/([A-Za-z0-9_-]|\{subject\})([A-Za-z0-9_.-]|\{subject\})*)*$",
            "path must be a file below the source, such as prompts/{subject}.txt; no part begins "
            "with '.', only {subject} is filled in",
        ),
    ]
    after: Annotated[
        str,
        Field(
            description="Only what follows the first line that reads so is used, such as -----. "
            "Empty: from the beginning.",
            max_length=64,
        ),
    ] = ""
    until: Annotated[
        str,
        Field(
            description="Only what stands before the next line that reads so is used. Empty: to "
            "the end.",
            max_length=64,
        ),
    ] = ""


class Data(RuledModel):
    """The rows of a benchmark."""

    source: Annotated[
        Source | None,
        Field(description="Folder of the files. An EvalRun may name another one."),
    ] = None
    format: Annotated[DataFormat, Field(description="Shape of the files.")] = DataFormat.CSV
    path: Annotated[
        str,
        Field(
            description="File of a subject and split below the source; {split}, {subject} and "
            "{title} are filled in.",
            min_length=1,
            max_length=256,
        ),
        Shape(
            r"^([A-Za-z0-9_.-]|\{split\}|\{subject\}|\{title\})+"
            r"(/([A-Za-z0-9_.-]|\{split\}|\{subject\}|\{title\})+)*$",
            "path must be a file below the source, such as {split}/{subject}.jsonl; only {split}, "
            "{subject} and {title} are filled in",
        ),
    ] = "{split}/{subject}_{split}.csv"
    test_split: Annotated[SplitName, Field(description="Split that is asked.")] = "val"
    example_split: Annotated[SplitName, Field(description="Split the examples come from.")] = "dev"
    header: Annotated[
        list[Column],
        Field(description="CSV and TSV: the columns of files without a header.", max_length=64),
    ] = []
    records: Annotated[
        str,
        Field(
            description="JSON: JMESPath to the list of rows, such as examples. Empty: the file "
            "is the list.",
            max_length=256,
        ),
    ] = ""
    where: Annotated[
        str,
        Field(
            description="JMESPath over a row as it stands in the file; rows for which it is "
            "false, empty or null are left out, and counted in the log and the plan.",
            max_length=1024,
        ),
    ] = ""
    columns: Annotated[
        list[DerivedColumn],
        Field(description="Fields worked out of those of the file.", max_length=64),
        KeyedBy("name"),
    ] = []
    keep: Annotated[
        list[Column],
        Field(
            description="Fields a row keeps, in the order in which a prompt is filled with them. "
            "Empty: all of the file in its order, then those of columns that are new.",
            max_length=64,
        ),
    ] = []
    circular: Annotated[
        list[Column],
        Field(
            description="Options that change places: a row of the test split is asked once for "
            "each rotation of them, its answer (the name of one of them) moves along, and the "
            "fields qid and circular_pattern say which it is.",
            max_length=26,
        ),
    ] = []
    test_range: Annotated[
        str,
        Field(
            description="Rows of the test split that are asked, such as 0:100 or -50:, after "
            "where and circular. Empty: all.",
            max_length=24,
        ),
        Shape(
            r"^((-?[0-9]{1,9})?:(-?[0-9]{1,9})?)?$",
            "testRange is a first row, ':' and the row it ends before, from 0, such as 0:100",
        ),
    ] = ""
    texts: Annotated[
        list[DataText],
        Field(
            description="Texts beside the rows, the same for all rows of a subject.", max_length=16
        ),
        KeyedBy("name"),
    ] = []
    input_columns: Annotated[
        list[Column], Field(description="Fields a prompt may use.", min_length=1, max_length=64)
    ]
    output_column: Annotated[Column, Field(description="Field with the reference answer.")]

    @rule(
        "!self.path.split('/').exists(part, part == '..')",
        "path must not contain '..': write it below data.source",
        field=".path",
    )
    def _path_stays_below_the_source(self) -> bool:
        return ".." not in self.path.split("/")

    @rule(
        "!has(self.source) || !self.source.uri.startsWith('hf://') || "
        "self.source.uri.startsWith('hf://datasets/')",
        "source.uri names a model: a data set on the hub is hf://datasets/owner/name",
        field=".source.uri",
    )
    def _source_is_data(self) -> bool:
        return self.source is None or names_data(self.source)

    @rule(
        "size(self.header) == 0 || self.format in ['CSV', 'TSV']",
        "header belongs to CSV and TSV files: rows of JSON name their fields, so remove it",
        field=".header",
    )
    def _header_belongs_to_tables(self) -> bool:
        return not self.header or self.format in {DataFormat.CSV, DataFormat.TSV}

    @rule(
        "size(self.records) == 0 || self.format == 'JSON'",
        "records belongs to format JSON: a CSV or JSONL file is its list of rows, so remove it",
        field=".records",
    )
    def _records_belong_to_json(self) -> bool:
        return not self.records or self.format is DataFormat.JSON
