"""What the categories people are counted by are called, each kind in the order it is shown in.

Ethnic categories: NHS Data Dictionary, ETHNIC CATEGORY CODE 2001
(https://www.datadictionary.nhs.uk/attributes/ethnic_category_code_2001.html).
"""

CATEGORIES: dict[str, dict[str, str]] = {
    "deprivation_quintile": {
        "1": "1, most deprived fifth",
        "2": "2",
        "3": "3",
        "4": "4",
        "5": "5, least deprived fifth",
        "unknown": "Area not known",
    },
    "sex": {"female": "Female", "male": "Male", "other": "Other", "unknown": "Not known"},
    "ethnicity": {
        "A": "White: British",
        "B": "White: Irish",
        "C": "White: any other background",
        "D": "Mixed: White and Black Caribbean",
        "E": "Mixed: White and Black African",
        "F": "Mixed: White and Asian",
        "G": "Mixed: any other background",
        "H": "Asian: Indian",
        "J": "Asian: Pakistani",
        "K": "Asian: Bangladeshi",
        "L": "Asian: any other background",
        "M": "Black: Caribbean",
        "N": "Black: African",
        "P": "Black: any other background",
        "R": "Chinese",
        "S": "Any other ethnic group",
        "Z": "Not stated",
        "99": "Not known",
        "unknown": "Not recorded",
    },
    "age_band": {"unknown": "Age not known"},
}
