"""Addresses of definitions, import, outcomes and oversight."""

from django.urls import URLPattern, path

from commonweal.apps.performance import import_views, outcomes_views, oversight_views, table_views
from commonweal.apps.performance import registry_views as definitions

urlpatterns: list[URLPattern] = [
    path("performance/oversight", oversight_views.dashboard, name="oversight"),
    path("performance/segments", oversight_views.segments, name="segments"),
    path("performance/segments/kept", oversight_views.segments_kept, name="segments_kept"),
    path("performance/contracts", oversight_views.contracts, name="contracts"),
    path("performance/outcomes", outcomes_views.tree, name="outcomes"),
    path("performance/outcomes/<str:code>", outcomes_views.trace, name="outcome_trace"),
    path("measurement/tables", table_views.tables, name="printed_tables"),
    path("measurement/tables/<str:file>/file", table_views.download, name="printed_table_file"),
    path("measurement/tables/<str:file>", table_views.table, name="printed_table"),
    path("measurement/import", import_views.start, name="import_start"),
    path("measurement/import/<int:number>", import_views.one, name="import"),
    path("measurement/definitions", definitions.definitions, name="definitions"),
    path("measurement/definitions.yaml", definitions.download, {"form": "yaml"}, name="definitions_yaml"),
    path("measurement/definitions.csv", definitions.download, {"form": "csv"}, name="definitions_csv"),
    path("measurement/changes/<int:number>", definitions.change, name="definition_change"),
    path("measurement/definitions/<str:code>", definitions.definition, name="definition"),
    path("measurement/definitions/<str:code>/edit", definitions.edit, name="definition_edit"),
]
