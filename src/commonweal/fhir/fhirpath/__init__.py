"""The part of FHIRPath that SQL on FHIR v2 needs: syntax tree, parser and plain-Python evaluation.

https://hl7.org/fhirpath/N1/ and the minimum set of
https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html#supported-fhirpath-subset

Exceptions:
    FhirPathError
        SyntaxFault      the text is not FHIRPath, or uses what this subset leaves out
        EvaluationFault  the expression is sound but this resource breaks one of its rules
"""

from commonweal.fhir.fhirpath.errors import EvaluationFault, FhirPathError, SyntaxFault
from commonweal.fhir.fhirpath.evaluate import evaluate, truth
from commonweal.fhir.fhirpath.parse import parse

__all__ = ["EvaluationFault", "FhirPathError", "SyntaxFault", "evaluate", "parse", "truth"]
