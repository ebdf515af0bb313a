"""The FHIR R4 API, one small module an interaction. https://hl7.org/fhir/R4/http.html

Each request is one access session: who asks, for what purpose, of whom; decided, fenced and audited before a
byte of a person's data is read. A refusal looks like absence to everybody but care staff.
"""
