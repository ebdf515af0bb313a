"""Every rule by name: what it holds a table to, how grave a breach is, and what a person should check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """``sentence`` says what should hold; ``evidence`` when it is applied; ``check`` what a person does then."""

    name: str
    group: str
    sentence: str
    evidence: str
    severity: str
    check: str


_BY_ROUNDING = "note within rounding, warning beyond it, error where the figures are exact counts or pounds and pence"
_ALL = (
    Rule(
        "total-is-sum-of-parts",
        "Totals",
        "A total is the sum of its parts.",
        "A row or column labelled total, sub-total or grand total. All, overall, persons, year and YTD count as totals "
        "only where most of their figures fit.",
        _BY_ROUNDING,
        "Add up the parts again; look for a part left out, counted twice or changed after the total was made.",
    ),
    Rule(
        "total-has-a-missing-part",
        "Totals",
        "A total is not given while one of its parts is to be confirmed or hidden.",
        "A total whose parts include TBC, n/a or a suppressed figure.",
        "note",
        "Say whether the total includes the missing part, and from where.",
    ),
    Rule(
        "part-is-not-more-than-whole",
        "Totals",
        "A part is not more than its whole.",
        "A row labelled of which, or including, under the row it is part of.",
        "error",
        "See which of the two was changed, and whether the part belongs to this whole.",
    ),
    Rule(
        "average-of-its-parts",
        "Averages",
        "An average, median, lowest or highest is that of the figures above or beside it.",
        "A row or column labelled with exactly that word; an average weighted by another column is accepted.",
        _BY_ROUNDING,
        "See over which rows the average was taken and whether it should be weighted.",
    ),
    Rule(
        "variance-is-actual-less-plan",
        "Variance and change",
        "A variance or change is the difference of its two figures.",
        "A column labelled variance, difference, change, over/(under) and the like, beside a plan and an actual, or "
        "beside any two columns whose difference it is on most rows.",
        _BY_ROUNDING,
        "Compute the variance again from the printed figures; see which of the three was changed last.",
    ),
    Rule(
        "variance-has-the-wrong-sign",
        "Variance and change",
        "A variance has the sign its table uses.",
        "A variance that is right but for its sign, where the other rows agree on the sign.",
        "error",
        "See whether plus means above plan in this table.",
    ),
    Rule(
        "variance-percent-is-variance-over-plan",
        "Variance and change",
        "A percentage variance, change or growth is the difference over the first figure.",
        "A column labelled so, beside two columns, or one below another for growth on the row before.",
        _BY_ROUNDING,
        "Compute it again, and see whether it was made from unrounded figures or another base.",
    ),
    Rule(
        "percentage-is-part-over-whole",
        "Percentages",
        "A percentage or rate is its numerator over its denominator.",
        "A column labelled %, rate, share, achieved and the like where two columns give it on most rows, or that are "
        "labelled numerator and denominator, n and N, plan and actual.",
        "warning; note where rounding or cutting off explains it",
        "Divide again, and see which count was changed after the percentage was made.",
    ),
    Rule(
        "percentage-can-come-from-its-count",
        "Percentages",
        "A percentage of a small count is one that some whole number of it gives.",
        "A percentage beside the count it is of, without the numerator.",
        "error",
        "Ask for the numerator: no whole number gives this percentage.",
    ),
    Rule(
        "percentage-is-possible",
        "Percentages",
        "A share of a whole is not more than all of it, nor less than none.",
        "A column of percentages labelled uptake, compliance, coverage, within, of patients and the like.",
        "error",
        "See which count was taken for the whole, and where the decimal point stands.",
    ),
    Rule(
        "shares-add-up-to-all",
        "Percentages",
        "Shares of one whole add up to 100%.",
        "A column or row of percentages with a total that says 100%, or that are each part over the total.",
        "warning; note within rounding",
        "See which share was changed, or is missing.",
    ),
    Rule(
        "cell-agrees-with-itself",
        "Percentages",
        "A cell that prints a count, its base and a percentage agrees with itself.",
        "A cell such as 45/60 (75%) or 45 of 60 (75%).",
        "warning; note within rounding",
        "Divide again.",
    ),
    Rule(
        "cumulative-is-running-total",
        "Totals",
        "A cumulative figure is the one before it and this row's.",
        "A column labelled cumulative or running total, beside the column it adds up.",
        _BY_ROUNDING,
        "Add up again from the first row.",
    ),
    Rule(
        "balance-carries-forward",
        "Totals",
        "A closing balance is the opening one with what came in and less what went out; the next row opens with it.",
        "Columns labelled opening and closing, brought and carried forward, start of and end of.",
        _BY_ROUNDING,
        "Follow the balance from the first row, and see where it was last right.",
    ),
    Rule(
        "average-is-quotient",
        "Averages",
        "A figure per something is one column over another.",
        "A column labelled average, per, cost per or price that another two give on most rows.",
        _BY_ROUNDING,
        "Divide again.",
    ),
    Rule(
        "product-is-product",
        "Averages",
        "A cost is its quantity times its price.",
        "A column labelled cost, amount, value, score or total that two others give by multiplication on most rows.",
        _BY_ROUNDING,
        "Multiply again.",
    ),
    Rule(
        "rank-follows-figures",
        "Ranks",
        "A rank is the place its figure takes among the others.",
        "A column labelled rank and a column of figures whose order it follows on most rows.",
        "error",
        "Sort the table again; see whether the figure was updated after it was ranked.",
    ),
    Rule(
        "rank-is-possible",
        "Ranks",
        "A rank is not beyond the number ranked.",
        "A cell such as 94/149, or a rank column with more than there are rows.",
        "error",
        "See how many were ranked.",
    ),
    Rule(
        "date-exists",
        "Dates",
        "A date is one of the calendar, and on the weekday printed with it.",
        "A cell written as a date.",
        "error",
        "Ask for the right day.",
    ),
    Rule(
        "start-is-not-after-end",
        "Dates",
        "What starts does not start after it ends, nor is a deadline before what it is for.",
        "Two columns labelled start and end, from and to, opened and closed, raised and due, received and completed.",
        "error",
        "See which of the two dates is wrong.",
    ),
    Rule(
        "duration-fits-dates",
        "Dates",
        "A term in months fits its start and end.",
        "A column of months, weeks or days beside a start and an end.",
        "warning",
        "See which of the three is wrong.",
    ),
    Rule(
        "period-missing-or-twice",
        "Dates",
        "Periods follow one another without a gap or a repeat.",
        "Months, quarters or years in a row or column that otherwise run on.",
        "warning",
        "Say that the period was not reported, or correct its label.",
    ),
    Rule(
        "done-before-the-paper",
        "Dates",
        "What a paper tells as done was done before its meeting, and its figures are as at a day before.",
        "A date in a title or note beside meeting, board, committee or as at; columns labelled completed, closed, "
        "raised, received and the like, of which most dates are before it.",
        "error",
        "See whether the date was planned rather than done, or belongs to the next paper.",
    ),
    Rule(
        "id-is-unique",
        "Identifiers",
        "An identifier stands for one thing.",
        "A column labelled id, ref, number or code that is otherwise unique.",
        "error",
        "See whether a row was copied or an identifier mistyped.",
    ),
    Rule(
        "sequence-has-no-gap",
        "Identifiers",
        "Numbers of a sequence follow one another.",
        "A column of identifiers ending in numbers most of which are consecutive.",
        "warning",
        "See whether a row is missing or the number was never given.",
    ),
    Rule(
        "unit-is-not-mistaken",
        "Units and signs",
        "Figures of a column are in the unit of the column.",
        "A figure about a thousand or a million times what its plan, its earlier value, its total or the rest of its "
        "column leads one to expect.",
        "error",
        "See whether pounds, thousands or millions were meant.",
    ),
    Rule(
        "count-is-not-negative",
        "Units and signs",
        "A count is not negative.",
        "A column of counts (label: number, count, beds, staff, people) otherwise without a minus.",
        "error",
        "See whether it is a change rather than a count.",
    ),
    Rule(
        "print-agrees-with-value",
        "Same fact",
        "A figure as read agrees with its printed cell.",
        "A column named printed beside one of the same name, or of the name value.",
        "error",
        "Read the printed cell again.",
    ),
    Rule(
        "same-fact-same-figure",
        "Same fact",
        "A fact told twice has one figure.",
        "The same row, column, period and unit in two tables of the run, aliases of organisations resolved, where the "
        "two tables otherwise agree or the label is long enough to name one thing.",
        "warning; note within rounding",
        "See which is current, and whether both have the same as-at date.",
    ),
    Rule(
        "text-agrees-with-table",
        "Same fact",
        "A figure in a sentence is the one its table prints, and the one the same sentence has elsewhere.",
        "A sentence that holds every word of the row, the column and the period of one cell (of the title too, where "
        "the column is only a month or actual), organisations by any of their names; estimates, changes and earlier "
        "values are left alone.",
        "warning",
        "See which of text and table was written last.",
    ),
    Rule(
        "declared-relation-holds",
        "Declared",
        "What a file declares of its figures holds.",
        "A relation in the YAML file beside a table.",
        _BY_ROUNDING,
        "Compare the places the relation names.",
    ),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}
