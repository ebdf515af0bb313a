"""What the registers and measures mean, as tables: rows in, counts out, as at 31 October 2020.

Each test holds for the plain-Python reference and for DuckDB; ``docs/reference/registers.md`` points here.
"""

from tests.spec.register_tables import lake


def test_registered_population_is_alive_and_registered() -> None:
    found = lake("""
        person | source | active | died
        1      | P1     | yes    |
        2      | P1     | no     |
        3      | P1     | yes    | 2020-10-31
        4      | P1     | yes    | 2020-11-01
        5      | RX1    | yes    |
    """)
    assert found.count("registered_population") == {"System": 2}  # 1 and 4; a hospital's record registers nobody


def test_a_diabetes_code_puts_a_person_on_the_register_from_its_day() -> None:
    found = lake(
        """
        person
        1
        2
        3
        4
        """,
        condition="""
        record | code | date
        1      | dm   | 2020-10-31
        2      | dm   | 2020-11-01
        3      | hyp  | 2019-01-01
        4      | dm   |
        """,
    )
    assert found.count("diabetes") == {"System": 1}  # 2 comes later, 3 has another code, 4 has no day


def test_a_later_diabetes_code_outweighs_resolved_and_an_end_on_the_same_day_wins() -> None:
    found = lake(
        """
        person
        1
        2
        3
        """,
        condition="""
        record | code  | date
        1      | dm    | 2010-01-01
        1      | dmres | 2015-01-01
        2      | dm    | 2010-01-01
        2      | dmres | 2015-01-01
        2      | dm2   | 2016-01-01
        3      | dm    | 2015-01-01
        3      | dmres | 2015-01-01
        """,
    )
    assert found.count("diabetes") == {"System": 1}  # person 2


def test_a_problem_that_is_over_no_longer_counts() -> None:
    found = lake(
        """
        person
        1
        2
        3
        """,
        condition="""
        record | code | date       | ended
        1      | hyp  | 2010-01-01 | 2020-10-31
        2      | hyp  | 2010-01-01 | 2020-11-01
        3      | hyp  | 2010-01-01 | 2015-01-01
        3      | hyp  | 2018-01-01 |
        """,
    )
    assert found.count("hypertension") == {"System": 2}  # 2 is over tomorrow, 3 began again


def test_carers_come_from_observations_and_a_not_carer_code_ends_it() -> None:
    found = lake(
        """
        person
        1
        2
        """,
        observation="""
        record | code     | date
        1      | carer    | 2019-01-01
        2      | carer    | 2019-01-01
        2      | notcarer | 2020-01-01
        """,
    )
    assert found.count("carers") == {"System": 1}


def test_a_person_counts_once_whatever_the_number_of_records_and_codes() -> None:
    found = lake(
        """
        person | record | source
        1      | 1      | P1
        1      | 2      | RX1
        1      | 3      | 990
        """,
        condition="""
        record | code | date
        1      | dm   | 2015-01-01
        1      | dm2  | 2016-01-01
        2      | dm   | 2017-01-01
        """,
    )
    assert found.count("diabetes") == {"System": 1}


def test_of_two_practice_records_the_active_one_speaks_then_the_newest() -> None:
    found = lake("""
        person | record | source | active
        1      | 1      | P1     | yes
        1      | 2      | P2     | no
        2      | 3      | P1     | yes
        2      | 4      | P2     | yes
    """)
    assert found.count("registered_population", kind="network") == {"Network 1": 1, "Network 2": 1}


def test_people_of_a_merged_practice_count_for_its_successors_network() -> None:
    found = lake("""
        person | source
        1      | OLD
        2      | P2
    """)
    assert found.count("registered_population", kind="network") == {"Network 2": 2}


def test_age_is_counted_by_month_of_birth() -> None:
    found = lake("""
        person | born
        1      | 2002-11-01
        2      | 2002-10-01
        3      | 1980-11-01
        4      | 1980-10-01
        5      | 1935-10-01
        6      |
        7      | 2020-11-01
    """)
    assert found.count("registered_population", "age_band") == {
        "0-17": 1,
        "18-39": 2,
        "40-64": 1,
        "85+": 1,
        "unknown": 2,
    }


def test_each_lens_has_a_category_for_what_is_not_known() -> None:
    found = lake("""
        person | sex  | ethnicity | area
        1      | male | H         | poor
        2      |      |           | nowhere
        3      | male | 99        |
    """)
    assert found.count("registered_population", "sex") == {"male": 2, "unknown": 1}
    assert found.count("registered_population", "ethnicity") == {"H": 1, "99": 2}
    assert found.count("registered_population", "deprivation_quintile") == {"1": 1, "unknown": 2}


def test_emergency_admissions_are_visits_of_twelve_months_by_how_they_began() -> None:
    found = lake(
        """
        person | record | source
        1      | 1      | P1
        1      | 2      | RX1
        """,
        admission="""
        record | method | start
        2      | 21     | 2019-10-31
        2      | 21     | 2019-11-01
        2      | 28     | 2020-10-31
        2      | 28     | 2020-10-31
        2      | 11     | 2020-05-01
        2      |        | 2020-05-01
        2      | 21     | 2020-11-01
        """,
    )
    assert found.count("emergency_admissions") == {"System": 3}


def test_a_visit_takes_its_particulars_from_general_practice_where_the_person_is_linked() -> None:
    found = lake(
        """
        person | record | source | practice | sex    | died
        1      | 1      | P1     | P1       | female | 2020-06-01
        1      | 2      | RX1    | P2       | male   |
        2      | 3      | RX1    | P2       | male   |
        3      | 4      | RX1    | FAR      | male   |
        """,
        admission="""
        record | method | start
        2      | 21     | 2020-05-01
        3      | 21     | 2020-05-01
        4      | 21     | 2020-05-01
        """,
    )
    # Person 1 has died since, but was admitted; person 3 is registered outside the system.
    assert found.count("emergency_admissions", "sex") == {"female": 1, "male": 1}
    assert found.count("emergency_admissions", kind="network") == {"Network 1": 1, "Network 2": 1}
