"""SQL on FHIR v2 ViewDefinitions: reading and checking one, and the plain-Python reference of running it.

https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html
The DuckDB compiler is ``commonweal.lake.views``.
"""

from commonweal.fhir.views.definition import Column, Select, View, ViewFault, read_view
from commonweal.fhir.views.reference import rows

__all__ = ["Column", "Select", "View", "ViewFault", "read_view", "rows"]
