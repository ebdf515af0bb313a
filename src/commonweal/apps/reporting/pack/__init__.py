"""The pack: one model of a report, put together from figures and rendered as HTML, PDF and a workbook."""
