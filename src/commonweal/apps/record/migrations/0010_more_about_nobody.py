"""The types that may be about nobody, as the standard's Patient compartment leaves them: more than 0004 let in.

Definitions and catalogues name no person. The list is what ``fhir.compartment`` said when this was written; a test
holds the two together.
"""

from django.db import migrations

TYPES = (
    "ActivityDefinition", "CapabilityStatement", "CatalogEntry", "ChargeItemDefinition", "CodeSystem",
    "CompartmentDefinition", "ConceptMap", "DeviceDefinition", "EffectEvidenceSynthesis", "Endpoint",
    "EventDefinition", "Evidence", "EvidenceVariable", "ExampleScenario", "GraphDefinition",
    "HealthcareService", "ImplementationGuide", "InsurancePlan", "Library", "Location", "Measure", "Medication",
    "MedicationKnowledge", "MedicinalProduct", "MedicinalProductAuthorization",
    "MedicinalProductContraindication", "MedicinalProductIndication", "MedicinalProductIngredient",
    "MedicinalProductInteraction", "MedicinalProductManufactured", "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect", "MessageDefinition", "NamingSystem",
    "ObservationDefinition", "OperationDefinition", "Organization", "OrganizationAffiliation", "PlanDefinition",
    "Practitioner", "PractitionerRole", "Questionnaire", "ResearchDefinition", "ResearchElementDefinition",
    "ResearchStudy", "RiskEvidenceSynthesis", "Schedule", "SearchParameter", "Slot", "SpecimenDefinition",
    "StructureDefinition", "StructureMap", "Substance", "SubstanceSpecification", "TerminologyCapabilities",
    "TestScript", "ValueSet",
)  # fmt: skip
LIST = ", ".join("'" + kind + "'" for kind in TYPES)


class Migration(migrations.Migration):
    dependencies = [("record", "0009_removed")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE record_resource DROP CONSTRAINT about_nobody, "
            "ADD CONSTRAINT about_nobody CHECK (compartment_id IS NOT NULL OR type IN (" + LIST + "))",
            migrations.RunSQL.noop,
        )
    ]
