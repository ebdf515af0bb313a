"""Life expectancy at birth from lives actually lived: an abridged period life table by Chiang's method.

The method English public health statistics use (Chiang CL, "The life table and its applications", 1984; ONS, "Life
expectancy templates"): age bands 0, 1 to 4, then five years to 90 and over.
"""

import numpy as np

from commonweal.synthetic.columns import Floats, Ints
from commonweal.synthetic.rates import MORTALITY_AGES

_FRACTION_OF_FIRST_YEAR = 0.1


def life_expectancy(deaths: Ints, years: Floats) -> float:
    """Years of life expected at birth from deaths and person-years in each of the twenty age bands.

    Bands at the top without deaths are joined to the last band that has one, since an open band without deaths has no
    finite expectancy; bands with no person-years are taken to have no deaths. NaN if nobody died.
    """
    if deaths.sum() == 0:
        return float("nan")
    top = int(np.flatnonzero(deaths)[-1])
    deaths = np.append(deaths[:top], deaths[top:].sum())
    years = np.append(years[:top], years[top:].sum())
    widths = np.diff(np.array(MORTALITY_AGES[: top + 1]))
    fraction = np.full(top, 0.5)
    fraction[:1] = _FRACTION_OF_FIRST_YEAR
    alive, lived = 1.0, 0.0
    for i in range(top):
        rate = deaths[i] / years[i] if years[i] > 0 else 0.0
        dying = min(1.0, widths[i] * rate / (1 + widths[i] * (1 - fraction[i]) * rate))
        lived += alive * widths[i] * (1 - dying * (1 - fraction[i]))
        alive *= 1 - dying
    return float(lived + alive * years[-1] / deaths[-1])
