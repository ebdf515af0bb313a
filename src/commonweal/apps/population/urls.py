"""Addresses of the register pages, of analysis projects, and of lists that care providers work with."""

from django.urls import path

from commonweal.apps.population import views
from commonweal.apps.population.projects import care_views
from commonweal.apps.population.projects import views as project_views

urlpatterns = [
    path("registers", views.registers, name="registers"),
    path("registers/<str:name>", views.register, name="register"),
    path("projects", project_views.projects, name="projects"),
    path("projects/new", project_views.propose, name="project_new"),
    path("projects/<slug:code>", project_views.project, name="project"),
    path("projects/<slug:code>/extracts", project_views.ask, name="project_ask"),
    path("projects/<slug:code>/extracts/<int:number>/files/<str:name>", project_views.file, name="project_file"),
    path("projects/<slug:code>/extracts/<int:number>/mark", project_views.mark, name="project_mark"),
    path("information-governance/lists/<int:list_id>", project_views.decide, name="project_list"),
    path("lists", care_views.lists, name="care_lists"),
    path("lists/<int:list_id>", care_views.care_list, name="care_list"),
]
