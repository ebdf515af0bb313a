"""Who is who: the rules for deciding that two records are about one person.

``nhs_number`` and ``birth_date`` say which values may be trusted, ``names`` when two names may be one
person's, ``verified`` which records direct care may show together, ``clusters`` how links become people
and keep their identifiers, ``probable`` what a statistical link must not do. Everything here is pure.
"""
